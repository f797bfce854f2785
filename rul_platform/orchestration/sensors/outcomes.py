"""What became of machines asks for retrains."""

import dagster as dg

from rul_platform.orchestration.sensors.rounds import go_round, reason
from rul_platform.storage.home import Home


@dg.sensor(
    minimum_interval_seconds=600,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def retrain_on_outcomes(
    context: dg.SensorEvaluationContext, home: dg.ResourceParam[Home]
) -> dg.SkipReason:
    """Ask for a retrain where machines ended and the predictions about them were worse than claimed.

    The run itself is started by `retrain_on_feedback`, as that of every retrain.
    """
    from rul_platform.operation import triggering

    now = home.now()

    def look(plant: str) -> str:
        asked = triggering.evaluate_outcomes(home, plant, now)
        return f"retrain {asked.id} is asked for" if asked else "nothing to do"

    return dg.SkipReason(reason(go_round(home, "outcomes", look, now=now, log=context.log)))
