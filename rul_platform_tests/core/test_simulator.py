"""The simulated subset looks like NASA's and is the same for the same seed."""

from pathlib import Path

import numpy as np
import pytest

from rul_platform.core import cmapss
from rul_platform.core.columns import INFORMATIVE, SENSORS
from rul_platform.core.simulator import LIFE_CYCLES, MOST_RUL_CYCLES, simulate
from rul_platform.errors import SettingsError

SAMPLE = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def fleets():
    """Training and test engines of seed 7."""
    files = simulate(seed=7, train_engines=20, test_engines=20)
    return (
        cmapss.training_fleet(files["train_SIM.txt"], "train_SIM.txt"),
        cmapss.held_out_fleet(files["test_SIM.txt"], files["RUL_SIM.txt"], "test", "rul"),
    )


def test_the_sample_can_be_made_again_byte_for_byte():
    """If this fails after a change of the simulator, see rul_platform_tests/data/README.md."""
    files = simulate(seed=1, train_engines=3, test_engines=3, life_cycles=(12, 20))

    assert files == {name: (SAMPLE / name).read_bytes() for name in files}


def test_another_seed_gives_other_engines():
    assert simulate(seed=1, train_engines=1, test_engines=1) != simulate(
        seed=2, train_engines=1, test_engines=1
    )


def test_more_engines_leave_the_first_ones_alike():
    few = simulate(seed=3, train_engines=1, test_engines=1, life_cycles=(8, 9))
    many = simulate(seed=3, train_engines=2, test_engines=2, life_cycles=(8, 9))

    assert all(many[name].startswith(text) for name, text in few.items())
    assert few["train_SIM.txt"].split()[2:] != few["test_SIM.txt"].split()[2:]


def test_the_text_is_spaced_as_nasas():
    for text in simulate(seed=4, train_engines=2, test_engines=2).values():
        assert cmapss.published_form(text) == text


def test_lives_and_ruls_lie_where_those_of_fd001_lie(fleets):
    train, test = fleets

    shortest, longest = LIFE_CYCLES
    assert train.units["end_life"].between(shortest, longest).all()
    life = test.units["end_life"] + test.units["rul_at_end"]
    assert life.between(shortest, longest).all()
    assert test.units["rul_at_end"].between(7, MOST_RUL_CYCLES).all()
    assert (test.units["end_life"] >= life / 4).all()


def test_wear_shows_in_every_informative_sensor_and_in_no_other(fleets):
    train, _ = fleets
    readings = train.readings.assign(rul=train.rul())
    new = readings[readings["life"] <= 20].groupby("unit")[list(INFORMATIVE)]
    worn = readings[readings["rul"] < 5].groupby("unit")[list(INFORMATIVE)].mean()

    drift = (worn - new.mean()).abs() / new.std()
    assert min(drift.median()) > 2

    files = simulate(seed=7, train_engines=2, test_engines=1)
    table = cmapss.parse_cycles(files["train_SIM.txt"], "train")
    constant = {s.name for s in SENSORS} - set(INFORMATIVE)
    assert table[sorted(constant)].to_numpy().std(axis=0).max() < 0.005


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seed": -1}, "seed is '-1', but must be 0 or more"),
        ({"seed": 0, "train_engines": 0}, "train_engines is '0', but must be 1 or more"),
        ({"seed": 0, "test_engines": 0}, "test_engines is '0', but must be 1 or more"),
        ({"seed": 0, "life_cycles": (3, 9)}, "life_cycles is '3', but must be 4 or more"),
        (
            {"seed": 0, "life_cycles": (9, 8)},
            r"life_cycles is '\(9, 8\)', but must be the shortest life, then the longest",
        ),
    ],
)
def test_what_cannot_be_simulated_is_refused(arguments, message):
    with pytest.raises(SettingsError, match=message):
        simulate(**arguments)


@pytest.mark.parametrize("seed", range(5))
def test_the_shortest_lives_leave_a_cycle_to_record_and_one_to_predict(seed):
    files = simulate(seed=seed, train_engines=3, test_engines=5, life_cycles=(4, 5))

    fleet = cmapss.held_out_fleet(files["test_SIM.txt"], files["RUL_SIM.txt"], "test", "rul")
    assert fleet.units["rows"].to_numpy().min() >= 1
    assert fleet.units["rul_at_end"].to_numpy().min() >= 1
    assert np.isfinite(fleet.rul()).all()
