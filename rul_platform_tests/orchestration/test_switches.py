"""Who switched a sensor off is not known; that it was switched is."""

# ruff: noqa: TID251  what Dagster's pages do has no public name

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.remote_origin import (
    InProcessCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    InstigatorType,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from rul_platform.orchestration import switches
from rul_platform.orchestration.instance import switched_unseen
from rul_platform.orchestration.sensors import SENSORS
from rul_platform.orchestration.sensors.switches import watch_switches
from rul_platform_tests.orchestration.conftest import Works, works_in

NAME = "guard_champions"


@pytest.fixture
def works(tmp_path: Path) -> Iterator[Works]:
    with works_in(tmp_path / "home") as opened:
        yield opened


def switch(instance: dg.DagsterInstance, status: InstigatorStatus) -> None:
    """As Dagster's pages do."""
    location = InProcessCodeLocationOrigin(LoadableTargetOrigin(module_name="rul_platform"))
    origin = RemoteInstigatorOrigin(RemoteRepositoryOrigin(location, "__repository__"), NAME)
    state = InstigatorState(origin, InstigatorType.SENSOR, status)
    if instance.get_instigator_state(state.instigator_origin_id, state.selector_id):
        instance.update_instigator_state(state)
    else:
        instance.add_instigator_state(state)


def test_every_sensor_runs_unless_somebody_stops_it():
    """What the ledger takes for granted where it says nothing."""
    defaults = {sensor.name: sensor.default_status for sensor in SENSORS}
    assert set(defaults.values()) == {dg.DefaultSensorStatus.RUNNING}


def test_a_sensor_that_was_switched_off_is_noted_once_and_alerts(works: Works):
    home, instance = works.home, works.instance
    assert switches.note(home, instance, home.now()) == ()
    switch(instance, InstigatorStatus.STOPPED)
    assert [problem.where for problem in switches.problems(home, instance)] == [NAME]

    with dg.build_sensor_context(instance=instance, resources={"home": home}) as context:
        skipped = watch_switches(context)
    assert skipped.skip_message == f"{NAME}: running → stopped"
    (row,) = home.ledger.of_kind("sensor")
    assert f'"name":"{NAME}"' in row.body
    assert [alert.severity for alert in home.alerts.recent(5)] == ["critical"]
    assert switches.problems(home, instance) == ()
    assert switches.note(home, instance, home.now()) == ()

    switch(instance, InstigatorStatus.RUNNING)
    (back,) = switches.note(home, instance, home.now())
    assert (back.before, back.now) == ("stopped", "running")


def test_an_audit_sees_it_where_no_sensor_did(works: Works):
    assert switched_unseen(works.home) == ()
    switch(works.instance, InstigatorStatus.STOPPED)
    (problem,) = switched_unseen(works.home)
    assert "it is stopped, and the ledger says running" in problem.what
