"""MLflow follows what the ledger says of plants, where there is an MLflow server.

The export is a run of its own: a server that is down costs that run, and no deployment waits for it.
"""

import json
from datetime import datetime, timedelta

import dagster as dg

from rul_platform.storage.home import Home

AGAIN = timedelta(minutes=10)
"""After a run that did not get through; the ledger's next row asks sooner."""


@dg.op
def bring_mlflow_up_to_date(context: dg.OpExecutionContext, home: dg.ResourceParam[Home]) -> None:
    """Export every version, its figures and who is in charge; what is there already is left alone."""
    from rul_platform.errors import MlflowError
    from rul_platform.operation.mlflow_export.export import export

    uri = home.settings.mlflow_uri
    if uri is None:
        context.log.info("RUL_MLFLOW_URI is not set: nothing to do.")
        return
    done = export(home, uri)
    context.log.info(
        f"Runs: {done.runs}. Versions registered: {done.versions}. Aliases moved: {done.aliases}."
    )
    if done.problems:
        raise MlflowError("; ".join(done.problems))


@dg.job(description=bring_mlflow_up_to_date.description)
def export_to_mlflow() -> None:
    """One step."""
    bring_mlflow_up_to_date()


@dg.sensor(
    job_name=export_to_mlflow.name,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def follow_with_mlflow(
    context: dg.SensorEvaluationContext, home: dg.ResourceParam[Home]
) -> dg.SensorResult:
    """Ask for an export when the ledger has news of a plant, and again where the last one failed."""
    from rul_platform.operation.mlflow_export.mark import exported_row

    if home.settings.mlflow_uri is None:
        return dg.SensorResult(skip_reason="RUL_MLFLOW_URI is not set")
    newest, now = home.ledger.newest_about_plants(), home.now()
    if exported_row(home) == newest:
        return dg.SensorResult(skip_reason=f"MLflow has all up to row {newest}")
    if not is_time(context.cursor, newest, now):
        return dg.SensorResult(skip_reason=f"row {newest} was asked for; again after {AGAIN}")
    cursor = json.dumps({"row": newest, "at": now.isoformat()})
    return dg.SensorResult(
        run_requests=[dg.RunRequest(run_key=f"mlflow:{newest}:{now.isoformat()}")], cursor=cursor
    )


def is_time(cursor: str | None, newest: int, now: datetime) -> bool:
    """Whether this row was never asked for, or long enough ago."""
    if cursor is None:
        return True
    asked = json.loads(cursor)
    return asked["row"] < newest or now - datetime.fromisoformat(asked["at"]) >= AGAIN
