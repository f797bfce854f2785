"""Scaling by operating condition."""

import numpy as np
import pandas as pd
import pytest

from rul_platform.core.fleet import Fleet, summarise_units
from rul_platform.core.scaling import Scaler
from rul_platform.errors import DataError
from rul_platform_tests.fleets import wearing_fleet


def two_conditions() -> Fleet:
    """Condition b is condition a, shifted by 100; the second sensor never moves."""
    readings = pd.DataFrame(
        {
            "unit": "1",
            "life": [1.0, 2.0, 3.0, 4.0],
            "condition": ["a", "b", "a", "b"],
            "flow": [1.0, 101.0, 3.0, 103.0],
            "speed": [0.1 + 0.2] * 4,
        }
    )
    return Fleet(readings, summarise_units(readings, 0.0))


def test_each_condition_has_its_own_mean_and_spread():
    fleet = two_conditions()
    scaled = Scaler.fit(fleet, fleet.sensors).apply(fleet.readings)
    assert scaled[:, 0].tolist() == [-1.0, -1.0, 1.0, 1.0]


def test_a_constant_sensor_becomes_zero_and_not_infinite():
    fleet = two_conditions()
    assert Scaler.fit(fleet, fleet.sensors).apply(fleet.readings)[:, 1].tolist() == [0.0] * 4


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
