"""Runs that fail are told of, and the retrain that one carried out goes on or is closed."""

import dagster as dg

from rul_platform.operation.alerting import raise_alert
from rul_platform.orchestration import reconciling
from rul_platform.orchestration.sensors.endings import tell
from rul_platform.orchestration.step import RETRAIN_TAG
from rul_platform.storage.alerts import NewAlert
from rul_platform.storage.home import Home

WILL_RETRY, ROOT_RUN = "dagster/will_retry", "dagster/root_run_id"


@dg.run_failure_sensor(
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def failed_runs(context: dg.RunFailureSensorContext, home: dg.ResourceParam[Home]) -> None:
    """Raise an alert for a run that failed for good, and see to the retrain that it carried out.

    A run that Dagster will start again by itself is not told of; runs that follow each other so are
    told of once.
    """
    run, now = context.dagster_run, home.now()
    if run.tags.get(WILL_RETRY) == "true":
        return
    if RETRAIN_TAG in run.tags:
        number = int(run.tags[RETRAIN_TAG])
        reconciling.settle(home, context.instance, number, now)
        retrain = home.retrains.get(number)
        if not retrain.is_open:  # the gate said no, or the failure was final and is told of
            tell(home, retrain, now)
            return
    failure = reconciling.failure_of(context.instance, run.run_id)
    if not failure.is_expected:
        raise_alert(home, _alert(run, failure), now)


def _alert(run: dg.DagsterRun, failure: reconciling.Failure) -> NewAlert:
    root = run.tags.get(ROOT_RUN, run.run_id)
    plant = run.tags.get("dagster/partition", "")
    where = f" in {failure.step}" if failure.step else ""
    return NewAlert(
        key=f"run-failed:{root}",
        plant=plant if RETRAIN_TAG in run.tags else "",
        kind="run_failed",
        severity="warning" if RETRAIN_TAG in run.tags else "critical",
        title=f"Run {run.run_id[:8]} of {run.job_name} failed{where}",
        text=f"{failure.text} What was in charge before stays so. The run's own page in the UI has the "
        f"whole story: run {run.run_id}.",
    )
