"""New plant files become partitions."""

import dagster as dg

from rul_platform.core.plant import NAME_PATTERN
from rul_platform.orchestration.partitions import PLANT
from rul_platform.storage.home import Home


@dg.sensor(minimum_interval_seconds=30, default_status=dg.DefaultSensorStatus.RUNNING)
def new_plants(
    context: dg.SensorEvaluationContext, home: dg.ResourceParam[Home]
) -> dg.SensorResult:
    """Add a partition for each plant file that appears in `plants/` of the home folder.

    A partition whose file is gone stays: its models and its lineage do.
    """
    files = sorted(path.stem for path in home.plants.glob("*.toml"))
    known = set(context.instance.get_dynamic_partitions(str(PLANT.name)))
    new = [name for name in files if name not in known and NAME_PATTERN.fullmatch(name)]
    ignored = [name for name in files if not NAME_PATTERN.fullmatch(name)]
    reason = f"{len(known)} plants known, none new"
    if ignored:
        reason += f"; ignored, because the file name cannot name a plant: {', '.join(ignored)}"
    if not new:
        return dg.SensorResult(skip_reason=reason)
    return dg.SensorResult(dynamic_partitions_requests=[PLANT.build_add_request(new)])
