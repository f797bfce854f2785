"""Champions that do not do well are replaced by the one before, and shadows get their verdict."""

import json

import dagster as dg

from rul_platform.errors import ChampionChangedError
from rul_platform.orchestration.sensors.rounds import go_round, plants_at_work, reason
from rul_platform.storage.deployments import Deployment
from rul_platform.storage.home import Home

DECIDED_ELSEWHERE = ("approval", "forced", "confirmed", "recalibration", "rollback")
"""Deployments that the asset `deployed_model` does not make."""


@dg.sensor(
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def guard_champions(
    context: dg.SensorEvaluationContext, home: dg.ResourceParam[Home]
) -> dg.SensorResult:
    """Roll back a champion that breaks a limit of its policy; confirm or reject a shadow.

    Says what stands against each champion, also where the policy lets nothing be done about it. A change
    of champion that no asset made, as a rollback or an approval, becomes an observation of
    `deployed_model`, so that the page of the asset tells who serves.
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

    told = go_round(home, "guard", look, now=now, log=context.log)
    seen: dict[str, int] = json.loads(context.cursor or "{}")
    serving = {plant: home.registry.deployments(plant) for plant in plants_at_work(home)}
    return dg.SensorResult(
        skip_reason=reason(told),
        asset_events=[
            _observed(served[-1], plant)
            for plant, served in serving.items()
            if len(served) > seen.get(plant, 0) and served[-1].kind in DECIDED_ELSEWHERE
        ],
        cursor=json.dumps({plant: len(served) for plant, served in serving.items()}),
    )


def _observed(deployment: Deployment, plant: str) -> dg.AssetObservation:
    return dg.AssetObservation(
        "deployed_model",
        partition=plant,
        description=f"Version {deployment.number} is in charge ({deployment.kind}).",
        metadata={
            "version_in_charge": deployment.number,
            "kind": deployment.kind,
            "since": dg.MetadataValue.timestamp(deployment.since),
            "sha256": deployment.sha256,
        },
    )
