"""A plant's run-to-failure histories in the platform's own table, checked.

One row is one reading: unit, life (in the plant's unit of time), operating condition and sensors. The
plant file in `plants/` says where the readings are, how to resample them and what a failure is; what it
says and the sha256 of every file it names are recorded.

Upstream `plant_source` (external); downstream `plant_windows`.
"""

import dagster as dg

from rul_platform.core.canonical import canonical_json, sha256
from rul_platform.core.parquet import to_parquet
from rul_platform.orchestration import report
from rul_platform.orchestration.partitions import PLANT
from rul_platform.orchestration.step import DATA_CODE, Step
from rul_platform.storage.home import Home
from rul_platform.storage.plant_source import read_plant


@dg.asset(
    description=__doc__,
    partitions_def=PLANT,
    deps=["plant_source"],
    group_name="plant",
    kinds={"parquet"},
    owners=["team:plant"],
    code_version=DATA_CODE,
)
def plant_readings(
    context: dg.AssetExecutionContext, home: dg.ResourceParam[Home]
) -> dg.MaterializeResult:
    """Read, check, write, report."""
    step = Step(context, home)
    data = read_plant(home.plant_file(context.partition_key))
    sources = [{"name": s.name, "sha256": s.sha256, "bytes": s.size} for s in data.sources]
    step.note_source("plant_source", context.partition_key, sha256(canonical_json(sources)))
    return step.publish(
        {
            "readings.parquet": to_parquet(data.fleet.readings),
            "units.parquet": to_parquet(data.fleet.units),
            "plant.json": canonical_json(data.plant.model_dump(mode="json")),
            "sources.json": canonical_json(sources),
        },
        parameters={},
        metadata={
            "title": data.plant.title,
            "source_files": len(sources),
            **report.fleet(data.fleet, life_unit=data.plant.columns.life_unit),
        },
        table="readings.parquet",
    )
