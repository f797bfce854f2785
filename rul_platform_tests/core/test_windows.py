"""Windows: an index of rows, and the cut."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rul_platform.core.fleet import Fleet, summarise_units
from rul_platform.core.windows import Windows, even_cuts, last_of_each_unit, pool, window_index
from rul_platform.errors import DataError
from rul_platform_tests.fleets import wearing_fleet


def ramp(lives: dict[str, int], length: int) -> Windows:
    """Row r holds the number r, so a window shows by itself which rows it covers."""
    fleet = wearing_fleet(lives)
    table = np.arange(len(fleet.readings), dtype=np.float32)[:, None]
    return Windows(table, window_index(fleet, "train", length=length), length)


def test_three_readings_give_three_windows_of_two():
    """The smallest case that can be checked by eye; the first is filled with its first row."""
    windows = ramp({"7": 3}, 2)
    assert windows.features()[:, :, 0].tolist() == [[0, 0], [0, 1], [1, 2]]
    assert windows.units().tolist() == ["7", "7", "7"]
    assert windows.rul().tolist() == [2.0, 1.0, 0.0]


@given(
    lives=st.dictionaries(st.text("abc", min_size=1), st.integers(1, 12), min_size=1, max_size=5),
    length=st.integers(1, 8),
)
def test_no_window_mixes_units_or_skips_a_reading(lives: dict[str, int], length: int):
    """Holds for every fleet, not only for the ones we thought of."""
    windows = ramp(lives, length)
    cut = windows.features()[:, :, 0]
    assert len(windows) == sum(lives.values())
    assert np.isin(np.diff(cut, axis=1), [0, 1]).all()
    assert (cut >= windows.index["first_row"].to_numpy()[:, None]).all()
    assert (cut[:, -1] == windows.index["last_row"].to_numpy()).all()


@given(lives=st.lists(st.integers(1, 300), min_size=1, max_size=5), cuts=st.integers(2, 40))
def test_even_cuts_keep_the_last_window_and_never_exceed_their_number(lives: list[int], cuts: int):
    windows = ramp({str(unit): life for unit, life in enumerate(lives)}, 5)
    index = even_cuts(windows, cuts).index
    counts = index.groupby("unit").size()
    assert set(counts.index) == {str(unit) for unit in range(len(lives))}
    assert (counts <= cuts).all()
    assert all(counts[str(unit)] == min(life, cuts) for unit, life in enumerate(lives))


def test_the_last_window_of_each_unit():
    assert last_of_each_unit(ramp({"a": 3, "b": 2}, 2)).rul().tolist() == [0.0, 0.0]


def test_censored_units_have_no_rul():
    fleet = wearing_fleet({"a": 3})
    censored = Fleet(fleet.readings, summarise_units(fleet.readings, np.nan))
    assert np.isnan(window_index(censored, "censored", length=2)["rul"]).all()


def test_pooled_windows_keep_their_values_and_say_where_they_come_from():
    a, b = ramp({"1": 3}, 2), ramp({"1": 4}, 2)
    both = pool({"A": a, "B": b})
    assert both.units().tolist() == ["A/1"] * 3 + ["B/1"] * 4
    assert np.array_equal(both.features(), np.concatenate([a.features(), b.features()]))


def test_windows_of_other_length_are_not_pooled():
    with pytest.raises(ValueError, match="unpack"):
        pool({"A": ramp({"1": 3}, 2), "B": ramp({"1": 3}, 3)})


def outlived(lives: dict[str, int], known_life: float) -> Fleet:
    """Machines at work that are known to have run until ``known_life``."""
    readings = wearing_fleet(lives).readings
    return Fleet(readings, summarise_units(readings, np.nan, known_life))


def test_a_unit_that_outlived_a_prediction_has_lower_bounds_for_labels():
    """At 1, 2 and 3 it had at least 6, 5 and 4 left; 5 and more is as good as the cap of 5."""
    index = window_index(outlived({"a": 3}, 7.0), "train", length=2, cap=5.0)
    assert index["rul"].tolist() == [6.0, 5.0, 4.0]
    assert index["at_least"].tolist() == [False, False, True]


def test_a_unit_that_failed_has_no_lower_bound_whatever_is_known_of_it():
    readings = wearing_fleet({"a": 3}).readings
    fleet = Fleet(readings, summarise_units(readings, 0.0, 9.0))
    index = window_index(fleet, "train", length=2, cap=5.0)
    assert index["rul"].tolist() == [2.0, 1.0, 0.0]
    assert not index["at_least"].any()


def test_exact_windows_are_those_whose_label_is_known():
    fleet = outlived({"a": 3}, 7.0)
    index = window_index(fleet, "train", length=2, cap=5.0)
    windows = Windows(np.zeros((3, 1), dtype=np.float32), index, 2)
    assert windows.exact().rul().tolist() == [6.0, 5.0]


def test_fleets_and_windows_from_before_are_read_as_they_were():
    """Artifacts that know neither ``known_life`` nor ``at_least``."""
    fleet = wearing_fleet({"a": 3, "b": 2})
    old = Fleet(fleet.readings, fleet.units.drop(columns="known_life"))
    assert np.isnan(old.least_rul()).all()
    index = window_index(old, "train", length=2)
    new = Windows(np.zeros((5, 1), dtype=np.float32), index, 2)
    before = Windows(new.table, index.drop(columns="at_least"), 2)
    assert before.at_least().tolist() == [False] * 5
    assert len(before.exact()) == 5
    pooled = pool({"A": before, "B": new})
    assert pooled.index["at_least"].dtype == bool


def test_windows_that_hold_too_little_are_refused_and_not_taken_for_young_histories():
    windows = ramp({"a": 5}, 2)
    with pytest.raises(DataError, match="Windows of 2 readings were given where 4 are looked at"):
        windows.shorter(4)
    longer = windows.longer(4)
    assert longer.rows().tolist()[-1] == [1, 2, 3, 4]
    assert longer.shorter(2).rows().tolist() == windows.rows().tolist()
