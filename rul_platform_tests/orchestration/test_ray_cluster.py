"""Two machines: the same models as on one, and a machine that dies costs no more than its own step."""

from collections.abc import Iterator

import dagster as dg
import pytest

from rul_platform.orchestration.pipeline import Pipeline, Stage
from rul_platform.orchestration.ray_steps import GIVEN_UP, MAX_LOST
from rul_platform.storage.plant_examples import write_simulated_pumps
from rul_platform_tests.orchestration.conftest import BRIEFLY, PRETRAINING, TURBOFANS
from rul_platform_tests.ray_cluster import (
    PATIENT,
    Cluster,
    Place,
    cluster,
    production,
    wait_for,
)
from rul_platform_tests.service.processes import free_port

pytestmark = pytest.mark.long

PLANTS = ("north", "south")
MODEL = "finetuned_model"
CONFIG = {**BRIEFLY, "steps": 60, "scratch_steps": 60}


ADDRESS = f"http://127.0.0.1:{free_port()}"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Two plants with their windows and something to start from."""
    pytest.importorskip("dagster_ray")
    with production(tmp_path_factory.mktemp("cluster"), ADDRESS) as place:
        with place.instance() as instance:
            pipeline = Pipeline(place.home, instance)
            for stage in (TURBOFANS, PRETRAINING):
                pipeline.run(stage)
            for plant in PLANTS:
                write_simulated_pumps(place.home.plants, name=plant)
                pipeline.run(Stage(("plant_readings", "plant_windows"), plant))
        yield place


@pytest.fixture
def ground(place: Place) -> Iterator[tuple[Place, Cluster]]:
    """That, and two nodes of one CPU each."""
    with cluster(place, ADDRESS, nodes=2) as found:
        yield place, found


def trained_here(place: Place) -> dict[str, str]:
    """The models as one process on one machine makes them."""
    with place.instance() as instance:
        pipeline = Pipeline(place.home, instance)
        for plant in PLANTS:
            pipeline.run(Stage((MODEL,), plant, {MODEL: CONFIG}))
    return {plant: place.made(MODEL, plant) for plant in PLANTS}


def test_two_nodes_make_the_very_models_that_one_machine_makes(ground: tuple[Place, Cluster]):
    place, nodes = ground
    here = trained_here(place)

    for run in [place.start(MODEL, plant, CONFIG) for plant in PLANTS]:
        run.end()

    assert {plant: place.made(MODEL, plant) for plant in PLANTS} == here
    trainings = [each for each in nodes.jobs() if each["metadata"]["dagster/op"] == MODEL]
    assert len({each["driver_node_id"] for each in trainings}) == 2


def test_a_node_that_dies_costs_its_own_step_only(ground: tuple[Place, Cluster]):
    place, nodes = ground
    before = {each["submission_id"] for each in nodes.jobs()}
    longer = {**CONFIG, "seed": 1, "steps": 150, "scratch_steps": 150}
    runs = [place.start(MODEL, plant, longer) for plant in PLANTS]
    wait_for(lambda: len(running(nodes, before)) == len(PLANTS))
    (lost,) = (job for job in running(nodes, before) if job["driver_node_id"] != nodes.head_id())

    nodes.nodes[1].kill()
    for run in runs:
        run.end()

    with place.instance() as instance:
        again = {
            run.run_id: len(instance.all_logs(run.run_id, dg.DagsterEventType.STEP_RESTARTED))
            for run in instance.get_runs(limit=len(PLANTS))
        }
    assert again.pop(lost["metadata"]["dagster/run-id"]) == 1
    assert set(again.values()) == {0}
    made = {plant: place.made(MODEL, plant) for plant in PLANTS}
    with place.instance() as instance:
        Pipeline(place.home, instance).run(Stage((MODEL,), PLANTS[0], {MODEL: longer}))
    assert place.made(MODEL, PLANTS[0]) == made[PLANTS[0]]


def running(nodes: Cluster, before: set[str]) -> list[dict[str, object]]:
    """Trainings under way that were submitted since."""
    return [
        each
        for each in nodes.jobs()
        if each["submission_id"] not in before
        and each["metadata"]["dagster/op"] == MODEL
        and each["status"] == "RUNNING"
        and each["driver_node_id"]
    ]


def test_a_step_waits_for_room_longer_than_ray_would(place: Place):
    """While another job holds the only core, the step is given up time and again."""
    from ray.job_submission import JobSubmissionClient

    patience = {**PATIENT, "RAY_JOB_START_TIMEOUT_SECONDS": "45"}  # a busy machine takes 20
    with cluster(place, ADDRESS, nodes=1, patience=patience) as node:
        client = JobSubmissionClient(ADDRESS)
        other = client.submit_job(entrypoint="sleep 3600", entrypoint_num_cpus=1)
        wait_for(lambda: client.get_job_status(other) == "RUNNING")
        run = place.start(MODEL, PLANTS[0], {**CONFIG, "seed": 2})
        wait_for(lambda: given_up(node) > MAX_LOST)
        client.stop_job(other)
        run.end()

    with place.instance() as instance:
        (newest,) = instance.get_runs(limit=1)
        began_anew = instance.all_logs(newest.run_id, dg.DagsterEventType.STEP_RESTARTED)
    assert not began_anew, "waiting costs no attempt"


def given_up(nodes: Cluster) -> int:
    """How many jobs of trainings found no room in time."""
    return sum(
        each["error_type"] == GIVEN_UP and (each["metadata"] or {}).get("dagster/op") == MODEL
        for each in nodes.jobs()
    )
