"""What is transfer worth with only k units? A turbofan subset plays the plant.

A network learns from the source subsets once. Then, draw after draw, k training engines of the target
are the plant's only ones: every approach is tried on them, one is chosen by cross-validation over these
k units, as for a plant, and only then each is scored on the last flight of every engine of the target's
official test set. The row `chosen` is what the platform would deploy. Finished draws are kept in the
home folder, so that an interrupted study goes on.

Upstream `raw_cmapss` of the target, `cmapss_windows` of the sources.
"""

import dagster as dg
from pydantic import Field

from rul_platform.core.approaches import APPROACHES
from rul_platform.core.cmapss import file_names, training_fleet
from rul_platform.core.plant_recipe import STEPS
from rul_platform.core.transfer_study import (
    DEFAULT_DRAWS,
    DEFAULT_KS,
    DEFAULT_SOURCES,
    StudyPlan,
)
from rul_platform.orchestration.partitions import SUBSET
from rul_platform.orchestration.retries import retrying
from rul_platform.orchestration.step import LEARNING_CODE, Step
from rul_platform.orchestration.step_needs import TRAINS
from rul_platform.orchestration.transfer_cells import Study, told
from rul_platform.storage.home import Home
from rul_platform.storage.study_cells import StudyCells

CELLS_FOLDER = "transfer_studies"
"""Of the home folder; what is in it only saves time, and may be deleted."""


class TransferStudyConfig(dg.Config):
    """What a person may change in the launchpad."""

    sources: list[str] = Field(
        default=[],
        description="Subsets to learn from first, never the target; none: "
        + "; ".join(f"{target} from {', '.join(of)}" for target, of in DEFAULT_SOURCES.items()),
    )
    ks: list[int] = Field(default=list(DEFAULT_KS), description="How many units the plant has.")
    draws: int = Field(default=DEFAULT_DRAWS, ge=1, description="How often k units are drawn.")
    approaches: list[str] = Field(
        default=[],
        description="What is tried and chosen from; none: all, and the choice is among those that a "
        f"plant tries by default. Of: {', '.join(APPROACHES)}",
    )
    seed: int = Field(default=0, description="Of the draws and of all trainings.")
    pretraining_steps: int = Field(default=600, ge=1, description="Of the network, on the sources.")
    steps: int = Field(
        default=STEPS,
        ge=4,
        description="Of each network, on the k units; from scratch: five times.",
    )

    def plan(self, target: str) -> StudyPlan:
        """What the study of ``target`` does."""
        sources = tuple(self.sources) or DEFAULT_SOURCES.get(target, ())
        return StudyPlan(
            target=target,
            sources=sources,
            ks=tuple(self.ks),
            draws=self.draws,
            seed=self.seed,
            approaches=tuple(self.approaches),
            pretraining_steps=self.pretraining_steps,
            steps=self.steps,
        )


@dg.asset(
    description=__doc__,
    partitions_def=SUBSET,
    deps=[
        "raw_cmapss",
        dg.AssetDep("cmapss_windows", partition_mapping=dg.AllPartitionMapping()),
    ],
    group_name="evaluation",
    kinds={"pytorch"},
    owners=["team:learning"],
    code_version=LEARNING_CODE,
    op_tags=TRAINS,
)
@retrying()
def transfer_study(
    context: dg.AssetExecutionContext, config: TransferStudyConfig, home: dg.ResourceParam[Home]
) -> dg.MaterializeResult:
    """Read, compute, write, report."""
    target = context.partition_key
    step, plan = Step(context, home), config.plan(target)
    plan.require_other_sources()
    raw = step.read("raw_cmapss", target)
    train_name = file_names(target)[0]
    fleet = training_fleet(raw.read(train_name), train_name)
    plan.require_enough(len(fleet.units))
    stored = {subset: step.read("cmapss_windows", subset) for subset in plan.sources}
    kept = StudyCells.of(
        home.folder / CELLS_FOLDER,
        {
            "target": raw.sha256,
            "sources": {name: files.sha256 for name, files in stored.items()},
            "code": LEARNING_CODE,
            "config": config.model_dump(exclude={"ks", "draws", "sources"}),
        },
    )
    cells = Study(plan, fleet, raw, stored, kept).cells(home.progress)
    files, metadata = told(plan, cells)
    return step.publish(
        files, parameters=config.model_dump(), metadata=metadata, table="summary.parquet"
    )
