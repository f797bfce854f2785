"""An export is asked for when there is news, and again where it did not get through."""

import sys
from dataclasses import replace
from datetime import timedelta

import dagster as dg
import pytest

from rul_platform.errors import LeftBehindError, MlflowError
from rul_platform.operation.mlflow_export.mark import MARK, Mark, write_mark
from rul_platform.orchestration.code_location import build_defs
from rul_platform.orchestration.reconciling import Failure
from rul_platform.orchestration.sensors.mlflow import (
    AGAIN,
    LEFT_AGAIN,
    export_to_mlflow,
    follow_with_mlflow,
)
from rul_platform_tests.orchestration.conftest import Works
from rul_platform_tests.orchestration.sensors.conftest import NOW, add_plant
from rul_platform_tests.orchestration.sensors.test_failures import tell
from rul_platform_tests.service.processes import free_port


@pytest.fixture
def wired(at_work: Works) -> Works:
    """An address where nobody answers."""
    uri = f"http://127.0.0.1:{free_port()}"
    at_work.home.settings = replace(at_work.home.settings, mlflow_uri=uri)
    return at_work


def tick(works: Works, cursor: str | None = None) -> dg.SensorResult:
    context = dg.build_sensor_context(
        instance=works.instance, cursor=cursor, resources={"home": works.home}
    )
    with context:
        told = follow_with_mlflow(context)
    assert isinstance(told, dg.SensorResult)
    return told


def test_without_a_server_nothing_is_asked(at_work: Works):
    said = tick(at_work).skip_reason

    assert said is not None
    assert said.skip_message == "RUL_MLFLOW_URI is not set"


def test_each_news_of_a_plant_asks_once(wired: Works):
    first = tick(wired)
    again = tick(wired, first.cursor)
    add_plant(wired, "lathe")
    news = tick(wired, first.cursor)

    assert [len(each.run_requests or ()) for each in (first, again, news)] == [1, 0, 1]


def test_what_is_exported_is_not_asked_for(wired: Works):
    write_mark(wired.home, Mark(ledger=wired.home.ledger.newest_about_plants()))
    assert tick(wired).skip_reason is not None

    (wired.home.folder / MARK).write_text("no mark", encoding="utf-8")
    assert tick(wired).run_requests


def test_a_run_that_did_not_get_through_is_asked_for_again_and_alerts_nobody(wired: Works):
    asked = tick(wired)
    definitions = build_defs(wired.home, executor=dg.in_process_executor)
    job = definitions.resolve_job_def(export_to_mlflow.name)

    done = job.execute_in_process(instance=wired.instance, raise_on_error=False)

    assert not done.success
    (failed,) = (event for event in done.all_events if event.is_step_failure)
    assert failed.step_failure_data.error is not None
    assert MlflowError.__name__ in str(failed.step_failure_data.error)
    tell(wired, done)
    assert wired.home.alerts.recent(5) == ()
    wired.home.now = lambda: NOW + AGAIN - timedelta(seconds=1)
    assert not tick(wired, asked.cursor).run_requests
    wired.home.now = lambda: NOW + AGAIN
    assert tick(wired, asked.cursor).run_requests


def test_while_an_export_is_unfinished_none_is_asked_for_and_its_news_waits_no_longer(wired: Works):
    first = tick(wired)
    job = build_defs(wired.home).resolve_job_def(export_to_mlflow.name)
    run = wired.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    add_plant(wired, "lathe")

    waiting = tick(wired, first.cursor)
    wired.instance.report_run_canceled(run)
    then = tick(wired, waiting.cursor or first.cursor)

    assert not waiting.run_requests
    assert waiting.cursor is None  # Dagster keeps the one before
    assert then.run_requests


def test_without_the_client_the_sensor_says_what_to_install(
    wired: Works, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "mlflow", None)

    said = tick(wired).skip_reason

    assert said is not None
    assert "pip install 'rul-platform[mlflow]'" in (said.skip_message or "")


def test_what_was_left_behind_is_asked_for_again_after_hours(wired: Works):
    asked = tick(wired)
    newest, left = wired.home.ledger.newest_about_plants(), frozenset({"press version 1: gone"})
    write_mark(wired.home, Mark(ledger=newest, problems=left))

    wired.home.now = lambda: NOW + LEFT_AGAIN - timedelta(seconds=1)
    assert not tick(wired, asked.cursor).run_requests
    wired.home.now = lambda: NOW + LEFT_AGAIN
    assert tick(wired, asked.cursor).run_requests


def test_what_was_left_behind_is_told_of():
    """A run that failed with it counts as broken, unlike one that found nobody."""
    failure = Failure("bring_mlflow_up_to_date", (LeftBehindError.__name__,), "")

    assert not failure.is_expected
    assert Failure("", (MlflowError.__name__,), "").is_expected
