"""Carry out a retrain here and now, or try out what one would come to.

For the command line, a scheduler without Dagster's daemon, and demonstrations. The assets are those of
the job ``retrain_plant``; what becomes of the retrain is decided as everywhere (``reconciling``).
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import dagster as dg

from rul_platform.errors import CheckFailedError, GateRefusedError, RetrainStateError
from rul_platform.operation import triggering
from rul_platform.orchestration import retrain_runs
from rul_platform.orchestration.jobs import RETRAINED
from rul_platform.orchestration.pipeline import Pipeline, Stage
from rul_platform.orchestration.reconciling import settle
from rul_platform.orchestration.sensors.endings import tell
from rul_platform.storage.copies import throwaway_copy
from rul_platform.storage.gates import Gate
from rul_platform.storage.home import Home
from rul_platform.storage.retrains import Retrain

DRY_RUN = "dry run"


def run_retrain(home: Home, instance: dg.DagsterInstance, number: int) -> Retrain:
    """Run an open retrain in this process, and see to what becomes of it, however the run ends.

    A run that a former command left dead is followed by another attempt at once. Where this one is
    interrupted, the retrain stays open.

    Returns:
        The retrain, as it is now: closed, or open where another attempt may still succeed.

    Raises:
        UnknownRetrainError: There is none of this id.
        RetrainStateError: It is over, or a run is at it.
        RulPlatformError: What an asset refused; the retrain is closed, or asked for again.
    """
    retrain = _ready(home, instance, home.retrains.get(number))
    try:
        Pipeline(home, instance).run(_stage(home, retrain, RETRAINED))
    except Exception as error:  # whatever it is, the retrain gets its end; then it is raised again
        _end(home, instance, number)
        is_gates = isinstance(error, CheckFailedError | GateRefusedError)
        if is_gates and home.retrains.get(number).verdict is not None:
            return home.retrains.get(number)
        raise
    _end(home, instance, number)
    return home.retrains.get(number)


def _end(home: Home, instance: dg.DagsterInstance, number: int) -> None:
    """See to what becomes of it, and tell."""
    now = home.now()
    settle(home, instance, number, now)
    tell(home, home.retrains.get(number), now)


def dry_run(home: Home, plant: str, flags: Mapping[str, object]) -> Gate:
    """What the gate would say of a retrain now: everything is made, on a throwaway copy.

    Nothing is deployed, and the home folder stays as it is, byte for byte.

    Args:
        home: Where the plant is; only read.
        plant: Which plant; the conditions of a retrain are not asked for.
        flags: Retraining settings that count more than file and environment. A retrain that is open
            already keeps its own, and is what is tried out.

    Raises:
        RulPlatformError: What an asset refused before the gate could say anything.
    """
    with (
        tempfile.TemporaryDirectory(prefix="rul_dry_run_") as folder,
        throwaway_copy(home, plant, Path(folder)) as copy,
        dg.DagsterInstance.ephemeral() as instance,
    ):
        retrain = _asked_for(copy, plant, flags)
        copy.progress = home.progress
        stage = _stage(copy, retrain, [name for name in RETRAINED if name != "deployed_model"])
        try:
            Pipeline(copy, instance).run(stage)
        except CheckFailedError:
            if _gate(copy, retrain) is None:
                raise
        gate = _gate(copy, retrain)
    if gate is None:
        raise CheckFailedError(stage.title, "The gate was never asked.")
    return gate


def _ready(home: Home, instance: dg.DagsterInstance, retrain: Retrain) -> Retrain:
    """The retrain with an attempt that no run has claimed."""
    run = retrain_runs.run_of(instance, retrain)
    if not retrain.is_open or (run is not None and not run.is_finished):
        found = retrain.state if run is None else f"{retrain.state}, run {run.run_id} is at it"
        raise RetrainStateError(retrain.id, found=found, expected="open, and no run at it")
    if run is None and retrain.run_id is None:
        return retrain
    return home.retrains.ask_again(retrain.id, attempt=retrain.attempt)


def _stage(home: Home, retrain: Retrain, assets: tuple[str, ...] | list[str]) -> Stage:
    config = {
        name: values
        for name, values in retrain_runs.configs(home, retrain).items()
        if name in assets
    }
    return Stage(tuple(assets), retrain.plant, config, retrain_runs.tags(retrain))


def _asked_for(copy: Home, plant: str, flags: Mapping[str, object]) -> Retrain:
    """A retrain in the copy: the one that is open already, for a new run, or a new one."""
    current = copy.retrains.current(plant)
    if current is not None:
        return copy.retrains.ask_again(current.id, attempt=current.attempt)
    return triggering.force(
        copy, plant, actor=DRY_RUN, reason="what would come of it?", flags=flags, now=copy.now()
    )


def _gate(copy: Home, retrain: Retrain) -> Gate | None:
    found = [gate for gate in copy.gates.history(retrain.plant) if gate.retrain_id == retrain.id]
    return max(found, key=lambda gate: gate.id) if found else None
