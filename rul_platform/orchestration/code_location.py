"""Everything Dagster shall know, put together. Assembles; computes nothing."""

import dagster as dg

from rul_platform.orchestration.assets.cmapss_benchmark import cmapss_benchmark
from rul_platform.orchestration.assets.cmapss_windows import cmapss_windows
from rul_platform.orchestration.assets.deployed_model import deployed_model
from rul_platform.orchestration.assets.edge_model import edge_model
from rul_platform.orchestration.assets.evaluation_report import evaluation_report
from rul_platform.orchestration.assets.external import EXTERNAL
from rul_platform.orchestration.assets.finetuned_model import finetuned_model
from rul_platform.orchestration.assets.method_log import method_log, plant_method_log
from rul_platform.orchestration.assets.plant_feedback import plant_feedback
from rul_platform.orchestration.assets.plant_readings import plant_readings
from rul_platform.orchestration.assets.plant_windows import plant_windows
from rul_platform.orchestration.assets.pretrained_checkpoint import pretrained_checkpoint
from rul_platform.orchestration.assets.raw_cmapss import raw_cmapss
from rul_platform.orchestration.assets.transfer_study import transfer_study
from rul_platform.orchestration.assets.tuned_recipe import plant_tuned_recipe, tuned_recipe
from rul_platform.orchestration.checks import CHECKS
from rul_platform.orchestration.executors import executor_of
from rul_platform.orchestration.jobs import jobs
from rul_platform.orchestration.partitioned_checks import steps_of
from rul_platform.orchestration.schedules import SCHEDULES
from rul_platform.orchestration.sensors import SENSORS
from rul_platform.orchestration.sensors.mlflow import export_to_mlflow
from rul_platform.orchestration.step_needs import run_tags
from rul_platform.storage.home import Home

ASSETS = [
    raw_cmapss,
    cmapss_windows,
    pretrained_checkpoint,
    cmapss_benchmark,
    transfer_study,
    plant_feedback,
    plant_readings,
    plant_windows,
    finetuned_model,
    evaluation_report,
    deployed_model,
    edge_model,
    tuned_recipe,
    plant_tuned_recipe,
    method_log,
    plant_method_log,
]


def build_defs(home: Home, *, executor: dg.ExecutorDefinition | None = None) -> dg.Definitions:
    """The code location, working on ``home``.

    Args:
        home: What everything in it works on.
        executor: Where steps are carried out; None: as the settings say.

    Raises:
        MissingExtraError: The settings name an executor that is not installed.
    """
    return dg.Definitions(
        assets=[*ASSETS, *EXTERNAL],
        asset_checks=steps_of(CHECKS),
        jobs=[*jobs(run_tags(home.settings)), export_to_mlflow],
        schedules=SCHEDULES,
        sensors=SENSORS,
        resources={"home": home},
        executor=executor or executor_of(home.settings),
    )
