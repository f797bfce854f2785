"""Runs that fail for good are told of once."""

import dagster as dg
import pytest
import sqlalchemy as sa

from rul_platform.errors import TooFewUnitsError
from rul_platform.orchestration import retrain_runs
from rul_platform.orchestration.sensors.endings import finished_retrains
from rul_platform.orchestration.sensors.failures import failed_runs
from rul_platform.storage.retrains import Retrain
from rul_platform_tests.orchestration.conftest import Works
from rul_platform_tests.orchestration.sensors.conftest import NOW, PLANT


@dg.op
def refuse() -> None:
    raise TooFewUnitsError("plant p", found=2, needed=3, what="units that ran to failure")


@dg.job
def refusing() -> None:
    refuse()


@dg.op
def ask() -> None:
    with sa.create_engine("sqlite://").connect() as connection:
        connection.execute(sa.text("SELECT reason FROM nowhere WHERE person = :p"), {"p": "ann"})


@dg.job
def asking() -> None:
    ask()


@dg.op
def pass_by() -> None:
    """Nothing."""


@dg.job
def passing() -> None:
    pass_by()


def fail(works: Works, **tags: str) -> dg.ExecuteInProcessResult:
    return refusing.execute_in_process(instance=works.instance, raise_on_error=False, tags=tags)


def tell(works: Works, result: dg.ExecuteInProcessResult) -> None:
    """The sensor sees the failure, as the daemon shows it."""
    run = works.instance.get_run_by_id(result.run_id)
    assert run is not None
    event = result.get_run_failure_event()
    with dg.build_run_status_sensor_context(
        sensor_name="failed_runs",
        dagster_instance=works.instance,
        dagster_run=run,
        dagster_event=event,
    ) as context:
        failed_runs(context.for_run_failure(), home=works.home)


def test_a_failed_run_is_told_with_its_step_and_its_error(at_work: Works):
    result = fail(at_work)
    tell(at_work, result)
    (alert,) = at_work.home.alerts.recent(10)
    assert alert.title == f"Run {result.run_id[:8]} of refusing failed in refuse"
    assert "TooFewUnitsError" in alert.text
    assert "2 units that ran to failure" in alert.text
    assert result.run_id in alert.text


def test_what_the_database_was_asked_and_told_stays_here(at_work: Works):
    result = asking.execute_in_process(instance=at_work.instance, raise_on_error=False)
    tell(at_work, result)
    (alert,) = at_work.home.alerts.recent(10)
    assert "OperationalError) no such table: nowhere. What was in charge" in alert.text
    assert "SELECT" not in alert.text
    assert "ann" not in alert.text


def test_a_run_that_dagster_starts_again_is_not_told_of(at_work: Works):
    result = fail(at_work)
    at_work.instance.add_run_tags(result.run_id, {"dagster/will_retry": "true"})
    tell(at_work, result)
    assert at_work.home.alerts.recent(10) == ()


def test_runs_that_follow_each_other_are_told_of_once(at_work: Works):
    first = fail(at_work)
    tell(at_work, first)
    tell(at_work, fail(at_work, **{"dagster/root_run_id": first.run_id}))
    (alert,) = at_work.home.alerts.recent(10)
    assert alert.repeats == 1


def carried_out(works: Works, result: dg.ExecuteInProcessResult, retrain: Retrain) -> None:
    works.home.retrains.start(retrain.id, attempt=1, run_id=result.run_id, now=NOW)


@pytest.fixture
def retrain(at_work: Works) -> Retrain:
    snapshot = at_work.home.snapshots.keep(at_work.home.configured(PLANT), NOW)
    return at_work.home.retrains.open(
        plant=PLANT, trigger="forced", watermark=None, snapshot=snapshot, cause={}, now=NOW
    )


@pytest.mark.parametrize("told", [1, 2])
def test_a_retrain_whose_run_was_refused_is_closed_and_told_of_once(
    at_work: Works, retrain: Retrain, told: int
):
    result = fail(at_work, **retrain_runs.tags(retrain))
    carried_out(at_work, result, retrain)
    for _ in range(told):
        tell(at_work, result)
    assert at_work.home.retrains.get(retrain.id).state == "failed"
    (alert,) = at_work.home.alerts.recent(10)
    assert (alert.kind, alert.repeats) == ("retrain_failed", 0)
    assert result.run_id in alert.text


@pytest.mark.parametrize(
    ("state", "verdict", "said"),
    [
        ("deployed", "PROMOTE", "its model is in charge now"),
        ("held", "HOLD", "waits for a person"),
        ("rejected", "REJECT", "the champion stays in charge"),
    ],
)
def test_the_end_of_a_retrain_is_told_with_what_the_gate_said(
    at_work: Works, retrain: Retrain, state: str, verdict: str, said: str
):
    result = passing.execute_in_process(instance=at_work.instance, tags=retrain_runs.tags(retrain))
    carried_out(at_work, result, retrain)
    at_work.home.retrains.close(retrain.id, state, verdict=verdict, now=NOW)
    run = at_work.instance.get_run_by_id(result.run_id)
    assert run is not None
    with dg.build_run_status_sensor_context(
        sensor_name="finished_retrains",
        dagster_instance=at_work.instance,
        dagster_run=run,
        dagster_event=result.get_run_success_event(),
    ) as context:
        finished_retrains(context, home=at_work.home)
        finished_retrains(context, home=at_work.home)
    (alert,) = at_work.home.alerts.recent(10)
    assert alert.title == f"{PLANT}: retrain {retrain.id} ended: {state}"
    assert f"The gate said {verdict}: " in alert.text
    assert said in alert.text
