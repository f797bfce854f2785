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
from rul_platform.orchestration.jobs import onboard_plant, retrain_plant
from rul_platform.orchestration.schedules import SCHEDULES
from rul_platform.orchestration.sensors import SENSORS
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

PRELOADED = ["rul_platform.orchestration.code_location"]
EXECUTOR = dg.multiprocess_executor.configured(
    {"max_concurrent": 2, "start_method": {"forkserver": {"preload_modules": PRELOADED}}}
)
"""Two steps at a time, each forked from a process that has imported everything but the heavy libraries:
that halves what a step costs beside its own work. Each keeps torch to one thread."""


def build_defs(home: Home, *, executor: dg.ExecutorDefinition = EXECUTOR) -> dg.Definitions:
    """The code location, working on ``home``."""
    return dg.Definitions(
        assets=[*ASSETS, *EXTERNAL],
        asset_checks=CHECKS,
        jobs=[onboard_plant, retrain_plant],
        schedules=SCHEDULES,
        sensors=SENSORS,
        resources={"home": home},
        executor=executor,
    )
