"""What becomes of a retrain whose run is over, or gone.

Asked by every tick, by the sensor of failed runs and by the command line: any of them may come first,
and the second finds nothing left to do. What counts is the gate's record and our own row of the
retrain; Dagster is asked only whether a run still lives, and why it ended.

Belongs here: going on, or closing. Does not belong here: asking for one (``operation.triggering``).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import dagster as dg

from rul_platform import errors
from rul_platform.operation.alerting import raise_alert
from rul_platform.orchestration.error_words import without_statement
from rul_platform.orchestration.instance import (
    COMMAND_LINE,
    KILLED,
    STARTED_BY,
    is_command_at_work,
)
from rul_platform.orchestration.retrain_runs import run_of
from rul_platform.storage.alerts import NewAlert
from rul_platform.storage.database import writing
from rul_platform.storage.home import Home
from rul_platform.storage.retrains import Retrain

MAX_ATTEMPTS = 3
FIRST_WAIT = timedelta(minutes=5)
"""From the beginning of an attempt that failed to the next one; doubled each time."""
LOST_AFTER = timedelta(hours=12)
"""A run that is not over after so long is dead, whether this instance knows it or another one does: runs
are stopped after as long (``max_runtime_seconds``), if whoever stops them is alive itself."""

ENDS = {"HOLD": "held", "REJECT": "rejected", "IN_CHARGE": "rejected"}
"""The gate's verdicts after which nothing is deployed."""

STALE = ("OrphanedRunError", "RetrainStateError")
"""What a step says whose run was given up before."""
PASSING = (
    "DatabaseUnreachableError",
    "StoreFullError",
    "StoreUnreachableError",
    "ChampionChangedError",
    "FrozenError",
    *STALE,
)
"""Of our own errors, those after which another attempt makes sense; the others would only come back.
A candidate whose plant was frozen at the last moment is held by the next attempt."""
CHECK_FAILED = "DagsterAssetCheckFailedError"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a run failed, as far as Dagster knows.

    Attributes:
        step: The step that failed; empty where the run itself did.
        classes: Names of the error's class and of what caused it, outermost first.
        text: For people.
    """

    step: str
    classes: tuple[str, ...]
    text: str

    @property
    def is_final(self) -> bool:
        """Whether another attempt would be refused in the same way."""
        return any(
            name == CHECK_FAILED or (_is_ours(name) and name not in PASSING)
            for name in self.classes
        )

    @property
    def is_expected(self) -> bool:
        """Whether nothing of ours is broken: a refusal, a run given up before, or MLflow away."""
        return any(name in ("GateRefusedError", "MlflowError", *STALE) for name in self.classes)


def reconcile(home: Home, instance: dg.DagsterInstance, now: datetime) -> tuple[str, ...]:
    """See to every open retrain; one line for each says how it stands."""
    return tuple(
        f"retrain {retrain.id} of {retrain.plant}: {settle(home, instance, retrain.id, now)}"
        for retrain in home.retrains.open_requests()
    )


def settle(home: Home, instance: dg.DagsterInstance, number: int, now: datetime) -> str:
    """Close a retrain whose run ended, or ask for another attempt; leave a live one alone.

    Returns:
        How it stands, in words.
    """
    retrain = home.retrains.get(number)
    if not retrain.is_open:
        return retrain.state
    run = _live_or_ended(home, instance, retrain, now)
    if run is None and retrain.run_id is None:
        return f"attempt {retrain.attempt} waits for its run"
    if run is None and _may_live_elsewhere(home, retrain, now):
        return f"run {retrain.run_id} is not known here"
    if run is not None and not run.is_finished:
        since = _since(instance, retrain, run)
        return f"run {run.run_id} is {run.status.value.lower()} since {since:%Y-%m-%d %H:%M} UTC"
    failure = _gone(retrain) if run is None else failure_of(instance, run.run_id)
    is_cancelled = run is not None and run.status is dg.DagsterRunStatus.CANCELED
    with writing(home.engine):  # no table lock: whoever closes a retrain holds the ledger already
        if home.retrains.get(number) != retrain:  # somebody else has just seen to it
            return home.retrains.get(number).state
        return _end(home, retrain, failure, is_cancelled=is_cancelled, now=now)


def running_since(instance: dg.DagsterInstance, retrain: Retrain) -> datetime | None:
    """Since when a run is at it, or waits for its turn; None where none is."""
    run = run_of(instance, retrain)
    return None if run is None or run.is_finished else _since(instance, retrain, run)


def next_attempt_at(retrain: Retrain) -> datetime:
    """When the next attempt may begin, if this one failed."""
    began = retrain.started_at or retrain.requested_at
    return began + FIRST_WAIT * 2 ** (retrain.attempt - 1)


def failure_of(instance: dg.DagsterInstance, run_id: str) -> Failure:
    """Why a run ended, from its own log."""
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE):
        event = entry.dagster_event
        if event is not None and event.step_failure_data.error is not None:
            chain = _chain(event.step_failure_data.error)
            own = next((e for e in chain if not (e.cls_name or "").startswith("Dagster")), chain[0])
            text = without_statement(own.message.strip().removeprefix(f"{errors.__name__}."))
            return Failure(event.step_key or "", tuple(e.cls_name or "" for e in chain), text)
    ended = instance.all_logs(run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
    text = ended[-1].message if ended else "It ended without having deployed anything."
    return Failure("", (), text)


def _chain(error: Any) -> list[Any]:
    """An error of Dagster's log and what caused it, outermost first."""
    return [error, *(_chain(error.cause) if error.cause else ())]


def _end(
    home: Home, retrain: Retrain, failure: Failure, *, is_cancelled: bool, now: datetime
) -> str:
    verdict = _verdict(home, retrain)
    if verdict in ENDS:
        home.retrains.close(retrain.id, ENDS[verdict], verdict=verdict, now=now)
        return ENDS[verdict]
    if is_cancelled:
        home.retrains.close(retrain.id, "cancelled", error="its run was cancelled", now=now)
        return "cancelled"
    if failure.is_final or retrain.attempt >= MAX_ATTEMPTS:
        home.retrains.close(retrain.id, "failed", verdict=verdict, error=failure.text, now=now)
        raise_alert(home, _alert(retrain, failure), now)
        return "failed"
    at = next_attempt_at(retrain)
    if now < at:
        return f"attempt {retrain.attempt} failed, the next one may begin at {at:%H:%M} UTC"
    asked = home.retrains.ask_again(retrain.id, attempt=retrain.attempt)
    return f"attempt {asked.attempt} is asked for"


def _verdict(home: Home, retrain: Retrain) -> str | None:
    """What the gate said of this retrain's candidate last."""
    gates = [each for each in home.gates.history(retrain.plant) if each.retrain_id == retrain.id]
    return max(gates, key=lambda each: each.id).verdict if gates else None


def _live_or_ended(
    home: Home, instance: dg.DagsterInstance, retrain: Retrain, now: datetime
) -> dg.DagsterRun | None:
    """The run of this attempt, failed first where nobody can be at it any more."""
    run = run_of(instance, retrain)
    if run is None or run.is_finished:
        return run
    is_lost = now - _since(instance, retrain, run) >= LOST_AFTER
    is_killed = run.tags.get(STARTED_BY) == COMMAND_LINE and not is_command_at_work(home)
    run = instance.get_run_by_id(run.run_id)  # a command ends its run before it lets go of its lock
    if run is not None and not run.is_finished and (is_lost or is_killed):
        hours = LOST_AFTER // timedelta(hours=1)
        lost = f"It was not over after {hours} hours, so it was taken for dead."
        instance.report_run_failed(run, KILLED if is_killed else lost)
        run = instance.get_run_by_id(run.run_id)
    return run


def _since(instance: dg.DagsterInstance, retrain: Retrain, run: dg.DagsterRun) -> datetime:
    """When the run claimed the attempt; while it has not, when Dagster took it in."""
    if retrain.run_id is not None and retrain.started_at is not None:
        return retrain.started_at
    record = instance.get_run_record_by_id(run.run_id)
    return record.create_timestamp if record is not None else retrain.requested_at


def _may_live_elsewhere(home: Home, retrain: Retrain, now: datetime) -> bool:
    """Whether a command on this home, which has an instance of its own, may be at it."""
    if retrain.started_at is not None and now - retrain.started_at >= LOST_AFTER:
        return False
    return is_command_at_work(home)


def _gone(retrain: Retrain) -> Failure:
    return Failure(
        "", (), f"Its run {retrain.run_id} is gone: it was deleted, or the instance was."
    )


def _is_ours(name: str) -> bool:
    found = getattr(errors, name, None)
    return isinstance(found, type) and issubclass(found, errors.RulPlatformError)


def _alert(retrain: Retrain, failure: Failure) -> NewAlert:
    return NewAlert(
        key=f"retrain-failed:{retrain.id}",
        plant=retrain.plant,
        kind="retrain_failed",
        severity="critical",
        title=f"{retrain.plant}: retrain {retrain.id} failed in attempt {retrain.attempt}",
        text=f"{failure.text} That was run {retrain.run_id}. The champion stays in charge. "
        f"What the retrain was asked for is used up; "
        f"`rul retrain run {retrain.plant} --force --reason TEXT` asks for another one.",
    )
