"""Where a run carries out its steps: chosen by a setting.

Belongs here: the choice. Does not belong here: how a cluster is spoken to (``ray_steps``).
"""

from typing import assert_never

import dagster as dg

from rul_platform.orchestration.step_needs import training_needs
from rul_platform.settings import Settings

PRELOADED = ["rul_platform.orchestration.code_location"]
MULTIPROCESS = dg.multiprocess_executor.configured(
    {"max_concurrent": 2, "start_method": {"forkserver": {"preload_modules": PRELOADED}}}
)
"""Two steps at a time, each forked from a process that has imported everything but the heavy libraries:
that halves what a step costs beside its own work. Each keeps torch to one thread."""


def executor_of(settings: Settings) -> dg.ExecutorDefinition:
    """The executor that ``RUL_EXECUTOR`` names.

    Raises:
        MissingExtraError: Ray is asked for and not installed.
    """
    match settings.executor:
        case "in_process":
            return dg.in_process_executor
        case "multiprocess":
            return MULTIPROCESS
        case "ray":
            from rul_platform.orchestration.ray_steps import ray_executor

            return ray_executor(str(settings.ray_address), training_needs(settings))
        case unknown:
            assert_never(unknown)
