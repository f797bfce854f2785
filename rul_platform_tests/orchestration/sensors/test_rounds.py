"""One look at every plant, where a broken plant hides no other one."""

import logging
from datetime import timedelta

import sqlalchemy as sa

from rul_platform.errors import MissingArtifactError
from rul_platform.orchestration.sensors.rounds import go_round, plants_at_work, reason
from rul_platform_tests.orchestration.conftest import Works
from rul_platform_tests.orchestration.sensors.conftest import NOW, add_plant

LOG = logging.getLogger("test")


def look(plant: str) -> str:
    if plant == "broken":
        raise MissingArtifactError("a" * 64, store="the store")
    return "fine"


def test_a_broken_plant_is_told_and_the_others_are_looked_after(at_work: Works):
    add_plant(at_work, "broken")
    told = go_round(at_work.home, "guard", look, now=NOW, log=LOG)
    assert told[0].startswith("broken: MissingArtifactError: No artifact aaa")
    assert told[1] == "press: fine"


def test_it_raises_one_alert_a_day(at_work: Works):
    add_plant(at_work, "broken")
    for hours in (0, 1, 24):
        go_round(at_work.home, "guard", look, now=NOW + timedelta(hours=hours), log=LOG)
    alerts = at_work.home.alerts.recent(10)
    assert [(a.plant, a.kind, a.repeats) for a in alerts] == [
        ("broken", "sensor_failed", 0),
        ("broken", "sensor_failed", 1),
    ]
    assert "the other plants are looked after" in alerts[0].text.lower()


def test_what_the_database_was_asked_and_told_stays_here(at_work: Works):
    """Alerts leave the platform; the statement names tables, its parameters are people's words."""

    def ask(plant: str) -> str:
        with at_work.home.engine.connect() as connection:
            connection.execute(
                sa.text("SELECT reason FROM nowhere WHERE person = :p"), {"p": "ann"}
            )
        return plant

    (told,) = go_round(at_work.home, "guard", ask, now=NOW, log=LOG)
    (alert,) = at_work.home.alerts.recent(10)
    expected = "OperationalError: (sqlite3.OperationalError) no such table: nowhere."
    assert told == f"press: {expected}"
    assert alert.text.startswith(f"{expected} The other plants")
    assert "SELECT" not in alert.text
    assert "ann" not in alert.text


def test_only_plants_with_a_model_in_charge_are_visited(at_work: Works):
    at_work.home.registry.register("fresh", "e" * 64, now=NOW)
    assert plants_at_work(at_work.home) == ("press",)


def test_a_round_without_plants_says_so():
    assert reason(()) == "no plant has a model in charge yet"
