"""A plant's run-to-failure histories in the platform's own table, checked.

One row is one reading: unit, life (in the plant's unit of time), operating condition and sensors. The
plant file in `plants/` says where the readings are, how to resample them and what a failure is; what it
says and the sha256 of every file it names are recorded.

Readings that came with predictions are added; where both have a reading, the plant's own counts. What
became of machines, as `plant_feedback` collected it, ends histories before they are resampled; readings
that came after a machine's end belong to another one of its name, and are left out and counted. Files
that are too large to be held are read piece by piece, with the same result (docs/large-data.md).

Upstream `plant_source`, `landing` (external) and, once there is some, `plant_feedback`; downstream
`plant_windows`.
"""

from datetime import timedelta

import dagster as dg

from rul_platform.core.canonical import canonical_json, sha256
from rul_platform.core.outcomes import Beside, end_moments
from rul_platform.core.parquet import to_parquet
from rul_platform.orchestration import report
from rul_platform.orchestration.partitions import PLANT
from rul_platform.orchestration.retries import retrying
from rul_platform.orchestration.step import DATA_CODE, Step
from rul_platform.orchestration.stored_windows import told_by
from rul_platform.storage.home import Home
from rul_platform.storage.landing import LandedHistory
from rul_platform.storage.made_readings import MadeReadings, made_readings


@dg.asset(
    description=__doc__,
    partitions_def=PLANT,
    deps=["plant_source", "landing", "plant_feedback"],
    group_name="plant",
    kinds={"parquet"},
    owners=["team:plant"],
    freshness_policy=dg.FreshnessPolicy.time_window(
        warn_window=timedelta(days=90), fail_window=timedelta(days=180)
    ),
    code_version=DATA_CODE,
)
@retrying()
def plant_readings(
    context: dg.AssetExecutionContext, home: dg.ResourceParam[Home]
) -> dg.MaterializeResult:
    """Read, check, write, report."""
    name = context.partition_key
    step = Step(context, home)
    feedback = step.read_if_made("plant_feedback", name)
    ended = {} if feedback is None else end_moments(feedback.table("outcomes.parquet"))
    landed = home.landing.history(name, ended=ended)
    beside = Beside(landed.readings, told_by(feedback))
    with made_readings(home, name, beside, code=DATA_CODE) as data:
        return _published(step, data, landed, is_told=feedback is not None)


def _published(
    step: Step, data: MadeReadings, landed: LandedHistory, *, is_told: bool
) -> dg.MaterializeResult:
    """Record what was read, and store what was made of it."""
    name = data.plant.name
    own = [{"name": s.name, "sha256": s.sha256, "bytes": s.size} for s in data.sources]
    asked = [
        {"name": f"landing/{s.unit}", "sha256": s.sha256, "bytes": s.size} for s in landed.sources
    ]
    step.note_source("plant_source", name, sha256(canonical_json(own)))
    if asked:
        step.note_source("landing", name, sha256(canonical_json(asked)))
    counts = {
        **data.counts,
        "landings_contradicting": landed.contradictions,
        "landings_after_end": landed.successors,
    }
    return step.publish(
        {
            **data.files,
            "units.parquet": to_parquet(data.units),
            "plant.json": canonical_json(data.plant.model_dump(mode="json")),
            "sources.json": canonical_json(own + asked),
        },
        parameters={},
        metadata={
            "title": data.plant.title,
            "source_files": len(own),
            **(counts if asked or is_told else {}),
            **report.fleet(data.units, data.shown, life_unit=data.plant.columns.life_unit),
        },
        table="readings.parquet",
    )
