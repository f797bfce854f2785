"""What happens by itself: one file for each sensor, and how they go round the plants."""

from rul_platform.orchestration.sensors.alerts import send_alerts
from rul_platform.orchestration.sensors.drift import watch_data_drift
from rul_platform.orchestration.sensors.endings import finished_retrains
from rul_platform.orchestration.sensors.failures import failed_runs
from rul_platform.orchestration.sensors.feedback import retrain_on_feedback
from rul_platform.orchestration.sensors.guard import guard_champions
from rul_platform.orchestration.sensors.mlflow import follow_with_mlflow
from rul_platform.orchestration.sensors.outcomes import retrain_on_outcomes
from rul_platform.orchestration.sensors.plants import new_plants
from rul_platform.orchestration.sensors.signatures import sign_ledger
from rul_platform.orchestration.sensors.switches import watch_switches

SENSORS = [
    new_plants,
    retrain_on_feedback,
    retrain_on_outcomes,
    watch_data_drift,
    guard_champions,
    failed_runs,
    finished_retrains,
    watch_switches,
    send_alerts,
    sign_ledger,
    follow_with_mlflow,
]
