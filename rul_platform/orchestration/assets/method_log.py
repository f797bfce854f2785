"""The method's log: eight steps from a baseline to a searched recipe, the test units once at the end.

Baseline, sanity check, full data, learning rate, regularisation, early stopping, transfer, search: each
step says what it tried, what came out on validation units, what is kept and why. Finished steps are kept
in the home folder, so that an interrupted method goes on.

Upstream `cmapss_windows` or `plant_windows`, and `pretrained_checkpoint` of a plant.
"""

import dagster as dg

from rul_platform.orchestration.method_runs import MethodLogConfig, logged
from rul_platform.orchestration.retries import retrying
from rul_platform.orchestration.step import Step
from rul_platform.orchestration.studies import (
    PLANT_STUDY,
    SUBSET_STUDY,
    known_of_plant,
    known_of_subset,
)
from rul_platform.storage.home import Home


@dg.asset(
    description=__doc__,
    deps=[dg.AssetDep("cmapss_windows", partition_mapping=dg.AllPartitionMapping())],
    **SUBSET_STUDY,
)
@retrying()
def method_log(
    context: dg.AssetExecutionContext, config: MethodLogConfig, home: dg.ResourceParam[Home]
) -> dg.MaterializeResult:
    """Read, take the steps, write, report."""
    step = Step(context, home)
    return logged(step, home, config, known_of_subset(step, context.partition_key))


@dg.asset(description=__doc__, **PLANT_STUDY)
@retrying()
def plant_method_log(
    context: dg.AssetExecutionContext, config: MethodLogConfig, home: dg.ResourceParam[Home]
) -> dg.MaterializeResult:
    """Read, take the steps, write, report."""
    step = Step(context, home)
    return logged(step, home, config, known_of_plant(step, home, context.partition_key, config))
