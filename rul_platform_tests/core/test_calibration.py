"""Intervals around predictions."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rul_platform.core.calibration import FEW_UNITS, LEVELS, Calibration
from rul_platform.errors import CalibrationError

CAP = 125.0


def fleet(units: int, *, seed: int, rows: int = 12) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Units, predictions and truths; errors shrink towards the failure and go together in a unit."""
    random = np.random.default_rng(seed)
    names = np.repeat([f"u{unit}" for unit in range(units)], rows)
    truth = random.uniform(0, CAP, units * rows)
    offset = np.repeat(random.normal(0, 1, units), rows)
    error = (0.15 * truth + 1) * (0.7 * offset + 0.7 * random.normal(0, 1, truth.size))
    return names, np.clip(truth + error, 0, CAP), truth


def covered(calibration: Calibration, predicted: np.ndarray, truth: np.ndarray) -> float:
    low, high = calibration.interval(predicted)
    return float(((low <= truth) & (truth <= high)).mean())


def test_new_units_are_covered_as_promised_in_every_band():
    """Sixty fleets of 60 units: 90 % is promised, 720,000 truths are looked at."""
    shares = {"below 40": [], "above 85": [], "all": []}
    for seed in range(60):
        found = Calibration.from_errors(*fleet(60, seed=seed), cap=CAP)
        _, predicted, truth = fleet(1000, seed=1000 + seed)
        for name, rows in (
            ("below 40", predicted < 40), ("above 85", predicted > 85), ("all", predicted >= 0),
        ):  # fmt: skip
            shares[name].append(covered(found, predicted[rows], truth[rows]))
    for name, each in shares.items():
        assert 0.89 < float(np.mean(each)) < 0.94, name


def test_intervals_are_narrow_where_errors_are_small():
    found = Calibration.from_errors(*fleet(100, seed=0), cap=CAP)
    low, high = found.interval(np.array([8.0, 70.0]))
    assert len(found.bands) == 6
    assert (high - low)[0] < 12 < 25 < (high - low)[1]


@given(
    units=st.integers(1, 60),
    seed=st.integers(0, 5),
    levels=st.lists(st.floats(0.5, 0.99), min_size=2, max_size=2),
)
def test_a_higher_level_never_gives_a_narrower_interval(units: int, seed: int, levels: list[float]):
    """Between the stored levels too, in every band, with few units and with many; and it holds the prediction."""  # noqa: E501  one sentence
    found = Calibration.from_errors(*fleet(units, seed=seed), cap=CAP)
    rul = np.linspace(0, CAP, 40)
    (low, high), (lower, higher) = (found.interval(rul, level) for level in sorted(levels))
    assert ((lower <= low) & (low <= rul) & (rul <= high) & (high <= higher)).all()
    assert lower.min() >= 0
    assert higher.max() <= CAP


def test_a_unit_counts_once_however_many_rows_it_has():
    """Nine quiet units of one row and one loud one of 91: the loud one is a tenth, not nine."""
    names = np.array([*"abcdefghi", *(["z"] * 91)])
    error = np.array([1.0] * 9 + [50.0] * 91)
    found = Calibration.from_errors(names, 60.0 + error, np.full(100, 60.0), cap=CAP)
    low, high = found.interval(np.array([60.0]), 0.8)
    assert (low[0], high[0]) == (59.0, 61.0)


def test_few_units_get_one_band_with_the_largest_error_seen():
    """Three units cannot promise 90 %; the most they can say is their worst."""
    found = Calibration.from_errors(
        ["a", "b", "c"], [3.0, 61.0, 112.0], [10.0, 60.0, 110.0], cap=CAP
    )
    assert (len(found.bands), found.units) == (1, 3)
    low, high = found.interval(np.array([60.0]))
    assert (low[0], high[0]) == (53.0, 67.0)


def test_neighbouring_bands_merge_until_they_hold_enough_units():
    """Twenty units near their failure, five far from it: the far ones get no band of their own."""
    names = np.array([f"u{unit}" for unit in range(2 * FEW_UNITS + 5)])
    predicted = np.r_[np.full(FEW_UNITS, 5.0), np.full(FEW_UNITS, 50.0), np.full(5, 120.0)]
    found = Calibration.from_errors(names, predicted, predicted, cap=CAP)
    assert [band.units for band in found.bands] == [FEW_UNITS, FEW_UNITS + 5]
    assert [band.begins for band in found.bands] == [0.0, 40.0]


def test_a_lopsided_band_gets_a_lopsided_interval():
    """Errors to one side only, of 100 units: nothing is given away to the other side."""
    names, error = np.arange(100).astype(str), np.linspace(0, 20, 100)
    found = Calibration.from_errors(names, 50.0 + error, np.full(100, 50.0), cap=CAP)
    low, high = found.interval(np.array([60.0]))
    assert high[0] - 60.0 == 0.0
    assert 18.0 < 60.0 - low[0] <= 20.0


def test_it_survives_the_card():
    found = Calibration.from_errors(*fleet(80, seed=3), cap=CAP)
    card = json.loads(json.dumps(found.to_json()))
    assert Calibration.from_json(card, cap=CAP) == found
    assert len(json.dumps(card)) < 20_000
    assert (card["level"], card["units"]) == (0.9, 80)


def test_an_old_card_gives_the_interval_that_it_gave():
    found = Calibration.from_json({"level": 0.9, "half_width": 12.0, "units": 4}, cap=CAP)
    low, high = found.interval(np.array([5.0, 60.0, 120.0]))
    assert low.tolist() == [0.0, 48.0, 108.0]
    assert high.tolist() == [17.0, 72.0, 125.0]
    with pytest.raises(
        CalibrationError, match=r"calibrated for 90% only, not for 0.8. Leave the level"
    ):
        found.interval(np.array([5.0]), 0.8)


@pytest.mark.parametrize("level", [0.0, 0.49, 0.995, 1.0, float("nan")])
def test_a_level_that_cannot_be_served_is_refused(level: float):
    found = Calibration.from_errors(*fleet(30, seed=0), cap=CAP)
    with pytest.raises(CalibrationError, match=r"cannot be served; from 0.5 to 0.99 is expected"):
        found.interval(np.array([5.0]), level)


@pytest.mark.parametrize(
    ("units", "predicted", "truth", "message"),
    [
        ([], [], [], r"found shapes \(0,\), \(0,\) and \(0,\)"),
        (["a"], [1.0, 2.0], [1.0], r"found shapes \(1,\), \(2,\) and \(1,\)"),
        (["a", "b"], [1.0, 2.0], [1.0, np.nan], "found 1 rows of 2 without"),
    ],
)
def test_errors_that_calibrate_nothing_are_refused(units, predicted, truth, message: str):
    with pytest.raises(CalibrationError, match=message):
        Calibration.from_errors(units, predicted, truth, cap=CAP)


def test_machines_beyond_the_cap_do_not_narrow_the_interval_of_the_others():
    """Half of the rows are of fresh machines, right by construction once their life is limited."""
    names, predicted, truth = fleet(60, seed=2)
    fresh = np.full(truth.size, CAP + 40)
    known = Calibration.from_errors(names, predicted, truth, cap=CAP)
    found = Calibration.from_errors(
        np.tile(names, 2),
        np.concatenate([predicted, np.full(truth.size, CAP)]),
        np.concatenate([truth, fresh]),
        cap=CAP,
    )
    assert found == known
    assert known.renewed(names, predicted, fresh) == (known, (False,) * len(known.bands))


def test_where_every_life_is_beyond_the_cap_all_rows_calibrate():
    found = Calibration.from_errors(["a", "b"], [118.0, 125.0], [130.0, 400.0], cap=CAP)
    low, high = found.interval(np.array([120.0]))
    assert (low.item(), high.item()) == (113.0, 125.0)


def test_bands_with_new_errors_are_calibrated_anew_and_others_stay():
    old = Calibration.from_errors(*fleet(100, seed=0), cap=CAP)
    names = np.array([f"n{unit}" for unit in range(25)])
    new, is_new = old.renewed(names, np.full(25, 10.0), np.full(25, 35.0))
    assert is_new == (True, False, False, False, False, False)
    assert new.bands[1:] == old.bands[1:]
    assert new.bands[0].early[LEVELS.index(0.9)] == 25.0


def test_one_band_for_all_becomes_several_where_there_are_errors_enough():
    old = Calibration.from_json({"level": 0.9, "half_width": 12.0, "units": 4}, cap=CAP)
    new, is_new = old.renewed(*fleet(60, seed=1))
    assert is_new == (True,) * 6
    assert new.levels == LEVELS
