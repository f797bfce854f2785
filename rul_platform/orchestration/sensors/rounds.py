"""Looks at every plant, where a broken plant hides no other one, and many plants take several ticks.

A tick has a budget of time, since Dagster ends one that takes a minute and keeps nothing of it. What
the budget leaves out comes first in the next tick: the cursor names the plant looked at last. A round is
over with the last plant by name; so nobody waits for longer than one round.

Belongs here: going round and telling. Does not belong here: what is looked at.
"""

import json
import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from rul_platform.operation.alerting import raise_alert
from rul_platform.orchestration.error_words import said
from rul_platform.storage.alerts import NewAlert
from rul_platform.storage.home import Home

BUDGET_SECONDS = 30.0
"""Half of what Dagster gives a tick: the rest is for the plant that is being looked at when it is used
up, and for what a sensor does besides."""
URGENT_SHARE = 0.5
"""Of what is left of the budget when visits begin, what plants that cannot wait for their turn may take
from those whose turn it is."""
LINES = 200
"""Plants that a tick tells of; the UI keeps the text of every tick."""

Visit = Callable[[str], str]
"""Does something about one plant and says how that went, in one line."""


@dataclass(frozen=True, slots=True)
class Round:
    """What a tick saw.

    Attributes:
        told: One line for each plant that was visited; before them how far the round has come, where
            the tick did not see all plants.
        last: The plant visited last, for the next tick; None where the round is over.
    """

    told: tuple[str, ...]
    last: str | None = None

    @property
    def cursor(self) -> str:
        """What Dagster keeps for :func:`after`: never empty, else it would keep the one before."""
        return json.dumps({"after": self.last})


def after(cursor: str | None) -> str | None:
    """The plant that the tick before visited last; None to begin a round.

    A cursor that says neither, as one of another version of the platform, begins a round too.
    """
    try:
        found = json.loads(cursor or "{}")
    except ValueError:
        return None
    last = found.get("after") if isinstance(found, dict) else None
    return last if isinstance(last, str) else None


def go_round(
    home: Home,
    purpose: str,
    visit: Visit,
    *,
    now: datetime,
    log: logging.Logger,
    after: str | None = None,
    urgent: Collection[str] = (),
    begun: float | None = None,
    budget_seconds: float = BUDGET_SECONDS,
) -> Round:
    """Visit plants that have a champion; a visit that fails is told and raises one alert a day.

    At least one plant whose turn it is is visited, whatever the budget.

    Args:
        home: Whose plants, and whose stopwatch.
        purpose: What the visits are for.
        visit: What to do.
        now: When.
        log: For errors.
        after: The plant visited last by the tick before; None to begin with the first one.
        urgent: Plants that are visited first, in every tick.
        begun: What the home's stopwatch showed when the tick began; now, where nothing came before.
        budget_seconds: How long after that no further visit begins.
    """
    plants = plants_at_work(home)
    turn = [plant for plant in plants if after is None or plant > after] or list(plants)
    start, seen = home.stopwatch(), dict[str, str]()
    left = budget_seconds - (0.0 if begun is None else start - begun)

    def is_left(share: float) -> bool:
        return home.stopwatch() - start < left * share

    def see(plant: str) -> None:
        if plant not in seen:
            seen[plant] = _visited(home, purpose, visit, plant, now, log)

    for plant in takewhile(lambda _: is_left(URGENT_SHARE), sorted({*urgent} & {*plants})):
        see(plant)
    done = 0
    while done < len(turn) and (not done or is_left(1.0)):
        see(turn[done])
        done += 1
    lines = [f"{plant}: {seen[plant]}" for plant in sorted(seen)]
    if done == len(plants):
        return Round(tuple(lines))
    before = len(plants) - len(turn)
    lines.insert(0, f"plants {before + 1:,} to {before + done:,} of {len(plants):,} this round")
    return Round(tuple(lines), turn[done - 1] if done < len(turn) else None)


def _visited(
    home: Home, purpose: str, visit: Visit, plant: str, now: datetime, log: logging.Logger
) -> str:
    try:
        return visit(plant)
    except Exception as error:  # whatever it is, the other plants are looked after
        log.exception("%s of %s failed", purpose, plant)
        raise_alert(home, _alert(purpose, plant, error, now), now)
        return said(error)


def plants_at_work(home: Home) -> tuple[str, ...]:
    """Plants that have a model in charge, in alphabetical order."""
    return tuple(sorted(home.registry.in_service()))


def reason(told: Sequence[str]) -> str:
    """What a tick shows in the UI."""
    more = [f"… and {len(told) - LINES:,} more"] if len(told) > LINES else []
    return "\n".join([*told[:LINES], *more]) or "no plant has a model in charge yet"


def _alert(purpose: str, plant: str, error: Exception, now: datetime) -> NewAlert:
    return NewAlert(
        key=f"{purpose}:{plant}:{now:%Y-%m-%d}",
        plant=plant,
        kind="sensor_failed",
        severity="critical",
        title=f"{plant}: {purpose} failed",
        text=f"{said(error)} The other plants are looked after; this one is not, "
        f"until this is repaired.",
    )
