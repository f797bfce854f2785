"""One look at every plant, where a broken plant hides no other one."""

import logging
from datetime import timedelta

import pytest
import sqlalchemy as sa

from rul_platform.errors import MissingArtifactError
from rul_platform.orchestration.sensors.rounds import Round, go_round, plants_at_work, reason
from rul_platform.storage.home import Home
from rul_platform_tests.orchestration.conftest import Works
from rul_platform_tests.orchestration.sensors.conftest import NOW, add_plant

LOG = logging.getLogger("test")


def look(plant: str) -> str:
    if plant == "broken":
        raise MissingArtifactError("a" * 64, store="the store")
    return "fine"


def test_a_broken_plant_is_told_and_the_others_are_looked_after(at_work: Works):
    add_plant(at_work, "broken")
    told = go_round(at_work.home, "guard", look, now=NOW, log=LOG).told
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

    (told,) = go_round(at_work.home, "guard", ask, now=NOW, log=LOG).told
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


class Rounds:
    """Ticks of a sensor whose visits take ten seconds each, of thirty that there are."""

    def __init__(self, home: Home) -> None:
        self.home, self.seconds = home, 0.0
        self.last: str | None = None
        self.visited: list[str] = []
        home.stopwatch = lambda: self.seconds

    def look(self, plant: str) -> str:
        """Takes ten seconds."""
        self.visited.append(plant)
        self.seconds += 10
        return "fine"

    def tick(
        self, *urgent: str, budget: float = 30, begun: float | None = None
    ) -> tuple[list[str], Round]:
        """Who was visited, and what was told."""
        self.visited.clear()
        seen = go_round(
            self.home, "guard", self.look, now=NOW, log=LOG, after=self.last, urgent=urgent,
            begun=begun, budget_seconds=budget,
        )  # fmt: skip
        self.last = seen.last
        return list(self.visited), seen


@pytest.fixture
def rounds(at_work: Works) -> Rounds:
    for number in range(6):
        add_plant(at_work, f"p{number}")
    return Rounds(at_work.home)


def test_the_next_tick_goes_on_where_the_last_one_ended(rounds: Rounds):
    visited, seen = rounds.tick()
    assert visited == ["p0", "p1", "p2"]
    assert seen.told[:2] == ("plants 1 to 3 of 7 this round", "p0: fine")
    visited, seen = rounds.tick()
    assert visited == ["p3", "p4", "p5"]
    assert seen.told[0] == "plants 4 to 6 of 7 this round"
    visited, seen = rounds.tick()
    assert (visited, seen.last) == (["press"], None)
    assert rounds.tick()[0] == ["p0", "p1", "p2"]


def test_a_round_that_one_tick_manages_tells_no_numbers(rounds: Rounds):
    visited, seen = rounds.tick(budget=100)
    assert len(visited) == len(seen.told) == 7
    assert seen.last is None


def test_a_plant_that_takes_too_long_holds_up_one_tick_and_no_more(rounds: Rounds):
    assert [rounds.tick(budget=1)[0] for _ in range(8)] == [
        ["p0"], ["p1"], ["p2"], ["p3"], ["p4"], ["p5"], ["press"], ["p0"],
    ]  # fmt: skip


def test_what_is_urgent_comes_first_and_leaves_half_of_the_time(rounds: Rounds):
    visited, seen = rounds.tick("p4", "p5", "press", "gone")
    assert visited == ["p4", "p5", "p0"]
    assert seen.told == ("plants 1 to 1 of 7 this round", "p0: fine", "p4: fine", "p5: fine")
    assert rounds.tick("p1")[0] == ["p1", "p2", "p3"]


def test_what_is_urgent_has_half_of_what_a_long_question_before_left(rounds: Rounds):
    visited, _ = rounds.tick("p4", "p5", begun=rounds.seconds - 16)
    assert visited == ["p4", "p0"]


def test_a_plant_that_is_gone_or_new_breaks_no_round(rounds: Rounds):
    rounds.last = "p2a"
    assert rounds.tick()[0] == ["p3", "p4", "p5"]
    rounds.last = "zzz"
    assert rounds.tick()[0] == ["p0", "p1", "p2"]


def test_a_tick_tells_of_so_many_plants():
    told = reason([f"p{number}: fine" for number in range(1_234)]).splitlines()
    assert (len(told), told[-1]) == (201, "… and 1,034 more")
