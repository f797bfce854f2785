"""The runs that carry out a retrain: how they are asked for, configured and found again.

Belongs here: tags, run keys, run configuration. Does not belong here: what becomes of a retrain when
its run ends (``reconciling``).
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from rul_platform.orchestration.assets.plant_windows import PlantWindowsConfig
from rul_platform.orchestration.finetuning_config import FinetunedModelConfig
from rul_platform.orchestration.jobs import RETRAIN_JOB
from rul_platform.orchestration.step import ATTEMPT_TAG, RETRAIN_TAG
from rul_platform.storage.deployments import RECALIBRATION
from rul_platform.storage.home import Home
from rul_platform.storage.lineage import Materialization
from rul_platform.storage.retrains import Retrain

TRIGGER_TAG, SNAPSHOT_TAG = "rul/trigger", "rul/snapshot"
NO_RETRY = {"dagster/max_retries": "0"}
"""Dagster must not repeat such a run: another attempt is asked for here, under a number of its own."""


def request(home: Home, retrain: Retrain) -> dg.RunRequest:
    """Ask for the run of this attempt; however often it is asked for, Dagster starts it once."""
    config = {asset: {"config": dict(values)} for asset, values in configs(home, retrain).items()}
    return dg.RunRequest(
        run_key=f"retrain-{retrain.id}-{retrain.attempt}",
        job_name=RETRAIN_JOB,
        partition_key=retrain.plant,
        tags=tags(retrain),
        run_config={"ops": config},
    )


def tags(retrain: Retrain) -> dict[str, str]:
    """What the run says of itself, and its steps read."""
    return {
        RETRAIN_TAG: str(retrain.id),
        ATTEMPT_TAG: str(retrain.attempt),
        TRIGGER_TAG: retrain.trigger,
        SNAPSHOT_TAG: retrain.snapshot,
        **NO_RETRY,
    }


def configs(home: Home, retrain: Retrain) -> dict[str, dict[str, Any]]:
    """Asset to configuration: the last trusted recipe, with what the policy says otherwise.

    It is that of the model that served last without being forced in. Without one the defaults are left.
    Which approaches are tried again is decided by the number of units (``attempts``).
    """
    settings = home.snapshots.get(retrain.snapshot)
    chosen = {key: settings[key] for key in ("epochs", "learning_rate") if settings.get(key)}
    made = _trusted_made(home, retrain.plant)
    windows = _windows_made(home, made)
    return {
        "plant_windows": _known(PlantWindowsConfig, windows.parameters if windows else {}),
        "finetuned_model": _known(
            FinetunedModelConfig, (made.parameters if made else {}) | chosen | {"start": "best"}
        ),
    }


def run_of(instance: dg.DagsterInstance, retrain: Retrain) -> dg.DagsterRun | None:
    """The run of this attempt: the one that claimed it, else one that was asked for, live ones first.

    None where there is none yet, or none any more.
    """
    if retrain.run_id is not None:
        return instance.get_run_by_id(retrain.run_id)
    wanted = {RETRAIN_TAG: str(retrain.id), ATTEMPT_TAG: str(retrain.attempt)}
    runs = instance.get_runs(filters=dg.RunsFilter(tags=wanted))
    return next((run for run in runs if not run.is_finished), runs[0] if runs else None)


def _trusted_made(home: Home, plant: str) -> Materialization | None:
    """How the model was made that last came into service other than by force.

    A recalibration puts no other model there: one of a forced model makes it no more trusted. Where a
    rollback went to a recalibrated version, the model is the newest one among its ancestors.
    """
    passed_over = ("forced", RECALIBRATION)
    served = [each for each in home.registry.deployments(plant) if each.kind not in passed_over]
    made = home.lineage.ancestors(served[-1].sha256) if served else ()
    return next((each for each in made if each.asset == "finetuned_model"), None)


def _windows_made(home: Home, model: Materialization | None) -> Materialization | None:
    """How the windows that it learned from were made."""
    read = next((i for i in model.inputs if i.asset == "plant_windows"), None) if model else None
    made = home.lineage.by_sha256(read.sha256) if read else ()
    return next((each for each in reversed(made) if each.asset == "plant_windows"), None)


def _known(config: type[dg.Config], values: Mapping[str, Any]) -> dict[str, Any]:
    """What this version of the asset still knows."""
    return {name: value for name, value in values.items() if name in config.model_fields}
