"""Champions that do not do well are replaced by the one before, and shadows get their verdict."""

import json
from dataclasses import dataclass
from typing import Any

import dagster as dg

from rul_platform.errors import ChampionChangedError
from rul_platform.orchestration.sensors.rounds import go_round, reason
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

    now, cursor = home.now(), _Cursor.read(context.cursor)
    challenged = {plant for plant, (_, beside) in home.registry.in_service().items() if beside}

    def look(plant: str) -> str:
        try:
            found = guarding.look(home, plant, now)
            is_asked = found.back is None and plant in challenged
            shadow = deploying.settle_shadow(home, plant, now) if is_asked else None
        except ChampionChangedError:
            return "somebody else has just deployed; the next tick looks again"
        if found.back is not None:
            return f"rolled back to version {found.back.number}"
        if shadow is not None and shadow.verdict != "wait":
            return f"shadow: {shadow.verdict}"
        return "; ".join(found.problems) or "healthy"

    seen = go_round(home, "guard", look, now=now, log=context.log, after=cursor.plant)
    newest, served = home.registry.deployed_after(cursor.deployment)
    return dg.SensorResult(
        skip_reason=reason(seen.told),
        asset_events=[
            _observed(each, each.plant) for each in served if each.kind in DECIDED_ELSEWHERE
        ],
        cursor=json.dumps({"plant": seen.last, "deployment": newest}),
    )


@dataclass(frozen=True, slots=True)
class _Cursor:
    """How far the round has come, and up to which row deployments were looked at."""

    plant: str | None = None
    deployment: int = 0

    @classmethod
    def read(cls, text: str | None) -> "_Cursor":
        """What the tick before left; that of another version of the platform begins anew."""
        found: dict[str, Any] = json.loads(text or "{}")
        return cls(**found) if found.keys() == {"plant", "deployment"} else cls()


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
