"""Predictions: each refers to the version that was in charge when it was made.

Belongs here: that comparison. Does not belong here: the intervals in charge (``decisions``).
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from rul_platform.operation.audit.problems import Problem
from rul_platform.storage.deployments import Deployment
from rul_platform.storage.home import Home
from rul_platform.storage.predictions import Answered

PART = "predictions"
LEEWAY = timedelta(minutes=1)
"""An answer that was being computed while another version took over still is the former one's."""

SHOWN = 20
"""So many are named one by one: a table that was rewritten would fill pages."""


def answers(home: Home, counted: dict[str, int]) -> Iterator[Problem]:
    """Answers of a version that was not in charge at that moment.

    Args:
        home: Where everything is.
        counted: Gets how many answers were looked at, as ``predictions``.
    """
    wrong, plant, served = 0, "", tuple[Deployment, ...]()
    for each in home.predictions.of_champions():
        counted["predictions"] = counted.get("predictions", 0) + 1
        if each.plant != plant:
            plant, served = each.plant, home.registry.deployments(each.plant)
        if _was_in_charge(each, served):
            continue
        wrong += 1
        if wrong <= SHOWN:
            what = (
                f"it names version {each.number} ({each.sha256[:12]}), which was not in charge of "
                f"{plant} at {each.created_at:%F %T}"
            )
            yield Problem("broken", PART, f"prediction {each.id}", what)
    if wrong > SHOWN:
        yield Problem("broken", PART, "predictions", f"{wrong - SHOWN} more are like these")


def _was_in_charge(each: Answered, served: Sequence[Deployment]) -> bool:
    return any(
        one.number == each.number
        and one.sha256 == each.sha256
        and one.decided_at <= each.created_at + LEEWAY  # by the clock that the answer was given by
        and (one.until is None or each.created_at - LEEWAY < one.until)
        for one in served
    )
