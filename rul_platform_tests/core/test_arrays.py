"""Arrays of a notebook as windows, and who validates."""

import numpy as np
import pytest

from rul_platform.core.arrays import as_windows, divide
from rul_platform.errors import ArraysError, TooFewUnitsError


def samples(count: int, *, window: int = 3, channels: int = 2) -> np.ndarray:
    """Sample n holds the numbers n, n + 1, … of each reading, so that it shows what it shares."""
    rows = np.arange(count)[:, None] + np.arange(window)[None, :]
    return np.repeat(rows[:, :, None], channels, axis=2).astype(np.float32)


def test_samples_come_back_as_they_were_and_without_a_copy():
    x = samples(5)
    windows = as_windows(x, np.arange(5.0))
    assert np.array_equal(windows.features(), x)
    assert windows.rul().tolist() == [0, 1, 2, 3, 4]
    assert np.shares_memory(windows.table, x)


def test_whole_units_are_held_out():
    units = np.repeat(["a", "b", "c", "d", "e"], 4)
    given = divide(as_windows(samples(20), np.zeros(20), units=units), share=0.4, seed=0)
    assert set(given.train.units()).isdisjoint(given.held_out.units())
    assert len(given.held_out) == 8
    assert given.measured_on == ("all samples of 2 held-out units of 5; every unit counts once")


def test_without_units_the_last_samples_are_held_out_and_share_no_reading_with_training():
    given = divide(as_windows(samples(20), np.zeros(20)), share=0.2, seed=0)
    learned, held_out = given.train.features(), given.held_out.features()
    assert len(held_out) == 4
    assert learned.max() < held_out.min()
    assert len(learned) == 20 - 4 - 2
    assert given.measured_on.startswith("the last 4 of 20 samples, because no unit ids were given")
    assert "give units" in given.measured_on


def test_too_few_samples_to_hold_some_out_is_refused():
    with pytest.raises(TooFewUnitsError, match="the last 1 are held out and the 2 before them"):
        divide(as_windows(samples(3), np.zeros(3)), share=0.2, seed=0)


def test_one_unit_alone_is_refused():
    windows = as_windows(samples(9), np.zeros(9), units=["a"] * 9)
    with pytest.raises(TooFewUnitsError, match="the arrays"):
        divide(windows, share=0.2, seed=0)


def test_everything_that_does_not_fit_is_listed():
    x = samples(4)
    x[1, 0, 0] = np.nan
    with pytest.raises(ArraysError) as error:
        as_windows(x, [1.0, -2.0], units=["a", "b", "c"])
    assert str(error.value).splitlines() == [
        "The arrays do not fit; nothing was learned from them.",
        "  - 1 of 4 samples of x hold NaN or infinity; fill or drop them first",
        "  - y has shape (2,), expected (4,), one per sample",
        "  - units has shape (3,), expected (4,), one per sample",
        "  - y holds NaN, infinity or numbers below 0; RUL is what is left, 0 or more",
    ]


def test_arrays_of_another_rank_are_refused():
    with pytest.raises(ArraysError, match=r"x has shape \(4, 3\), expected \(samples, sequence, "):
        as_windows(np.zeros((4, 3)))
