"""The best recipe that a search found: of each C-MAPSS subset, and of each plant.

Recipes are compared on training and validation units only, each unit predicted by networks that never
saw it. The trials are kept in `studies.db` of the home folder, or beside the platform's tables on
PostgreSQL: an interrupted search goes on, and one with more trials adds to it. The test units have no
part in it, so whoever trains the recipe judges it on them as ever.

Upstream `cmapss_windows` or `plant_windows`, and `pretrained_checkpoint` where a plant goes on from it.
"""

import dagster as dg

from rul_platform.orchestration.retries import retrying
from rul_platform.orchestration.step import Step
from rul_platform.orchestration.studies import (
    PLANT_STUDY,
    SUBSET_STUDY,
    known_of_plant,
    known_of_subset,
)
from rul_platform.orchestration.tuning import PlantTunedRecipeConfig, TunedRecipeConfig, tuned
from rul_platform.storage.home import Home


@dg.asset(
    description=__doc__,
    deps=["cmapss_windows"],
    **SUBSET_STUDY,
)
@retrying()
def tuned_recipe(
    context: dg.AssetExecutionContext, config: TunedRecipeConfig, home: dg.ResourceParam[Home]
) -> dg.MaterializeResult:
    """Read, search, write, report."""
    step = Step(context, home)
    return tuned(step, home, config, known_of_subset(step, context.partition_key))


@dg.asset(description=__doc__, **PLANT_STUDY)
@retrying()
def plant_tuned_recipe(
    context: dg.AssetExecutionContext, config: PlantTunedRecipeConfig, home: dg.ResourceParam[Home]
) -> dg.MaterializeResult:
    """Read, search, write, report."""
    step = Step(context, home)
    known = known_of_plant(step, home, context.partition_key, config, goes_on=config.pretrained)
    return tuned(step, home, config, known)
