"""Every sensor goes round again and again, by the cursor that Dagster keeps for it."""

from collections.abc import Callable
from itertools import count

import dagster as dg
import pytest

from rul_platform.orchestration.sensors.drift import watch_data_drift
from rul_platform.orchestration.sensors.feedback import retrain_on_feedback
from rul_platform.orchestration.sensors.guard import guard_champions
from rul_platform.orchestration.sensors.outcomes import retrain_on_outcomes
from rul_platform.orchestration.sensors.rounds import BUDGET_SECONDS, Round, after
from rul_platform_tests.orchestration.conftest import Works
from rul_platform_tests.orchestration.sensors.conftest import PLANT, add_plant

SENSORS = (retrain_on_feedback, retrain_on_outcomes, watch_data_drift, guard_champions)
GOES_ROUND = pytest.mark.parametrize("sensor", SENSORS, ids=lambda sensor: sensor.name)


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


def test_a_cursor_names_the_plant_visited_last_and_is_never_empty():
    assert Round((), "press").cursor == '{"after": "press"}'
    assert Round(()).cursor == '{"after": null}'
    assert [after(Round((), last).cursor) for last in ("press", None)] == ["press", None]


@pytest.mark.parametrize("other", [None, "", "press", "7", "[]", '{"plant": "a"}', '{"after": 7}'])
def test_a_cursor_of_another_version_begins_a_round(other: str | None):
    assert after(other) is None
