"""How near a plant is to its next retrain, how far an open one has come, and what became of the rest.

Belongs here: gathering it. Does not belong here: the rules (``core.trigger``, ``core.drift``), asking
for a retrain (``triggering``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from rul_platform.core.drift import DriftVerdict
from rul_platform.core.policy import Policy
from rul_platform.core.trigger import CoolDown, TriggerVerdict, cool_downs
from rul_platform.errors import ConfigError
from rul_platform.operation import drift_watch, triggering
from rul_platform.operation.metrics import history_rows
from rul_platform.operation.views.model import UNREADABLE
from rul_platform.storage.freezes import Freeze
from rul_platform.storage.home import Home
from rul_platform.storage.retrains import Retrain

PHASES: Mapping[str, tuple[str, ...]] = {
    "collect": ("plant_feedback",),
    "prepare": ("plant_readings", "plant_windows"),
    "train": ("finetuned_model",),
    "evaluate": ("evaluation_report",),
    "deploy": ("deployed_model",),
}
"""The phases of a retrain, in order, each with the assets that it makes."""

PhaseState = Literal["done", "under_way", "waiting", "stopped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One of the five phases of a retrain.

    Attributes:
        name: A key of ``PHASES``.
        state: ``stopped`` where the retrain ended before this was done.
        ended_at: When its last asset was made, in UTC; None while it is not done.
        lasted: Time since the phase before; None while it is not done.
    """

    name: str
    state: PhaseState
    ended_at: datetime | None
    lasted: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRetrain:
    """The retrain that is not over."""

    retrain: Retrain
    phases: tuple[Phase, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How near the conditions are, and what stands against a retrain.

    Attributes:
        verdict: The rule about feedback, by both readings, with its numbers.
        policy: The settings that it goes by.
        per_day: Mean number of ratings on a day.
        outcomes: The rule about errors on machines that failed; None where it cannot be asked, as of a
            model whose files are gone.
        cool_downs: Those that are not over.
        freeze: A person's word that nothing changes; None without one.
        has_model: Whether there is a model that could learn again.
    """

    verdict: TriggerVerdict
    policy: Policy
    per_day: float
    outcomes: DriftVerdict | None
    cool_downs: tuple[CoolDown, ...]
    freeze: Freeze | None
    has_model: bool

    @property
    def is_blocked(self) -> bool:
        """Whether nothing is asked for now, whatever people and machines say."""
        return bool(self.verdict.blocks)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainingView:
    """All that is shown of a plant's retrains.

    Attributes:
        plant: Whose.
        progress: None where the settings are wrong.
        problem: What is wrong with them; empty where nothing is.
        now_open: The retrain that is not over, None without one.
        past: Those that are over, newest first, as ``metrics.history_rows`` tells them.
    """

    plant: str
    progress: Progress | None
    problem: str
    now_open: OpenRetrain | None
    past: tuple[dict[str, Any], ...]


def retraining_view(home: Home, plant: str, now: datetime) -> RetrainingView:
    """What there is to show of a plant's retrains; writes nothing.

    Raises:
        DatabaseError: The tables cannot be read.
    """
    current, problem, found = home.retrains.current(plant), "", None
    try:
        found = progress(home, plant, now)
    except ConfigError as error:
        problem = str(error)
    return RetrainingView(
        plant=plant,
        progress=found,
        problem=problem,
        now_open=OpenRetrain(retrain=current, phases=phases(home, current)) if current else None,
        past=tuple(row for row in history_rows(home, plant) if row["finished_at"] is not None),
    )


def progress(home: Home, plant: str, now: datetime) -> Progress:
    """How near the conditions are.

    Raises:
        ConfigError: The retraining settings are wrong.
    """
    check = triggering.check(home, plant, now)
    policy = check.configured.policy
    return Progress(
        verdict=check.verdict,
        policy=policy,
        per_day=check.per_day,
        outcomes=_outcomes(home, plant, policy),
        cool_downs=cool_downs(policy, triggering.circumstances(home, plant, now)),
        freeze=home.freezes.current(plant),
        has_model=home.registry.champion(plant) is not None,
    )


def phases(home: Home, retrain: Retrain) -> tuple[Phase, ...]:
    """How far its latest run has come, by what that has made.

    A phase is under way when those before it are done and the run has begun.
    """
    made = dict[str, datetime]()
    if retrain.run_id is not None:
        for each in home.lineage.made_for(retrain.run_id, retrain.plant):
            made[each.asset] = each.created_at
    found, before, is_next = list[Phase](), retrain.started_at, retrain.run_id is not None
    for name, assets in PHASES.items():
        ended_at = (
            max((made[each] for each in assets), default=None) if _has(made, assets) else None
        )
        state = _state(retrain, is_done=ended_at is not None, is_next=is_next)
        lasted = ended_at - before if ended_at and before else None
        found.append(Phase(name=name, state=state, ended_at=ended_at, lasted=lasted))
        before, is_next = ended_at or before, ended_at is not None
    return tuple(found)


def _has(made: Mapping[str, datetime], assets: tuple[str, ...]) -> bool:
    return all(each in made for each in assets)


def _state(retrain: Retrain, *, is_done: bool, is_next: bool) -> PhaseState:
    if is_done:
        return "done"
    if not retrain.is_open:
        return "stopped"
    return "under_way" if is_next else "waiting"


def _outcomes(home: Home, plant: str, policy: Policy) -> DriftVerdict | None:
    try:
        return drift_watch.of_outcomes(home, plant, policy)
    except UNREADABLE:
        return None
