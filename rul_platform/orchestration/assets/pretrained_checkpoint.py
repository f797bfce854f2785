"""One network for each architecture, trained on turbofans: what a plant's model can start from.

By default it has seen FD001, FD002 and FD004. FD003 stays out, because the example plant is made of its
engines and a plant's machines must never have been pretrained on. A checkpoint is
`{"model_state_dict", "model_name", "config"}` saved with
`torch.save`, with the label cap, the window and the scalers that it learned with; its card says what it
was made of.

Upstream `cmapss_windows`; downstream `finetuned_model`.
"""

from dataclasses import replace

import dagster as dg
from pydantic import Field, field_validator

from rul_platform.core import splits
from rul_platform.core.architectures import architecture
from rul_platform.core.canonical import canonical_json
from rul_platform.core.parquet import to_parquet
from rul_platform.core.subsets import PRETRAINED_ON, SIMULATED, SUBSETS
from rul_platform.core.terms import terms_of
from rul_platform.core.windows import pool
from rul_platform.orchestration import report
from rul_platform.orchestration.partitions import ARCHITECTURE
from rul_platform.orchestration.rate_tests import RateTest, rate_test
from rul_platform.orchestration.retries import retrying
from rul_platform.orchestration.step import LEARNING_CODE, Step
from rul_platform.orchestration.step_needs import TRAINS
from rul_platform.orchestration.stored_windows import (
    cmapss_training,
    common_preparation,
    preparation_of,
)
from rul_platform.orchestration.training_config import ShapedNetworkConfig
from rul_platform.storage.home import Home


class PretrainedCheckpointConfig(ShapedNetworkConfig):
    """What a person may change in the launchpad."""

    subsets: list[str] = Field(
        default=list(PRETRAINED_ON),
        description="Which turbofans it sees. A plant that holds one out refuses this checkpoint.",
    )
    find_rate: bool = Field(
        default=False,
        description="First a range test, which suggests the highest rate, instead of learning_rate: of "
        "one_cycle its peak, of other schedules the rate of the steepest fall.",
    )

    @field_validator("subsets")
    @classmethod
    def _known_subsets(cls, subsets: list[str]) -> list[str]:
        known = (*SUBSETS, SIMULATED)
        if not subsets or set(subsets) - set(known) or len(set(subsets)) < len(subsets):
            msg = f"one or more of {', '.join(known)}, each once"
            raise ValueError(msg)
        return subsets


@dg.asset(
    description=__doc__,
    partitions_def=ARCHITECTURE,
    deps=[dg.AssetDep("cmapss_windows", partition_mapping=dg.AllPartitionMapping())],
    group_name="learning",
    kinds={"pytorch"},
    owners=["team:learning"],
    code_version=LEARNING_CODE,
    op_tags=TRAINS,
)
@retrying()
def pretrained_checkpoint(
    context: dg.AssetExecutionContext,
    config: PretrainedCheckpointConfig,
    home: dg.ResourceParam[Home],
) -> dg.MaterializeResult:
    """Read, train, write, report."""
    from rul_platform.learning.fitting import training
    from rul_platform.learning.networks import checkpoints, models

    step = Step(context, home)
    stored = {s: step.read("cmapss_windows", s) for s in config.subsets}
    preparation = common_preparation(stored)
    terms = terms_of(*(preparation_of(files) for files in stored.values()))
    windows = pool({subset: cmapss_training(files) for subset, files in stored.items()})
    train, valid = windows.select(splits.TRAIN), windows.select(splits.VALID)

    model = config.model(architecture(context.partition_key), len(preparation.channels))
    network, fit = models.build(model, seed=config.seed), config.fit()
    watch = config.watch(home, context.run.run_id)
    tested: RateTest | None = None
    if config.find_rate:
        tested = rate_test(network, train, fit, cap=preparation.cap)
        fit = replace(fit, learning_rate=tested.rate_for(fit.schedule))
    fitted = training.fit(
        network,
        train,
        valid,
        fit,
        cap=preparation.cap,
        watch=watch,
        progress=home.progress,
    )
    card = {
        "architecture": context.partition_key,
        "subsets": config.subsets,
        "windows": {subset: files.sha256 for subset, files in stored.items()},
        "window": preparation.window,
        "cap": preparation.cap,
        "config": checkpoints.described(
            checkpoints.Checkpoint(model, preparation.channels, {}, terms)
        ),
        "training": {**config.model_dump(mode="json"), "learning_rate": fit.learning_rate},
        **(tested.card if tested else {}),
        "valid_rmse": fitted.best_valid_rmse,
        "best_step": fitted.best_step,
    }
    return step.publish(
        {
            "checkpoint.pt": checkpoints.dump(network, model, preparation.channels, terms),
            "card.json": canonical_json(card),
            "history.parquet": to_parquet(fitted.history),
            "gradients.parquet": to_parquet(fitted.gradients),
            **(tested.files if tested else {}),
        },
        parameters=config.model_dump(mode="json"),
        metadata={
            "training_windows": len(train),
            **report.training(fitted, life_unit="cycles"),
            **(tested.metadata if tested else {}),
        },
        table="history.parquet",
    )
