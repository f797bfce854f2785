"""The recipe that travels with a model."""

import pytest

from rul_platform.core.fleet import Fleet, summarise_units
from rul_platform.core.preparation import Preparation
from rul_platform_tests.fleets import wearing_fleet


def prepared() -> Preparation:
    """Fitted on machine a, whole, and machine b, of which the first three hours are lost."""
    readings = wearing_fleet({"a": 30, "b": 20}).readings
    readings = readings[(readings["unit"] == "a") | (readings["life"] > 3)].reset_index(drop=True)
    training = Fleet(readings, summarise_units(readings, 0.0))
    return Preparation.fit(training, training.sensors, window=7, cap=25.0, life_unit="hours")


def test_fitting_looks_at_the_units_and_at_where_their_histories_begin():
    preparation = prepared()
    assert preparation.scaler.fitted_on == ("a", "b")
    assert preparation.first_life == 4.0
    assert preparation.channels == ("s0", "s1", "s0_dev", "s1_dev", "age")


def test_json_gives_the_same_recipe():
    preparation = prepared()
    again = Preparation.from_json(preparation.to_json())
    assert again.to_json() == preparation.to_json()
    assert again.first_life == 4.0


def test_a_recipe_without_its_first_life_is_not_taken():
    with pytest.raises(KeyError, match="first_life"):
        Preparation.from_json({k: v for k, v in prepared().to_json().items() if k != "first_life"})


def test_it_knows_how_long_sensors_stood_still_and_old_recipes_need_not():
    readings = wearing_fleet({"a": 30, "b": 20}, sensors=3).readings
    readings.loc[3:6, "s1"] = 0.3
    readings.loc[readings["unit"] == "b", "s2"] = 7.0  # in one unit it never moves
    training = Fleet(readings, summarise_units(readings, 0.0))
    made = Preparation.fit(training, training.sensors, window=7, cap=25.0, life_unit="hours")
    assert made.longest_still == (1, 4, 0)
    assert Preparation.from_json(made.to_json()).longest_still == (1, 4, 0)
    old = {key: value for key, value in made.to_json().items() if key != "longest_still"}
    assert Preparation.from_json(old).longest_still == ()


def test_means_of_equal_readings_stand_still_whatever_their_last_digit():
    readings = wearing_fleet({"a": 4}).readings.assign(s0=[0.1, 0.1 + 1e-17, 0.1 + 2e-17, 0.2])
    readings["s0"] += [0.0, 1e-16, -1e-16, 0.0]
    training = Fleet(readings, summarise_units(readings, 0.0))
    made = Preparation.fit(training, ["s0", "s1"], window=4, cap=25.0, life_unit="hours")
    assert made.longest_still == (3, 1)
