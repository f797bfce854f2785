"""Folds: every unit in one, for ever; and divisions in time where there is only one unit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rul_platform.core.folds import assign_folds, expanding_splits
from rul_platform.errors import TooFewUnitsError

NAMES = st.lists(st.text("abcdef0123456789", min_size=1, max_size=4), min_size=2, max_size=30)


@given(NAMES, st.integers(2, 7), st.integers(0, 5))
def test_folds_are_balanced_and_none_is_empty(units: list[str], count: int, seed: int):
    if len(set(units)) < 2:
        return
    folds = assign_folds(units, seed=seed, source="plant", count=count)
    sizes = [list(folds.values()).count(fold) for fold in range(min(count, len(folds)))]
    assert set(folds) == set(units)
    assert sum(sizes) == len(folds)
    assert max(sizes) - min(sizes) <= 1


@given(st.permutations([f"u{n}" for n in range(9)]), st.integers(0, 3))
def test_neither_order_nor_repetition_of_the_units_matters(units: list[str], seed: int):
    wanted = assign_folds(sorted(units), seed=seed, source="plant", count=3)
    assert assign_folds([*units, *units], seed=seed, source="plant", count=3) == wanted


@given(NAMES, NAMES, st.integers(2, 5))
def test_a_unit_keeps_its_fold_when_others_come_and_go(first: list[str], later: list[str], count):
    if len(set(first)) < 2 or len(set(later)) < 2:
        return
    before = assign_folds(first, seed=0, source="plant", count=count)
    after = assign_folds(later, seed=0, source="plant", count=count, previous=before)
    assert {u: f for u, f in after.items() if u in before} == {
        u: f for u, f in before.items() if u in after
    }


def test_new_units_fill_the_smallest_folds():
    folds = assign_folds(
        ["a", "b", "c", "d", "e"],
        seed=0,
        source="plant",
        count=2,
        previous={"a": 0, "b": 0, "c": 0},
    )
    assert folds["d"] == folds["e"] == 1


def test_another_seed_divides_otherwise():
    units = [f"u{n}" for n in range(12)]
    first, other = (assign_folds(units, seed=seed, source="plant") for seed in (0, 1))
    assert first != other


def test_one_unit_cannot_be_divided():
    with pytest.raises(
        TooFewUnitsError, match="pumps: 1 units to divide into folds, at least 2 needed"
    ):
        assign_folds(["a", "a"], seed=0, source="pumps")


@given(st.integers(1, 400), st.integers(1, 6), st.integers(0, 12))
def test_divisions_in_time_never_look_ahead_and_windows_never_overlap(readings, count, gap):
    if readings < (gap + 1) * (count + 1):
        with pytest.raises(TooFewUnitsError) as refused:
            expanding_splits(readings, count=count, gap=gap, source="pump")
        assert refused.value.needed == (gap + 1) * (count + 1)
        return
    parts = expanding_splits(readings, count=count, gap=gap, source="pump")
    assert len(parts) == count
    window = gap + 1
    for part in parts:
        newest_learned, oldest_tested = max(part.train), min(part.test) - window + 1
        assert newest_learned < oldest_tested
    tested = [at for part in parts for at in part.test]
    assert tested == list(range(tested[0], readings))
    lengths = [len(part.train) for part in parts]
    assert lengths == sorted(set(lengths))


def test_too_short_a_life_cannot_be_divided_in_time():
    with pytest.raises(
        TooFewUnitsError,
        match="pump: 20 readings of one unit for 2 divisions in time with a gap of 9, at least 30",
    ):
        expanding_splits(20, count=2, gap=9, source="pump")
