"""What has drifted at a plant: the errors of its model at work, or the readings that it is asked about.

Belongs here: collecting what the two questions of ``core.drift`` are asked of. Does not belong here: the
verdicts themselves, and what follows from them (``triggering``).
"""

import json
from datetime import datetime
from typing import Any

from rul_platform.core.drift import DriftVerdict, data_drift, outcome_drift
from rul_platform.core.policy import Policy
from rul_platform.core.trigger import window_start
from rul_platform.operation.answering import columns_of
from rul_platform.storage.deployments import Deployment
from rul_platform.storage.home import Home

NO_MODEL = DriftVerdict(fires=False, reasons=("no model is deployed",), numbers={})


def of_outcomes(home: Home, plant: str, policy: Policy) -> DriftVerdict:
    """Compare the champion's errors on machines that failed with what it was let in with.

    Only machines count whose outcome no retrain has consumed: the same failures ask once.
    """
    deployment = _in_charge(home, plant)
    if deployment is None:
        return NO_MODEL
    claimed = _claimed_rmse(home, deployment)
    if claimed is None:
        reason = f"nobody has measured version {deployment.number} before it was deployed"
        return DriftVerdict(fires=False, reasons=(reason,), numbers={})
    cap = _card(home, deployment)["preparation"]["cap"]
    new = {outcome.unit for outcome in home.outcomes.unclaimed(plant)}
    errors = home.health.outcome_errors(plant, deployment.number, deployment.since, cap=cap)
    return outcome_drift([e for unit, e in errors.items() if unit in new], claimed, policy)


def of_readings(home: Home, plant: str, now: datetime, policy: Policy) -> DriftVerdict:
    """Compare readings of the last ``days_back`` days with those that the champion learned from.

    Raises:
        StoreError: The model or readings are not there, or changed.
    """
    from rul_platform.core.preparation import Preparation
    from rul_platform.core.resampling import resample

    deployment = _in_charge(home, plant)
    if deployment is None:
        return NO_MODEL
    readings = home.landing.readings(plant, window_start(now, policy))
    if readings.empty:
        return DriftVerdict(fires=False, reasons=("no readings came in",), numbers={})
    described = columns_of(home, plant).resample
    if described is not None:
        readings = resample(readings, described.step)
    preparation = Preparation.from_json(_card(home, deployment)["preparation"])
    return data_drift(readings, preparation.scaler, policy)


def _in_charge(home: Home, plant: str) -> Deployment | None:
    return next((each for each in home.registry.deployments(plant) if each.until is None), None)


def _card(home: Home, deployment: Deployment) -> dict[str, Any]:
    model = home.store.artifact(deployment.sha256)
    return json.loads(home.store.read(model, "card.json"))


def _claimed_rmse(home: Home, deployment: Deployment) -> float | None:
    """What the gate measured when this version was first let in; a rollback measures nothing."""
    for each in home.registry.deployments(deployment.plant):
        measured = each.evidence.get("evidence", {}).get("candidate_rmse")
        if each.number == deployment.number and measured is not None:
            return float(measured)
    return None
