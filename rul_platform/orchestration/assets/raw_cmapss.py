"""NASA's C-MAPSS text files as published, one artifact for each subset.

FD001 to FD004 come from `RUL_CMAPSS` (a zip or folder), the home folder's cache, or NASA's archive, in
this order; every file must have the published sha256. SIM is made by the built-in simulator and is
said to be simulated wherever it appears.

Downstream `cmapss_windows`.
"""

import dagster as dg
from pydantic import Field

from rul_platform.core.canonical import fingerprint
from rul_platform.core.cmapss import SIMULATED, file_names, held_out_fleet, training_fleet
from rul_platform.core.columns import COLUMNS
from rul_platform.core.simulator import simulate
from rul_platform.orchestration import report
from rul_platform.orchestration.partitions import SUBSET
from rul_platform.orchestration.retries import retrying
from rul_platform.orchestration.step import DATA_CODE, Step
from rul_platform.storage.home import Home


class RawCmapssConfig(dg.Config):
    """What a person may change in the launchpad."""

    accept_other_data: bool = Field(
        default=False,
        description="Take files whose content is not NASA's; they are then not C-MAPSS any more.",
    )
    simulator_seed: int = Field(default=0, description="Only for SIM: another seed, other engines.")


SCHEMA = dg.TableSchema(
    [dg.TableColumn(c.name, "number", description=f"{c.meaning} [{c.unit}]") for c in COLUMNS]
)


@dg.asset(
    description=__doc__,
    partitions_def=SUBSET,
    group_name="data",
    kinds={"text"},
    owners=["team:data"],
    code_version=DATA_CODE,
)
@retrying()
def raw_cmapss(
    context: dg.AssetExecutionContext, config: RawCmapssConfig, home: dg.ResourceParam[Home]
) -> dg.MaterializeResult:
    """Read, check, write, report."""
    subset = context.partition_key
    step = Step(context, home)
    files, origin = _obtain(subset, config, home)
    source = "simulator" if subset == SIMULATED else "cmapss_source"
    step.note_source(source, subset, fingerprint(files))
    train_name, test_name, rul_name = file_names(subset)
    train = training_fleet(files[train_name], train_name)
    test = held_out_fleet(files[test_name], files[rul_name], test_name, rul_name)
    return step.publish(
        files,
        parameters=config.model_dump(),
        metadata={
            "origin": origin,
            "is_simulated": subset == SIMULATED,
            "training_engines": len(train.units),
            "test_engines": len(test.units),
            "dagster/row_count": len(train.readings) + len(test.readings),
            "dagster/column_schema": SCHEMA,
            **report.fleet(train.units, train, life_unit="cycles"),
        },
    )


def _obtain(subset: str, config: RawCmapssConfig, home: Home) -> tuple[dict[str, bytes], str]:
    """The three files by name, and where they came from."""
    names = file_names(subset)
    if subset == SIMULATED:
        made = simulate(config.simulator_seed)
        return {
            name: made[name] for name in names
        }, f"built-in simulator, seed {config.simulator_seed}"
    found = home.cmapss.fetch(
        subset, accept_other_data=config.accept_other_data, progress=home.progress
    )
    return dict(zip(names, (found.train, found.test, found.rul), strict=True)), found.origin
