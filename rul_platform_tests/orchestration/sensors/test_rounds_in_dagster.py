"""Every sensor goes round again and again, by the cursor that Dagster keeps for it."""

from collections.abc import Callable
from datetime import timedelta
from itertools import count

import dagster as dg
import pytest

from rul_platform.orchestration.sensors.drift import watch_data_drift
from rul_platform.orchestration.sensors.feedback import retrain_on_feedback
from rul_platform.orchestration.sensors.guard import guard_champions
from rul_platform.orchestration.sensors.outcomes import retrain_on_outcomes
from rul_platform.orchestration.sensors.rounds import BUDGET_SECONDS, Round, after
from rul_platform_tests.orchestration.conftest import Works
from rul_platform_tests.orchestration.sensors.conftest import NOW, PLANT, add_plant

SENSORS = (retrain_on_feedback, retrain_on_outcomes, guard_champions)
GOES_ROUND = pytest.mark.parametrize("sensor", SENSORS, ids=lambda sensor: sensor.name)
HOUR = timedelta(hours=1)


def ticker(sensor: dg.SensorDefinition, works: Works) -> Callable[[], str]:
    """Ticks one after the other, as the daemon evaluates them; each gives its text for the UI."""
    kept: list[str | None] = [None]

    def tick() -> str:
        with dg.build_sensor_context(
            works.instance, cursor=kept[0], resources={"home": works.home}, sensor_name=sensor.name
        ) as context:
            data = sensor.evaluate_tick(context)
        if data.cursor:  # as dagster/_daemon/sensor.py: an empty one leaves the one before
            kept[0] = data.cursor
        return data.skip_message or ""

    return tick


def a_stopwatch_that_leaves_time_for_one_plant() -> Callable[[], float]:
    """It is a whole budget later at each look."""
    looks = count()
    return lambda: next(looks) * BUDGET_SECONDS


@GOES_ROUND
def test_after_the_last_plant_comes_the_first_one_again(
    at_work: Works, sensor: dg.SensorDefinition
):
    for plant in ("a", "b"):
        add_plant(at_work, plant)
    at_work.home.stopwatch = a_stopwatch_that_leaves_time_for_one_plant()
    tick = ticker(sensor, at_work)
    lines = [line for _ in range(7) for line in tick().splitlines() if ": " in line]
    assert [line.split(":")[0] for line in lines] == ["a", "b", PLANT, "a", "b", PLANT, "a"]


@pytest.fixture
def drift_at_two_plants(at_work: Works) -> Callable[[timedelta], str]:
    """A tick of the sensor so long after noon, with time for one of two plants."""
    add_plant(at_work, "a")
    at_work.home.stopwatch = a_stopwatch_that_leaves_time_for_one_plant()
    tick = ticker(watch_data_drift, at_work)

    def after_noon(passed: timedelta) -> str:
        at_work.home.now = lambda: NOW + passed
        return tick()

    return after_noon


def test_a_round_of_drift_goes_on_each_minute_and_begins_each_hour(
    drift_at_two_plants: Callable[[timedelta], str],
):
    minute = timedelta(minutes=1)
    seen = [drift_at_two_plants(passed) for passed in (0 * minute, minute, 2 * minute)]
    assert [text.splitlines()[0].split(" this")[0] for text in seen] == [
        "plants 1 to 1 of 2",
        "plants 2 to 2 of 2",
        "the round is over; the next one begins at 13:00 UTC",
    ]
    assert "the round is over" in drift_at_two_plants(HOUR - minute)
    assert drift_at_two_plants(HOUR).startswith("plants 1 to 1 of 2")


def test_a_round_of_drift_longer_than_an_hour_is_followed_by_the_next_one_at_once(
    drift_at_two_plants: Callable[[timedelta], str],
):
    seen = [drift_at_two_plants(passed) for passed in (0 * HOUR, 2 * HOUR, 2 * HOUR)]
    assert [text.split(" of")[0] for text in seen] == [
        "plants 1 to 1", "plants 2 to 2", "plants 1 to 1"
    ]  # fmt: skip


def test_a_clock_that_was_set_back_keeps_nobody_from_looking_for_drift(
    drift_at_two_plants: Callable[[timedelta], str],
):
    seen = [drift_at_two_plants(passed) for passed in (0 * HOUR, 0 * HOUR, -24 * HOUR)]
    assert [text.split(" of")[0] for text in seen] == [
        "plants 1 to 1", "plants 2 to 2", "plants 1 to 1"
    ]  # fmt: skip


def test_what_was_asked_for_all_plants_at_once_counts_in_the_budget(at_work: Works):
    """Four looks at the stopwatch: the tick's begin, that of the visits, and after each plant."""
    for plant in ("a", "b"):
        add_plant(at_work, plant)
    looks = iter([0.0, BUDGET_SECONDS / 2, BUDGET_SECONDS / 2, BUDGET_SECONDS])
    at_work.home.stopwatch = lambda: next(looks)
    text = ticker(retrain_on_feedback, at_work)()
    assert text.startswith("plants 1 to 2 of 3 this round")


def test_a_cursor_names_the_plant_visited_last_and_is_never_empty():
    assert Round((), "press").cursor == '{"after": "press"}'
    assert Round(()).cursor == '{"after": null}'
    assert [after(Round((), last).cursor) for last in ("press", None)] == ["press", None]


@pytest.mark.parametrize(
    "cursor",
    ["press", "7", "[]", '{"after": "press"}', '{"plant": "press"}', '{"plant": null, "began": 7}'],
)
def test_a_cursor_of_drift_of_another_version_begins_a_round(at_work: Works, cursor: str):
    with dg.build_sensor_context(
        at_work.instance, cursor=cursor, resources={"home": at_work.home}
    ) as context:
        data = watch_data_drift.evaluate_tick(context)
    assert (data.skip_message or "").startswith(f"{PLANT}: ")


@pytest.mark.parametrize("other", [None, "", "press", "7", "[]", '{"plant": "a"}', '{"after": 7}'])
def test_a_cursor_of_another_version_begins_a_round(other: str | None):
    assert after(other) is None
