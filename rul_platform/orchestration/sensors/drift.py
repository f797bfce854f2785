"""Readings that are no longer like those a model learned from."""

import dagster as dg

from rul_platform.orchestration.sensors.rounds import after, go_round, reason
from rul_platform.storage.home import Home


@dg.sensor(
    minimum_interval_seconds=3600,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def watch_data_drift(
    context: dg.SensorEvaluationContext, home: dg.ResourceParam[Home]
) -> dg.SensorResult:
    """Raise an alert where readings have drifted. It starts no retrain: they carry no label."""
    from rul_platform.operation import triggering

    now = home.now()

    def look(plant: str) -> str:
        verdict = triggering.evaluate_data_drift(home, plant, now)
        return "; ".join(verdict.reasons)

    seen = go_round(home, "data drift", look, now=now, log=context.log, after=after(context.cursor))
    return dg.SensorResult(skip_reason=reason(seen.told), cursor=seen.cursor)
