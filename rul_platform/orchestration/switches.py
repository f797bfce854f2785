"""Sensors and schedules that were switched on or off: by a person's command, or past the ledger.

The ledger says how each was last known to stand: as the code declares it until a row says otherwise.
What stands otherwise in Dagster was switched since, in its pages, which tell nobody by whom.

Belongs here: that comparison, noting it, and a person's switch. Does not belong here: what the switched
ones do (``sensors``, ``schedules``), running Dagster's command (``cli.dagster_program``).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import dagster as dg
from dagster._core.scheduler.instigation import InstigatorStatus  # noqa: TID251  no public name

from rul_platform.errors import SwitchError
from rul_platform.operation.alerting import raise_alert
from rul_platform.operation.audit.problems import Problem
from rul_platform.operation.decisions import given
from rul_platform.storage.alerts import NewAlert
from rul_platform.storage.database import writing
from rul_platform.storage.home import Home

SWITCHED = "sensor"
"""Kind of the ledger's rows about them."""

RUNNING, STOPPED = "running", "stopped"
DECLARED = RUNNING
"""All of ours run until somebody stops them."""

NOBODY_KNOWN = "unknown"
"""Who switched what was switched in Dagster's pages."""

UNDER_WAY = timedelta(minutes=5)
"""A person's switch is in the ledger before Dagster knows of it; so long it is not taken for another."""

Row = Mapping[str, Any]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a sensor or schedule stands.

    Attributes:
        name: Its name.
        kind: ``sensor`` or ``schedule``.
        now: ``running`` or ``stopped``.
        since: When the ledger's last row about it was written, ISO 8601 in UTC; None without one.
        actor: Who switched it then; None without a row.
        reason: Why; None where nobody said so.
    """

    name: str
    kind: str
    now: str
    since: str | None
    actor: str | None
    reason: str | None


def names() -> dict[str, str]:
    """Each of ours, and whether it is a ``sensor`` or a ``schedule``."""
    from rul_platform.orchestration.schedules import SCHEDULES
    from rul_platform.orchestration.sensors import SENSORS

    return {each.name: "sensor" for each in SENSORS} | {each.name: "schedule" for each in SCHEDULES}


def standings(home: Home, instance: dg.DagsterInstance) -> tuple[Standing, ...]:
    """How each of ours stands, and what the ledger says of it, by name."""
    told, stands = _told(home), _stands(instance)
    return tuple(
        Standing(
            name=name,
            kind=kind,
            now=stands.get(name, DECLARED),
            since=told.get(name, {}).get("at"),
            actor=told.get(name, {}).get("actor"),
            reason=told.get(name, {}).get("reason"),
        )
        for name, kind in sorted(names().items())
    )


def switched(home: Home, instance: dg.DagsterInstance, now: datetime) -> tuple[Switch, ...]:
    """All of ours that stand otherwise than the ledger says, but for what a person is just switching."""
    told = _told(home)
    return tuple(
        Switch(name, before, stands)
        for name, stands in sorted(_stands(instance).items())
        if stands != (before := told.get(name, {}).get("now", DECLARED))
        and not _is_under_way(told.get(name), now)
    )


def note(home: Home, instance: dg.DagsterInstance, now: datetime) -> tuple[Switch, ...]:
    """Put each into the ledger and raise an alert; gives what was noted."""
    found = switched(home, instance, now)
    for each in found:
        _note(home, each, now, actor=NOBODY_KNOWN)
    return found


def turn(
    home: Home,
    instance: dg.DagsterInstance,
    name: str,
    *,
    to: str,
    actor: str,
    reason: str,
    now: datetime,
    carry_out: Callable[[str], None],
) -> None:
    """Switch one by a person's word: first into the ledger, then in Dagster.

    What was switched in Dagster's pages before is noted first. Where Dagster does not do it, the ledger
    says in a second row that it stands as before.

    Args:
        home: Where the ledger is.
        instance: Where it is switched.
        name: Of a sensor or schedule.
        to: ``running`` or ``stopped``.
        actor: Pseudonym of the person.
        reason: Why; kept for the audit.
        now: When.
        carry_out: Has Dagster do it; gets ``sensor`` or ``schedule``.

    Raises:
        RecordError: No reason is given.
        SwitchError: There is none of this name, it stands so already, or Dagster did not do it.
    """
    reason, kind = given(reason), names().get(name)
    if kind is None:
        raise SwitchError(name, found="nothing of this name", expected=", ".join(sorted(names())))
    note(home, instance, now)
    before = _stands(instance).get(name, DECLARED)
    if before == to:
        expected = RUNNING if to == STOPPED else STOPPED
        raise SwitchError(name, found=f"a {kind} that is {to}", expected=f"one that is {expected}")
    _note(home, Switch(name, before, to), now, actor=actor, reason=reason)
    try:
        carry_out(kind)
    finally:
        if (stands := _stands(instance).get(name, DECLARED)) != to:
            undone = f"Dagster did not switch it: {reason}"
            _note(home, Switch(name, to, before), home.now(), actor=actor, reason=undone)
    if stands != to:
        raise SwitchError(name, found=f"a {kind} that is {stands} still", expected=to)


def problems(home: Home, instance: dg.DagsterInstance) -> tuple[Problem, ...]:
    """The same for an audit, which notes nothing."""
    return tuple(
        Problem(
            "broken",
            "switches",
            each.name,
            f"it is {each.now}, and the ledger says {each.before}: it was switched outside of it",
        )
        for each in switched(home, instance, home.now())
    )


def _told(home: Home) -> dict[str, Row]:
    """The last row of the ledger about each, and when it was written."""
    rows = home.ledger.of_kind(SWITCHED)
    found = [{**json.loads(row.body), "at": row.created_at} for row in rows]
    return {body["name"]: body for body in found}


def _stands(instance: dg.DagsterInstance) -> dict[str, str]:
    """How each of ours stands that was ever switched; an instance may have others beside."""
    words = {InstigatorStatus.RUNNING: RUNNING, InstigatorStatus.STOPPED: STOPPED}
    ours = names()
    return {
        state.instigator_name: words.get(state.status, DECLARED)
        for state in instance.all_instigator_state()
        if state.instigator_name in ours
    }


def _is_under_way(told: Row | None, now: datetime) -> bool:
    if told is None or told["actor"] == NOBODY_KNOWN:
        return False
    return abs(now - datetime.fromisoformat(told["at"])) < UNDER_WAY


def _note(home: Home, switch: Switch, now: datetime, **by: str) -> None:
    body = {"name": switch.name, "before": switch.before, "now": switch.now, **by}
    with writing(home.engine):
        raise_alert(home, _alert(switch, now), now)
        home.ledger.append(SWITCHED, body=body, now=now)


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
