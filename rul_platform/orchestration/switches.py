"""Sensors and schedules that somebody switched on or off in Dagster's pages, which tell nobody.

The ledger says how each was last known to stand: as the code declares it until a row says otherwise.
What stands otherwise in Dagster was switched since, and nobody knows by whom.

Belongs here: that comparison, and noting it. Does not belong here: what the switched ones do
(``sensors``, ``schedules``).
"""

import json
from dataclasses import dataclass
from datetime import datetime

import dagster as dg
from dagster._core.scheduler.instigation import InstigatorStatus  # noqa: TID251  no public name

from rul_platform.operation.alerting import raise_alert
from rul_platform.operation.audit.problems import Problem
from rul_platform.storage.alerts import NewAlert
from rul_platform.storage.database import writing
from rul_platform.storage.home import Home

SWITCHED = "sensor"
"""Kind of the ledger's rows about them."""

RUNNING, STOPPED = "running", "stopped"
DECLARED = RUNNING
"""All of ours run until somebody stops them."""


@dataclass(frozen=True, slots=True)
class Switch:
    """A sensor or schedule that does not stand as the ledger says.

    Attributes:
        name: Its name.
        before: How the ledger says that it stands.
        now: How it stands.
    """

    name: str
    before: str
    now: str


def switched(home: Home, instance: dg.DagsterInstance) -> tuple[Switch, ...]:
    """All that stand otherwise than the ledger says."""
    told = {
        body["name"]: body["now"]
        for body in (json.loads(row.body) for row in home.ledger.of_kind(SWITCHED))
    }
    words = {InstigatorStatus.RUNNING: RUNNING, InstigatorStatus.STOPPED: STOPPED}
    stands = {
        state.instigator_name: words.get(state.status, DECLARED)
        for state in instance.all_instigator_state()
    }
    return tuple(
        Switch(name, told.get(name, DECLARED), now)
        for name, now in sorted(stands.items())
        if now != told.get(name, DECLARED)
    )


def note(home: Home, instance: dg.DagsterInstance, now: datetime) -> tuple[Switch, ...]:
    """Put each into the ledger and raise an alert; gives what was noted."""
    found = switched(home, instance)
    for each in found:
        with writing(home.engine):
            raise_alert(home, _alert(each, now), now)
            body = {"name": each.name, "before": each.before, "now": each.now, "actor": "unknown"}
            home.ledger.append(SWITCHED, body=body, now=now)
    return found


def problems(home: Home, instance: dg.DagsterInstance) -> tuple[Problem, ...]:
    """The same for an audit, which notes nothing."""
    return tuple(
        Problem(
            "broken",
            "switches",
            each.name,
            f"it is {each.now}, and the ledger says {each.before}: it was switched outside of it",
        )
        for each in switched(home, instance)
    )


def _alert(switch: Switch, now: datetime) -> NewAlert:
    is_off = switch.now == STOPPED
    off = "What it looks after is looked after by nobody until it runs again."
    return NewAlert(
        key=f"switch:{switch.name}:{switch.now}:{now.isoformat()}",
        plant="",
        kind="switch",
        severity="critical" if is_off else "info",
        title=f"{switch.name} was switched {'off' if is_off else 'on'}",
        text=off if is_off else "It runs again.",
    )
