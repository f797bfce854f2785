"""MLflow follows what the ledger says of plants, where there is an MLflow server.

The export is a run of its own: a server that is down costs that run, and no deployment waits for it.
"""

import json
from datetime import datetime, timedelta
from importlib.util import find_spec

import dagster as dg

from rul_platform.orchestration.instance import UNFINISHED
from rul_platform.storage.home import Home

AGAIN = timedelta(minutes=10)
"""After a run that did not get through; the ledger's next row asks sooner."""
LEFT_AGAIN = timedelta(hours=6)
"""After one that left something behind: only somebody's hand changes that, here or there."""


@dg.op
def bring_mlflow_up_to_date(context: dg.OpExecutionContext, home: dg.ResourceParam[Home]) -> None:
    """Export every version, its figures and who is in charge; what is there already is left alone."""
    from rul_platform.errors import LeftBehindError
    from rul_platform.operation.mlflow_export.export import export
    from rul_platform.operation.mlflow_export.mark import read_mark

    uri = home.settings.mlflow_uri
    if uri is None:
        context.log.info("RUL_MLFLOW_URI is not set: nothing to do.")
        return
    known = read_mark(home).problems
    done = export(home, uri)
    context.log.info(
        f"Runs: {done.runs}. Versions registered: {done.versions}. Aliases moved: {done.aliases}."
    )
    for problem in done.problems:
        context.log.warning(f"Left behind: {problem}")
    if new := sorted(set(done.problems) - known):  # the others were told of before
        raise LeftBehindError(new)


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
    """Ask for an export when the ledger has news of a plant, and again where the last one failed.

    While one is unfinished none is asked for, and the cursor stays: it may have passed by the news.
    """
    from rul_platform.errors import MissingExtraError
    from rul_platform.operation.mlflow_export.mark import read_mark

    if home.settings.mlflow_uri is None:
        return dg.SensorResult(skip_reason="RUL_MLFLOW_URI is not set")
    if find_spec("mlflow") is None:
        missing = MissingExtraError("RUL_MLFLOW_URI", package="mlflow-skinny", extra="mlflow")
        return dg.SensorResult(skip_reason=str(missing))
    newest, now, mark = home.ledger.newest_about_plants(), home.now(), read_mark(home)
    is_there, again = mark.ledger == newest, AGAIN
    if is_there and not mark.problems:
        return dg.SensorResult(skip_reason=f"MLflow has all up to row {newest}")
    if is_there:
        again = LEFT_AGAIN
    if not is_time(context.cursor, newest, now, again):
        return dg.SensorResult(skip_reason=f"row {newest} was asked for; again after {again}")
    at_work = dg.RunsFilter(job_name=export_to_mlflow.name, statuses=UNFINISHED)
    if context.instance.get_runs(at_work, limit=1):
        return dg.SensorResult(skip_reason="an export is at work; asked again when it is over")
    cursor = json.dumps({"row": newest, "at": now.isoformat()})
    return dg.SensorResult(
        run_requests=[dg.RunRequest(run_key=f"mlflow:{newest}:{now.isoformat()}")], cursor=cursor
    )


def is_time(cursor: str | None, newest: int, now: datetime, again: timedelta) -> bool:
    """Whether this row was never asked for, or long enough ago."""
    if cursor is None:
        return True
    asked = json.loads(cursor)
    return asked["row"] < newest or now - datetime.fromisoformat(asked["at"]) >= again
