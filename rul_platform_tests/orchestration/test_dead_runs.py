"""Runs that count as unfinished although nobody is at them any more: they keep no retrain open."""

from datetime import timedelta

import dagster as dg
import pytest
from filelock import FileLock

from rul_platform.orchestration.instance import (
    COMMAND_LINE,
    KILLED,
    LOCK,
    STARTED_BY,
    fail_dead_runs,
)
from rul_platform.orchestration.reconciling import LOST_AFTER, failure_of, running_since, settle
from rul_platform_tests.orchestration.conftest import Works
from rul_platform_tests.orchestration.test_reconciling import (
    LATER,
    NOW,
    asked_for,
    claimed,
    run,
    start,
    works,
)

__all__ = ["works"]


def status_of(works: Works, made: dg.DagsterRun) -> dg.DagsterRunStatus:
    found = works.instance.get_run_by_id(made.run_id)
    assert found is not None
    return found.status


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED])
def test_a_run_that_is_not_over_after_half_a_day_is_dead(works: Works, status: dg.DagsterRunStatus):
    """The machine lost power, and nothing but cron has looked since."""
    retrain, made = claimed(works, status)
    lost = NOW + LOST_AFTER
    assert running_since(works.instance, retrain) == NOW
    said = settle(works.home, works.instance, retrain.id, lost - timedelta(seconds=1))
    assert said == f"run {made.run_id} is {status.value.lower()} since 2026-03-02 12:00 UTC"
    assert settle(works.home, works.instance, retrain.id, lost) == "attempt 2 is asked for"
    assert status_of(works, made) is dg.DagsterRunStatus.FAILURE
    text = failure_of(works.instance, made.run_id).text
    assert text == "It was not over after 12 hours, so it was taken for dead."
    assert running_since(works.instance, works.home.retrains.get(retrain.id)) is None


def test_a_run_that_claimed_nothing_is_counted_from_when_dagster_took_it_in(works: Works):
    """However long ago the retrain was asked for: the daemon may have been off."""
    retrain = asked_for(works)
    made = run(works, retrain, dg.DagsterRunStatus.NOT_STARTED)
    record = works.instance.get_run_record_by_id(made.run_id)
    assert record is not None
    lost = record.create_timestamp + LOST_AFTER
    said = settle(works.home, works.instance, retrain.id, lost - timedelta(seconds=1))
    assert "is not_started since" in said
    assert settle(works.home, works.instance, retrain.id, lost) == "attempt 2 is asked for"
    assert status_of(works, made) is dg.DagsterRunStatus.FAILURE


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTED])
def test_the_run_of_a_command_that_is_gone_is_dead_at_once(
    works: Works, status: dg.DagsterRunStatus
):
    retrain = asked_for(works)
    made = run(works, retrain, status, **{STARTED_BY: COMMAND_LINE})
    start(works, retrain, made)
    works.home.dagster.mkdir()
    with FileLock(works.home.dagster / LOCK):
        assert status.value.lower() in settle(works.home, works.instance, retrain.id, LATER)
    assert settle(works.home, works.instance, retrain.id, LATER) == "attempt 2 is asked for"
    assert failure_of(works.instance, made.run_id).text == KILLED


def test_whoever_opens_the_instance_fails_whatever_a_killed_command_left(works: Works):
    retrain = asked_for(works)
    left = run(works, retrain, dg.DagsterRunStatus.NOT_STARTED, **{STARTED_BY: COMMAND_LINE})
    daemons = run(works, retrain, dg.DagsterRunStatus.NOT_STARTED)
    fail_dead_runs(works.instance)
    assert status_of(works, left) is dg.DagsterRunStatus.FAILURE
    assert status_of(works, daemons) is dg.DagsterRunStatus.NOT_STARTED
