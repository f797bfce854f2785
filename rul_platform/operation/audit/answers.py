"""Predictions: each refers to the version that was in charge when it was made.

Belongs here: that comparison. Does not belong here: the intervals in charge (``decisions``).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rul_platform.operation.audit.problems import Problem
from rul_platform.storage.deployments import Deployment
from rul_platform.storage.home import Home
from rul_platform.storage.predictions import Answered

PART = "predictions"
LEEWAY = timedelta(minutes=1)
"""An answer that was being computed while another version took over still is the former one's."""

_BEGINNING = datetime.fromtimestamp(0, UTC)

SHOWN = 20
"""So many are named one by one: a table that was rewritten would fill pages."""


def answers(home: Home, counted: dict[str, int]) -> Iterator[Problem]:
    """Answers of a version that was not in charge at that moment.

    Args:
        home: Where everything is.
        counted: Gets how many answers were looked at, as ``predictions``.
    """
    wrong, plant, served = 0, "", tuple[_Served, ...]()
    for each in home.predictions.of_champions():
        counted["predictions"] = counted.get("predictions", 0) + 1
        if each.plant != plant:
            plant = each.plant
            served = _times_in_charge(home.registry.deployments(plant), home.now())
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


@dataclass(frozen=True, slots=True)
class _Served:
    """A time in charge, and when it began by a clock that can have been right."""

    deployed: Deployment
    began_at: datetime


def _times_in_charge(made: Sequence[Deployment], now: datetime) -> tuple[_Served, ...]:
    """Where the clock of who decided had run ahead, it began after the one before: more is not known.

    A clock had run ahead, where a later decision was made at an earlier moment, or where it shows a
    moment that is yet to come.
    """
    earliest, ran_ahead = now, list[bool]()
    for each in reversed(made):
        ran_ahead.append(each.decided_at > earliest)
        earliest = min(earliest, each.decided_at)
    served = list[_Served]()
    for each, is_ahead in zip(made, reversed(ran_ahead), strict=True):
        before = served[-1].began_at if served else _BEGINNING
        served.append(_Served(each, before if is_ahead else each.decided_at))
    return tuple(served)


def _was_in_charge(each: Answered, served: Sequence[_Served]) -> bool:
    return any(
        one.deployed.number == each.number
        and one.deployed.sha256 == each.sha256
        and one.began_at <= each.created_at + LEEWAY  # by the clock that the answer was given by
        and (one.deployed.until is None or each.created_at - LEEWAY < one.deployed.until)
        for one in served
    )
