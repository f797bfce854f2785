"""The scaled per-cycle table of one subset, with an index of windows, as Parquet.

One row of `train_cycles` is one flight: engine, cycle, operating condition and the channels that a
network sees. One row of `train_windows` is one window: engine, newest cycle, first and last row, RUL
and split. `test_cycles` and `test_windows` are apart from them, so that nothing but an evaluation
opens the official test set. The scaler is fitted on training engines only, per operating condition.

Upstream `raw_cmapss`; downstream `pretrained_checkpoint` and `cmapss_benchmark`.
"""

import dagster as dg
import pandas as pd
from pydantic import Field

from rul_platform.core import parquet, splits
from rul_platform.core.canonical import canonical_json
from rul_platform.core.cmapss import file_names, held_out_fleet, training_fleet
from rul_platform.core.columns import INFORMATIVE
from rul_platform.core.fleet import Fleet
from rul_platform.core.labels import DEFAULT_CAP_CYCLES
from rul_platform.core.preparation import DEFAULT_WINDOW, Preparation
from rul_platform.core.windows import Windows
from rul_platform.orchestration import report
from rul_platform.orchestration.partitions import SUBSET
from rul_platform.orchestration.retries import retrying
from rul_platform.orchestration.step import DATA_CODE, Step
from rul_platform.storage.home import Home


class CmapssWindowsConfig(dg.Config):
    """What a person may change in the launchpad."""

    window: int = Field(default=DEFAULT_WINDOW, ge=1, description="Window length, in cycles.")
    cap: float = Field(
        default=DEFAULT_CAP_CYCLES, gt=0, description="Upper limit of a label, in cycles."
    )
    valid_share: float = Field(
        default=0.2, gt=0, lt=1, description="Part of the engines for early stopping."
    )
    seed: int = Field(default=0, description="Another seed, another division of the engines.")


@dg.asset(
    description=__doc__,
    partitions_def=SUBSET,
    deps=["raw_cmapss"],
    group_name="data",
    kinds={"parquet"},
    owners=["team:data"],
    code_version=DATA_CODE,
)
@retrying()
def cmapss_windows(
    context: dg.AssetExecutionContext, config: CmapssWindowsConfig, home: dg.ResourceParam[Home]
) -> dg.MaterializeResult:
    """Read, compute, write, report."""
    subset = context.partition_key
    step = Step(context, home)
    raw = step.read("raw_cmapss", subset)
    train_name, test_name, rul_name = file_names(subset)
    train = training_fleet(raw.read(train_name), train_name)
    test = held_out_fleet(raw.read(test_name), raw.read(rul_name), test_name, rul_name)

    policy = splits.SplitPolicy(valid=config.valid_share, seed=config.seed)
    roles = splits.assign(tuple(train.units["unit"]), policy, source=f"{subset} training engines")
    preparation = Preparation.fit(
        splits.with_role(train, roles, splits.TRAIN),
        INFORMATIVE,
        window=config.window,
        cap=config.cap,
        life_unit="cycles",
    )
    train_windows = preparation.windows(train, pd.Series(roles))
    test_windows = preparation.windows(test, splits.TEST)
    return step.publish(
        {
            **encode("train", train, train_windows, preparation),
            **encode("test", test, test_windows, preparation),
            "preparation.json": canonical_json(preparation.to_json()),
        },
        table="train_cycles.parquet",
        parameters=config.model_dump(),
        metadata=report.windows(pd.concat([train_windows.index, test_windows.index]), preparation),
    )


def encode(
    prefix: str, fleet: Fleet, windows: Windows, preparation: Preparation
) -> dict[str, bytes]:
    """The two files of one side, by name."""
    cycles = parquet.scaled_cycles(fleet.readings, windows, preparation.channels)
    return {
        f"{prefix}_cycles.parquet": parquet.to_parquet(cycles),
        f"{prefix}_windows.parquet": parquet.to_parquet(windows.index),
    }
