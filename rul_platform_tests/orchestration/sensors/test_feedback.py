"""Feedback asks for one retrain, and the retrain for one run at a time."""

import dagster as dg

from rul_platform.orchestration import retrain_runs
from rul_platform.orchestration.code_location import build_defs
from rul_platform.orchestration.reconciling import FIRST_WAIT
from rul_platform.orchestration.sensors.feedback import retrain_on_feedback
from rul_platform.orchestration.step import ATTEMPT_TAG, RETRAIN_TAG
from rul_platform.storage.home import Home
from rul_platform_tests.orchestration.conftest import Works
from rul_platform_tests.orchestration.sensors.conftest import (
    EASY,
    NOW,
    PLANT,
    rate,
    set_policy,
    tick,
    words,
)


def requests(works: Works, cursor: str | None = None) -> list[dg.RunRequest]:
    result = tick(retrain_on_feedback, works, cursor)
    assert isinstance(result, dg.SensorResult)
    return list(result.run_requests or [])


def launch(works: Works, request: dg.RunRequest, status: dg.DagsterRunStatus) -> dg.DagsterRun:
    """The run that the daemon makes of a request."""
    job = build_defs(works.home).resolve_job_def("retrain_plant")
    return works.instance.create_run_for_job(job, status=status, tags=dict(request.tags))


def test_a_home_without_models_says_so(empty: Works):
    assert words(tick(retrain_on_feedback, empty)) == "no plant has a model in charge yet"


def test_a_plant_that_is_content_says_what_it_is_held_against(at_work: Works):
    rate(at_work.home, PLANT, negative=2)
    said = words(tick(retrain_on_feedback, at_work))
    assert said.startswith(f"{PLANT}: ")
    assert "2" in said


def test_feedback_that_asks_for_it_gets_one_run_with_all_its_facts(at_work: Works):
    rate(at_work.home, PLANT, negative=4)
    (request,) = requests(at_work)
    (retrain,) = at_work.home.retrains.open_requests()
    assert request.run_key == f"retrain-{retrain.id}-1"
    assert request.partition_key == PLANT
    assert request.job_name == "retrain_plant"
    assert request.tags["rul/trigger"] == "feedback"
    assert request.tags["rul/snapshot"] == retrain.snapshot
    assert (request.tags[RETRAIN_TAG], request.tags[ATTEMPT_TAG]) == (str(retrain.id), "1")
    assert request.run_config["ops"]["finetuned_model"]["config"]["start"] == "best"


def test_the_run_configuration_is_one_that_the_job_takes(at_work: Works):
    rate(at_work.home, PLANT, negative=4)
    set_policy(at_work.home, EASY | {"epochs": 3, "learning_rate": 0.001})
    (request,) = requests(at_work)
    job = build_defs(at_work.home).resolve_job_def("retrain_plant")
    assert dg.validate_run_config(job, request.run_config)
    assert request.run_config["ops"]["finetuned_model"]["config"]["epochs"] == 3


def test_a_request_that_was_lost_is_made_again_and_opens_nothing_new(at_work: Works):
    """The daemon died between our commit and its own; its cursor was reset; it is another one."""
    rate(at_work.home, PLANT, negative=4)
    first, second = requests(at_work), requests(at_work, cursor="something else")
    assert [r.run_key for r in first] == [r.run_key for r in second] == ["retrain-1-1"]
    assert len(at_work.home.retrains.history(PLANT)) == 1


def test_two_evaluators_on_one_database_open_one_retrain(at_work: Works):
    rate(at_work.home, PLANT, negative=4)
    other = Home(at_work.home.settings, clock=lambda: NOW)
    with dg.DagsterInstance.ephemeral() as instance:
        twice = requests(at_work) + requests(Works(other, instance, at_work.pipeline))
    other.engine.dispose()
    assert {request.run_key for request in twice} == {"retrain-1-1"}
    assert len(at_work.home.retrains.history(PLANT)) == 1


def test_a_live_run_is_not_asked_for_again(at_work: Works):
    rate(at_work.home, PLANT, negative=4)
    (request,) = requests(at_work)
    launch(at_work, request, dg.DagsterRunStatus.STARTED)
    said = words(tick(retrain_on_feedback, at_work))
    assert "is started" in said
    assert "retrain 1 of press" in said


def test_a_run_that_was_deleted_before_it_began_is_asked_for_again(at_work: Works):
    rate(at_work.home, PLANT, negative=4)
    (request,) = requests(at_work)
    at_work.instance.delete_run(launch(at_work, request, dg.DagsterRunStatus.STARTED).run_id)
    assert [r.run_key for r in requests(at_work)] == ["retrain-1-1"]


def test_a_worker_that_was_killed_gets_a_second_attempt_and_the_first_run_has_no_say(
    at_work: Works,
):
    rate(at_work.home, PLANT, negative=4)
    (request,) = requests(at_work)
    run = launch(at_work, request, dg.DagsterRunStatus.FAILURE)
    at_work.home.retrains.start(1, attempt=1, run_id=run.run_id, now=NOW)
    assert requests(at_work) == []
    at_work.home.now = lambda: NOW + FIRST_WAIT
    (again,) = requests(at_work)
    assert (again.run_key, again.tags[ATTEMPT_TAG]) == ("retrain-1-2", "2")
    retrain = at_work.home.retrains.get(1)
    assert retrain_runs.run_of(at_work.instance, retrain) is None


def test_wrong_settings_are_told_and_alerted_and_open_retrains_still_get_their_run(at_work: Works):
    rate(at_work.home, PLANT, negative=4)
    requests(at_work)
    set_policy(at_work.home, EASY | {"min_feedback": 0})
    (request,) = requests(at_work)
    assert request.run_key == "retrain-1-1"
    (alert,) = [a for a in at_work.home.alerts.recent(10) if a.kind == "sensor_failed"]
    assert "min_feedback is 0" in alert.text
