"""What became of machines asks for retrains."""

import dagster as dg

from rul_platform.orchestration.sensors.rounds import after, go_round, reason
from rul_platform.storage.home import Home

NOTHING = "nothing to do"


@dg.sensor(
    minimum_interval_seconds=600,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def retrain_on_outcomes(
    context: dg.SensorEvaluationContext, home: dg.ResourceParam[Home]
) -> dg.SensorResult:
    """Ask for a retrain where machines ended and the predictions about them were worse than claimed.

    The run itself is started by `retrain_on_feedback`, as that of every retrain.
    """
    from rul_platform.operation import triggering

    now, begun = home.now(), home.stopwatch()
    news = home.outcomes.plants_with_unclaimed()

    def look(plant: str) -> str:
        if plant not in news:
            return NOTHING
        asked = triggering.evaluate_outcomes(home, plant, now)
        return f"retrain {asked.id} is asked for" if asked else NOTHING

    seen = go_round(
        home, "outcomes", look, now=now, log=context.log, after=after(context.cursor), urgent=news,
        begun=begun,
    )  # fmt: skip
    return dg.SensorResult(skip_reason=reason(seen.told), cursor=seen.cursor)
