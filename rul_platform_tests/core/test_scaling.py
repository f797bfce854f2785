"""Scaling by operating condition."""

import numpy as np
import pandas as pd
import pytest

from rul_platform.core.fleet import Fleet, summarise_units
from rul_platform.core.scaling import MIN_READINGS, Scaler
from rul_platform.errors import DataError
from rul_platform_tests.fleets import wearing_fleet


def two_conditions() -> Fleet:
    """Condition b is condition a, shifted by 100; the second sensor never moves."""
    readings = pd.DataFrame(
        {
            "unit": "1",
            "life": np.arange(1.0, 21.0),
            "condition": ["a", "b", "a", "b"] * 5,
            "flow": [1.0, 101.0, 3.0, 103.0] * 5,
            "speed": [0.1 + 0.2] * 20,
        }
    )
    return Fleet(readings, summarise_units(readings, 0.0))


def fleet_of(values: dict[str, list[float]]) -> Fleet:
    """One machine with one sensor; ``values`` gives its readings in each condition."""
    rows = [(condition, value) for condition, found in values.items() for value in found]
    readings = pd.DataFrame(
        {
            "unit": "1",
            "life": np.arange(1.0, len(rows) + 1),
            "condition": [condition for condition, _ in rows],
            "flow": [value for _, value in rows],
        }
    )
    return Fleet(readings, summarise_units(readings, 0.0))


def test_each_condition_has_its_own_mean_and_spread():
    fleet = two_conditions()
    scaled = Scaler.fit(fleet, fleet.sensors).apply(fleet.readings)
    assert scaled[:, 0].tolist() == [-1.0, -1.0, 1.0, 1.0] * 5


def test_a_constant_sensor_becomes_zero_and_not_infinite():
    fleet = two_conditions()
    assert Scaler.fit(fleet, fleet.sensors).apply(fleet.readings)[:, 1].tolist() == [0.0] * 20


def test_a_sensor_of_tiny_numbers_is_not_constant():
    fleet = fleet_of({"a": [0.9e-10, 1.1e-10] * 5})
    scaled = Scaler.fit(fleet, fleet.sensors).apply(fleet.readings)
    assert scaled[:, 0] == pytest.approx([-1.0, 1.0] * 5)


def test_a_sensor_around_zero_is_not_constant():
    fleet = fleet_of({"a": [-1e-12, 1e-12] * 5})
    scaled = Scaler.fit(fleet, fleet.sensors).apply(fleet.readings)
    assert scaled[:, 0] == pytest.approx([-1.0, 1.0] * 5)


@pytest.mark.parametrize("rare", [1, MIN_READINGS - 1])
def test_a_rare_condition_borrows_the_spread_of_all_and_keeps_its_own_mean(rare: int):
    """A hundred readings of a say how a sensor in pascal spreads; those of b are nearly alike."""
    fleet = fleet_of({"a": [99_000.0, 101_000.0] * 50, "b": [250_000.0] * rare})
    scaler = Scaler.fit(fleet, fleet.sensors)
    pooled = float(np.sqrt(100 * 1000.0**2 / (100 + rare - 2)))
    assert scaler.spread[:, 0] == pytest.approx([1000.0, pooled])
    later = fleet.readings.tail(1).assign(flow=251_000.0)
    assert scaler.apply(later)[0, 0] == pytest.approx(1000.0 / pooled)


def test_a_condition_of_ten_readings_has_its_own_spread():
    fleet = fleet_of({"a": [99_000.0, 101_000.0] * 50, "b": [0.0, 2.0] * (MIN_READINGS // 2)})
    assert Scaler.fit(fleet, fleet.sensors).spread[:, 0].tolist() == [1000.0, 1.0]


def test_a_sensor_that_rests_in_one_condition_borrows_too():
    fleet = fleet_of({"a": [-1000.0, 1000.0] * 50, "b": [0.1 + 0.2] * 100})
    spread = Scaler.fit(fleet, fleet.sensors).spread[:, 0]
    assert spread == pytest.approx([1000.0, 1000.0 * np.sqrt(100 / 198)])


def test_conditions_of_one_reading_each_use_the_spread_of_all():
    fleet = fleet_of({"a": [100.0], "b": [300.0]})
    assert Scaler.fit(fleet, fleet.sensors).spread[:, 0].tolist() == [100.0, 100.0]


def test_rounding_noise_of_a_large_constant_is_nobodys_spread():
    noisy = [1e6, float(np.nextafter(1e6, 2e6))]
    fleet = fleet_of({"a": noisy * 25, "b": [0.0] * 50})
    spread = Scaler.fit(fleet, fleet.sensors).spread[:, 0]
    assert spread == pytest.approx([0.5e6, 0.5e6])


def test_json_gives_the_same_scaler_to_the_last_bit():
    fleet = wearing_fleet({"1": 30, "2": 40})
    scaler = Scaler.fit(fleet, fleet.sensors)
    again = Scaler.from_json(scaler.to_json())
    assert np.array_equal(again.apply(fleet.readings), scaler.apply(fleet.readings))
    assert again.fitted_on == ("1", "2")


def test_a_missing_sensor_is_named():
    fleet = two_conditions()
    scaler = Scaler.fit(fleet, fleet.sensors)
    with pytest.raises(DataError, match=r"lack flow; the model was trained on flow, speed"):
        scaler.apply(fleet.readings.drop(columns="flow"))


def test_an_unknown_condition_is_named():
    fleet = two_conditions()
    scaler = Scaler.fit(fleet, fleet.sensors)
    with pytest.raises(DataError, match=r"Operating condition c was not seen .* knows a, b"):
        scaler.apply(fleet.readings.assign(condition="c"))
