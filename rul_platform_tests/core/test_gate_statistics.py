"""Candidate against champion by resampling whole units, on all of the test set and on its slices."""

from dataclasses import replace

import numpy as np
import pytest

from rul_platform.core.gate_statistics import (
    ALL,
    LATE,
    Paired,
    ScoredRows,
    SeedNoise,
    compare,
)

CAP = 125.0
TRUTH = np.array([125.0, 80.0, 30.0, 0.0])


def rows(units: int, **changed) -> ScoredRows:
    """Each unit is scored at four points of its life."""
    ids = np.repeat([f"u{number:03d}" for number in range(units)], len(TRUTH))
    given = ScoredRows(
        unit_ids=ids,
        truth=np.tile(TRUTH, units),
        conditions=np.full(len(ids), "0"),
        cap=CAP,
        life_unit="cycles",
    )
    return replace(given, **changed)


def compared(given: ScoredRows, ours: object, theirs: object) -> dict[str, Paired]:
    """By name, from errors that are added to the truth."""
    pairs = compare(given, given.truth + ours, given.truth + theirs, seed=0)
    return {pair.name: pair for pair in pairs}


def test_the_rmse_is_that_of_units_that_weigh_the_same():
    """One unit has a single row, and counts as much as the other with its four."""
    given = rows(2)
    five = replace(
        given, unit_ids=given.unit_ids[:5], truth=given.truth[:5], conditions=given.conditions[:5]
    )
    pair = compared(five, np.array([1.0, 1.0, 1.0, 1.0, 7.0]), 10.0)[ALL]

    assert (pair.units, pair.candidate, pair.champion) == (2, 5.0, 10.0)
    assert pair.saved == 5.0
    assert pair.share(pair.saved) == 0.5


def test_the_same_gain_on_every_unit_is_sure():
    pair = compared(rows(6), 9.0, 10.0)[ALL]

    assert (pair.low, pair.high) == (1.0, 1.0)
    assert pair.is_better
    assert not pair.is_worse


def test_a_gain_that_one_unit_alone_makes_is_not_sure():
    given = rows(6)
    errors = np.where(given.unit_ids == "u000", 0.0, 10.0)
    pair = compared(given, errors, 10.0)[ALL]

    assert pair.saved == pytest.approx(10 - 10 * np.sqrt(5 / 6))
    assert pair.low == 0.0
    assert not pair.is_better


def test_late_predictions_are_judged_apart():
    """Equal errors, but the candidate's promise life that is not there."""
    pairs = compared(rows(6), 10.0, -10.0)

    assert pairs[ALL].saved == 0.0
    assert (pairs[LATE].candidate, pairs[LATE].champion) == (10.0, 0.0)
    assert pairs[LATE].is_worse
    assert pairs[LATE].share(pairs[LATE].saved) is None


def test_the_end_of_life_is_judged_apart():
    """30 cycles of 125, and the same part of another cap."""
    given = rows(6)
    errors = np.where(given.truth <= 30, 8.0, 0.0)
    pair = compared(given, errors, 5.0)["last 30 cycles of life"]
    assert (pair.candidate, pair.champion) == (8.0, 5.0)
    assert pair.is_worse

    hours = replace(given, cap=50.0, life_unit="hours", truth=given.truth * 0.4)
    assert "last 12 hours of life" in compared(hours, 1.0, 2.0)


def test_each_operating_condition_is_judged_on_the_units_that_worked_in_it():
    given = rows(7)
    hot = np.isin(given.unit_ids, ["u000", "u001", "u002", "u003", "u004"]) & (given.truth > 50)
    two = replace(given, conditions=np.where(hot, "hot", "cold"))
    pairs = compared(two, np.where(hot, 9.0, 1.0), 5.0)

    assert list(pairs)[3:] == ["operating condition cold", "operating condition hot"]
    assert (pairs["operating condition hot"].units, pairs["operating condition cold"].units) == (
        5,
        7,
    )
    assert pairs["operating condition hot"].is_worse
    assert pairs["operating condition cold"].is_better


def test_few_units_are_shown_but_not_judged():
    four = compared(rows(4), 9.0, 1.0)[ALL]
    five = compared(rows(5), 9.0, 1.0)[ALL]

    assert (four.saved, four.high) == (-8.0, -8.0)
    assert not four.is_judged
    assert not four.is_worse
    assert five.is_worse


def test_one_unit_has_no_bounds():
    pair = compared(rows(1), 9.0, 1.0)[ALL]

    assert (pair.units, pair.low, pair.high) == (1, None, None)
    assert not pair.is_better
    assert not pair.is_worse


def test_a_machine_with_one_condition_and_no_end_of_life_has_no_empty_slices():
    given = rows(6)
    assert list(compared(given, 1.0, 2.0)) == [ALL, LATE, "last 30 cycles of life"]
    young = replace(given, truth=np.full(len(given.truth), 100.0))
    assert list(compared(young, 1.0, 2.0)) == [ALL, LATE]


def test_the_same_seed_gives_the_same_bounds():
    given, rng = rows(12), np.random.default_rng(0)
    ours, theirs = given.truth + rng.normal(0, 5, (2, len(given.truth)))

    assert compare(given, ours, theirs, seed=3) == compare(given, ours, theirs, seed=3)
    assert compare(given, ours, theirs, seed=3) != compare(given, ours, theirs, seed=4)


def test_the_spread_between_seeds_is_a_standard_deviation():
    assert SeedNoise(seeds=(0, 1, 2), rmse=(9.0, 10.0, 11.0)).spread == 1.0
