"""What becomes of a retrain whose run is over, gone, or was never started."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from filelock import FileLock

from rul_platform.errors import RetrainStateError
from rul_platform.orchestration import retrain_runs
from rul_platform.orchestration.code_location import build_defs
from rul_platform.orchestration.instance import (
    LOCK,
)
from rul_platform.orchestration.pipeline import Pipeline
from rul_platform.orchestration.reconciling import (
    FIRST_WAIT,
    LOST_AFTER,
    MAX_ATTEMPTS,
    Failure,
    next_attempt_at,
    reconcile,
    settle,
)
from rul_platform.storage.home import Home
from rul_platform.storage.retrains import Retrain
from rul_platform_tests.orchestration.conftest import Works, settings_of

PLANT = "press"
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def works(tmp_path: Path) -> Iterator[Works]:
    """An empty home, and an instance in memory."""
    home = Home(settings_of(tmp_path / "home"))
    with dg.DagsterInstance.ephemeral() as instance:
        yield Works(home, instance, Pipeline(home, instance))
    home.engine.dispose()


def asked_for(works: Works) -> Retrain:
    snapshot = works.home.snapshots.keep(works.home.configured(PLANT), NOW)
    return works.home.retrains.open(
        plant=PLANT, trigger="forced", watermark=None, snapshot=snapshot, cause={}, now=NOW
    )


def run(works: Works, retrain: Retrain, status: dg.DagsterRunStatus, **more: str) -> dg.DagsterRun:
    """A run of this attempt, as the daemon would have made it."""
    return works.instance.create_run_for_job(
        build_defs(works.home).resolve_job_def("retrain_plant"),
        status=status,
        tags=retrain_runs.tags(retrain) | more,
    )


def claimed(works: Works, status: dg.DagsterRunStatus) -> tuple[Retrain, dg.DagsterRun]:
    retrain = asked_for(works)
    made = run(works, retrain, status)
    return start(works, retrain, made), made


def start(works: Works, retrain: Retrain, made: dg.DagsterRun) -> Retrain:
    return works.home.retrains.start(
        retrain.id, attempt=retrain.attempt, run_id=made.run_id, now=NOW
    )


def judged(works: Works, retrain: Retrain, verdict: str) -> None:
    """The gate said so of a candidate of this retrain."""
    version = works.home.registry.register(PLANT, "b" * 64, now=NOW)
    works.home.gates.record(
        plant=PLANT,
        number=version.number,
        sha256=version.sha256,
        verdict=verdict,
        record={},
        report="c" * 64,
        retrain_id=retrain.id,
        now=NOW,
    )


def test_a_retrain_without_a_run_waits_for_one(works: Works):
    retrain = asked_for(works)
    assert settle(works.home, works.instance, retrain.id, LATER) == "attempt 1 waits for its run"
    assert works.home.retrains.get(retrain.id) == retrain


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTED])
def test_a_live_run_is_left_alone(works: Works, status: dg.DagsterRunStatus):
    retrain, _ = claimed(works, status)
    assert "is " + status.value.lower() in settle(works.home, works.instance, retrain.id, LATER)
    assert works.home.retrains.get(retrain.id) == retrain


def test_a_failed_run_is_followed_by_another_attempt_after_a_while(works: Works):
    retrain, _ = claimed(works, dg.DagsterRunStatus.FAILURE)
    soon = NOW + FIRST_WAIT / 2
    assert "may begin at 12:05 UTC" in settle(works.home, works.instance, retrain.id, soon)
    assert settle(works.home, works.instance, retrain.id, LATER) == "attempt 2 is asked for"
    again = works.home.retrains.get(retrain.id)
    assert (again.state, again.attempt, again.run_id) == ("requested", 2, None)


def test_each_wait_is_twice_the_one_before(works: Works):
    retrain, _ = claimed(works, dg.DagsterRunStatus.FAILURE)
    assert next_attempt_at(retrain) == NOW + FIRST_WAIT
    works.home.retrains.ask_again(retrain.id, attempt=1)
    assert next_attempt_at(works.home.retrains.get(retrain.id)) == NOW + 2 * FIRST_WAIT


def test_a_run_that_failed_before_its_first_step_counts_as_an_attempt(works: Works):
    retrain = asked_for(works)
    run(works, retrain, dg.DagsterRunStatus.FAILURE)
    assert settle(works.home, works.instance, retrain.id, LATER) == "attempt 2 is asked for"


def test_after_the_last_attempt_it_is_closed_with_one_alert(works: Works):
    retrain = asked_for(works)
    for _ in range(MAX_ATTEMPTS):
        retrain = works.home.retrains.get(retrain.id)
        start(works, retrain, run(works, retrain, dg.DagsterRunStatus.FAILURE))
        for _ in range(2):
            reconcile(works.home, works.instance, LATER)
    closed = works.home.retrains.get(retrain.id)
    assert (closed.state, closed.attempt) == ("failed", MAX_ATTEMPTS)
    (alert,) = works.home.alerts.recent(10)
    assert alert.kind == "retrain_failed"
    assert alert.repeats == 0
    assert "The champion stays in charge" in alert.text


def test_a_deleted_run_is_followed_by_another_attempt(works: Works):
    retrain, made = claimed(works, dg.DagsterRunStatus.STARTED)
    works.instance.delete_run(made.run_id)
    assert settle(works.home, works.instance, retrain.id, LATER) == "attempt 2 is asked for"


def test_a_run_that_only_a_command_at_work_can_know_is_left_alone_for_half_a_day(works: Works):
    retrain, made = claimed(works, dg.DagsterRunStatus.STARTED)
    works.instance.delete_run(made.run_id)
    works.home.dagster.mkdir()
    with FileLock(works.home.dagster / LOCK):
        said = settle(works.home, works.instance, retrain.id, LATER)
        assert said == f"run {made.run_id} is not known here"
        lost = NOW + LOST_AFTER
        assert settle(works.home, works.instance, retrain.id, lost) == "attempt 2 is asked for"


def test_a_cancelled_run_ends_the_retrain(works: Works):
    retrain, _ = claimed(works, dg.DagsterRunStatus.CANCELED)
    assert settle(works.home, works.instance, retrain.id, LATER) == "cancelled"
    assert works.home.retrains.current(PLANT) is None


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE])
@pytest.mark.parametrize(
    ("verdict", "end"), [("HOLD", "held"), ("REJECT", "rejected"), ("IN_CHARGE", "rejected")]
)
def test_what_the_gate_said_ends_it_however_the_run_ended(
    works: Works, status: dg.DagsterRunStatus, verdict: str, end: str
):
    retrain, _ = claimed(works, status)
    judged(works, retrain, verdict)
    assert settle(works.home, works.instance, retrain.id, NOW) == end
    closed = works.home.retrains.get(retrain.id)
    assert (closed.state, closed.verdict) == (end, verdict)


def test_a_promoted_candidate_whose_deployment_failed_is_tried_again(works: Works):
    retrain, _ = claimed(works, dg.DagsterRunStatus.FAILURE)
    judged(works, retrain, "PROMOTE")
    assert settle(works.home, works.instance, retrain.id, LATER) == "attempt 2 is asked for"


def test_what_is_over_stays_so(works: Works):
    retrain, _ = claimed(works, dg.DagsterRunStatus.FAILURE)
    works.home.retrains.close(retrain.id, "deployed", verdict="PROMOTE", now=NOW)
    assert settle(works.home, works.instance, retrain.id, LATER) == "deployed"
    assert reconcile(works.home, works.instance, LATER) == ()


def test_the_run_of_an_attempt_that_was_given_up_cannot_claim_it(works: Works):
    retrain, made = claimed(works, dg.DagsterRunStatus.FAILURE)
    settle(works.home, works.instance, retrain.id, LATER)
    with pytest.raises(RetrainStateError, match="requested, attempt 2"):
        start(works, retrain, made)


@pytest.mark.parametrize(
    ("classes", "is_final", "is_expected"),
    [
        (("DagsterExecutionStepExecutionError", "TooFewUnitsError"), True, False),
        (("DagsterExecutionStepExecutionError", "DatabaseUnreachableError"), False, False),
        (("DagsterExecutionStepExecutionError", "StoreFullError"), False, False),
        (("DagsterExecutionStepExecutionError", "ChampionChangedError"), False, False),
        (("DagsterExecutionStepExecutionError", "FrozenError"), False, False),
        (("DagsterExecutionStepExecutionError", "LineageError"), True, False),
        (("DagsterExecutionStepExecutionError", "GateRefusedError"), True, True),
        (("DagsterExecutionStepExecutionError", "RetrainStateError"), False, True),
        (("DagsterExecutionStepExecutionError", "KeyError"), False, False),
        (("DagsterAssetCheckFailedError",), True, False),
        ((), False, False),
    ],
)
def test_a_refusal_is_final_and_everything_else_may_pass(
    classes: tuple[str, ...], is_final: bool, is_expected: bool
):
    failure = Failure("finetuned_model", classes, "")
    assert (failure.is_final, failure.is_expected) == (is_final, is_expected)
