"""That a sensor was switched off is known, and by whom where a command did it."""

# ruff: noqa: TID251  what Dagster's pages do has no public name

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
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

from rul_platform.errors import SwitchError
from rul_platform.orchestration import switches
from rul_platform.orchestration.instance import in_force_folder, switched_unseen
from rul_platform.orchestration.sensors import SENSORS
from rul_platform.orchestration.sensors.switches import watch_switches
from rul_platform.storage.home import Home
from rul_platform_tests.orchestration.conftest import Works, works_in

NAME = "guard_champions"
ANN = "a" * 64


@pytest.fixture
def works(tmp_path: Path) -> Iterator[Works]:
    with works_in(tmp_path / "home") as opened:
        yield opened


def switch(instance: dg.DagsterInstance, status: InstigatorStatus, name: str = NAME) -> None:
    """As Dagster's pages do."""
    location = InProcessCodeLocationOrigin(LoadableTargetOrigin(module_name="rul_platform"))
    origin = RemoteInstigatorOrigin(RemoteRepositoryOrigin(location, "__repository__"), name)
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


def turned(works: Works, to: str, carry_out: Callable[[str], None], name: str = NAME) -> None:
    by_ann = {"actor": ANN, "reason": "maintenance", "now": works.home.now()}
    switches.turn(works.home, works.instance, name, to=to, carry_out=carry_out, **by_ann)


def rows(works: Works) -> list[tuple[str, str, str]]:
    told = [json.loads(row.body) for row in works.home.ledger.of_kind("sensor")]
    return [(body["before"], body["now"], body["actor"]) for body in told]


def test_what_a_person_switches_stands_in_the_ledger_with_name_and_reason(works: Works):
    home, instance = works.home, works.instance

    turned(works, "stopped", lambda _: switch(instance, InstigatorStatus.STOPPED))

    (row,) = home.ledger.of_kind("sensor")
    assert json.loads(row.body) == {
        "name": NAME, "before": "running", "now": "stopped", "actor": ANN, "reason": "maintenance",
    }  # fmt: skip
    (alert,) = home.alerts.recent(5)
    assert (alert.title, "maintenance" in alert.text) == (f"{NAME} was switched off", False)
    (stands,) = [each for each in switches.standings(home, instance) if each.name == NAME]
    assert (stands.kind, stands.now, stands.actor) == ("sensor", "stopped", ANN)
    later = home.now() + 2 * switches.UNDER_WAY
    assert switches.note(home, instance, later) == ()
    assert switches.problems(home, instance) == ()

    turned(works, "running", lambda _: switch(instance, InstigatorStatus.RUNNING))
    assert rows(works)[1:] == [("stopped", "running", ANN)]


def test_while_it_is_under_way_nobody_takes_it_for_another_switch(works: Works):
    """The ledger is first; Dagster takes seconds to start."""
    home, instance = works.home, works.instance

    def slowly(_: str) -> None:
        assert switches.note(home, instance, home.now()) == ()
        assert switches.problems(home, instance) == ()
        switch(instance, InstigatorStatus.STOPPED)

    turned(works, "stopped", slowly)
    assert rows(works) == [("running", "stopped", ANN)]


def test_what_was_switched_behind_a_person_s_back_is_noted_after_a_while(works: Works):
    home, instance = works.home, works.instance
    turned(works, "stopped", lambda _: switch(instance, InstigatorStatus.STOPPED))
    switch(instance, InstigatorStatus.RUNNING)

    later = home.now() + 2 * switches.UNDER_WAY
    (noted,) = switches.note(home, instance, later)

    assert (noted.before, noted.now) == ("stopped", "running")
    assert rows(works)[-1] == ("stopped", "running", "unknown")


def test_what_was_switched_in_the_pages_before_is_noted_before(works: Works):
    switch(works.instance, InstigatorStatus.STOPPED)

    turned(works, "running", lambda _: switch(works.instance, InstigatorStatus.RUNNING))

    assert rows(works) == [("running", "stopped", "unknown"), ("stopped", "running", ANN)]


def test_where_dagster_does_not_do_it_the_ledger_says_so(works: Works):
    with pytest.raises(SwitchError, match="found a sensor that is running still, expected stopped"):
        turned(works, "stopped", lambda _: None)
    with pytest.raises(KeyboardInterrupt):
        turned(works, "stopped", interrupted)
    assert rows(works) == [("running", "stopped", ANN), ("stopped", "running", ANN)] * 2
    assert "did not switch it: maintenance" in works.home.ledger.of_kind("sensor")[-1].body
    assert switches.problems(works.home, works.instance) == ()


def interrupted(_: str) -> None:
    raise KeyboardInterrupt


def test_what_cannot_be_switched_is_told_and_noted_nowhere(works: Works):
    with pytest.raises(SwitchError, match=r"found nothing of this name, expected .*watch_switches"):
        turned(works, "stopped", interrupted, name="no_such_sensor")
    with pytest.raises(SwitchError, match="a sensor that is running, expected one that is stopped"):
        turned(works, "running", interrupted)
    assert rows(works) == []


def test_sensors_and_schedules_of_others_on_the_same_instance_are_not_ours(works: Works):
    switch(works.instance, InstigatorStatus.STOPPED, name="theirs")
    assert switches.switched(works.home, works.instance, works.home.now()) == ()


def test_an_audit_looks_at_the_instance_in_force(works: Works, tmp_path: Path):
    """What DAGSTER_HOME names, where an instance is there; the embedded one otherwise."""
    folder = tmp_path / "production"
    folder.mkdir()
    home = Home(replace(works.home.settings, dagster_home=folder))
    switch(works.instance, InstigatorStatus.STOPPED)
    assert len(switched_unseen(home)) == 1

    (folder / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    assert in_force_folder(home) == folder
    assert switched_unseen(home) == ()
    with dg.DagsterInstance.from_config(str(folder)) as instance:
        switch(instance, InstigatorStatus.STOPPED, name="watch_switches")
    assert [problem.where for problem in switched_unseen(home)] == ["watch_switches"]
    home.engine.dispose()


def test_where_the_instance_cannot_be_asked_that_is_said(works: Works, tmp_path: Path):
    (tmp_path / "dagster.yaml").write_text("no_such_setting: 1\n")
    home = Home(replace(works.home.settings, dagster_home=tmp_path))
    (problem,) = switched_unseen(home)
    assert (problem.kind, "cannot be asked: Dagster" in problem.what) == ("unknown", True)
    home.engine.dispose()


def test_an_audit_sees_it_where_no_sensor_did(works: Works):
    assert switched_unseen(works.home) == ()
    switch(works.instance, InstigatorStatus.STOPPED)
    (problem,) = switched_unseen(works.home)
    assert "it is stopped, and the ledger says running" in problem.what
