"""Champions that do not do well are replaced by the one before, and shadows get their verdict."""

import dagster as dg

from rul_platform.errors import ChampionChangedError
from rul_platform.orchestration.sensors.rounds import go_round, reason
from rul_platform.storage.home import Home


@dg.sensor(
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def guard_champions(
    context: dg.SensorEvaluationContext, home: dg.ResourceParam[Home]
) -> dg.SkipReason:
    """Roll back a champion that breaks a limit of its policy; confirm or reject a shadow.

    Says what stands against each champion, also where the policy lets nothing be done about it.
    """
    from rul_platform.operation import deploying, guarding

    now = home.now()

    def look(plant: str) -> str:
        try:
            back = guarding.guard(home, plant, now)
            shadow = deploying.settle_shadow(home, plant, now) if back is None else None
        except ChampionChangedError:
            return "somebody else has just deployed; the next tick looks again"
        if back is not None:
            return f"rolled back to version {back.number}"
        if shadow is not None and shadow.verdict != "wait":
            return f"shadow: {shadow.verdict}"
        return "; ".join(guarding.check_health(home, plant, now)) or "healthy"

    return dg.SkipReason(reason(go_round(home, "guard", look, now=now, log=context.log)))
