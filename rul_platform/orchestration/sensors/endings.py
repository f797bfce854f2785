"""Retrains that ended are told of, with what the gate said."""

from datetime import datetime

import dagster as dg

from rul_platform.operation.alerting import raise_alert
from rul_platform.orchestration import reconciling
from rul_platform.orchestration.assets.deployed_model import way_to_approve
from rul_platform.orchestration.step import RETRAIN_TAG
from rul_platform.storage.alerts import NewAlert
from rul_platform.storage.home import Home
from rul_platform.storage.retrains import Retrain

ENDINGS = {
    "deployed": "its model is in charge now",
    "shadowed": "its model is asked beside the champion until units tell which is better",
    "held": "its model waits for a person",
    "rejected": "its model was refused, and the champion stays in charge",
}
"""State to what it means. A failure has an alert of its own, and who cancels knows."""


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def finished_retrains(context: dg.RunStatusSensorContext, home: dg.ResourceParam[Home]) -> None:
    """Close the retrain that a run carried out, where that is not done, and tell how it ended."""
    tag = context.dagster_run.tags.get(RETRAIN_TAG)
    if tag is not None:
        now = home.now()
        reconciling.settle(home, context.instance, int(tag), now)
        tell(home, home.retrains.get(int(tag)), now)


def tell(home: Home, retrain: Retrain, now: datetime) -> None:
    """Raise an alert for a retrain that ended, once."""
    if retrain.state not in ENDINGS:
        return
    gates = [each for each in home.gates.history(retrain.plant) if each.retrain_id == retrain.id]
    way = ""
    if retrain.state == "held" and gates:
        way = f": {way_to_approve(home, retrain.plant, gates[-1].number)}"
    alert = NewAlert(
        key=f"retrain-ended:{retrain.id}",
        plant=retrain.plant,
        kind="retrain_ended",
        severity="warning" if retrain.state == "held" else "info",
        title=f"{retrain.plant}: retrain {retrain.id} ended: {retrain.state}",
        text=f"The gate said {retrain.verdict}: {ENDINGS[retrain.state]}{way}.",
    )
    raise_alert(home, alert, now)
