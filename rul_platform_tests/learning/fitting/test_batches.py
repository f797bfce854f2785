"""What a step is given."""

import numpy as np
import pandas as pd
import pytest
import torch

from rul_platform.core.recipe import FitConfig
from rul_platform.core.windows import Windows, window_index
from rul_platform.errors import TrainingDataError
from rul_platform.learning.fitting.batches import Examples, batches, shuffled
from rul_platform_tests.fleets import wearing_fleet


def windows_of(lives: dict[str, int], length: int = 4, cap: float = 60.0) -> Windows:
    """Windows whose one channel counts the rows of the table."""
    index = window_index(wearing_fleet(lives), "train", length=length, cap=cap)
    table = np.arange(sum(lives.values()), dtype=np.float32)[:, None]
    return Windows(table, index, length)


@pytest.mark.parametrize("length", [1, 4, 9])
def test_windows_are_cut_as_everywhere_else(length: int):
    """Lives of 3 and 7 readings: most windows of 9 are filled up on the left."""
    windows = windows_of({"a": 3, "b": 7}, length)
    taken = Examples.of(windows, cap=60.0).batch(torch.arange(10)).x_BWF
    assert np.array_equal(taken.numpy(), windows.features())


def test_shorter_windows_are_cut_as_everywhere_else():
    windows = windows_of({"a": 3, "b": 7}, 6).shorter(2)
    taken = Examples.of(windows, cap=60.0).batch(torch.arange(10)).x_BWF
    assert np.array_equal(taken.numpy(), windows.features())


def test_an_epoch_shows_each_window_once_but_for_an_incomplete_batch():
    first, second, third = shuffled(5, 2, 3, seed=0)
    assert len({*first.tolist(), *second.tolist()}) == 4
    assert len(third) == 2


def test_half_of_each_batch_is_replayed():
    """The plant's rows are 0 to 5, those of the source are 100 and more."""
    plant = Examples.of(windows_of({"a": 6}), cap=60.0)
    source = windows_of({"b": 50})
    replay = Examples.of(Windows(source.table + 100, source.index, source.length), cap=60.0)
    config = FitConfig(seed=0, steps=3, batch_size=4)
    for batch in batches(plant, replay, config=config):
        assert (batch.x_BWF[:, -1, 0] >= 100).tolist() == [False, False, True, True]
        assert len(batch.y_B) == 4


def test_the_far_target_is_the_same_label_under_a_higher_cap():
    """A life of 4 readings under caps of 1 and 2.5: labels 3, 2, 1, 0 and at most 2.5."""
    labels = Examples.of(windows_of({"a": 4}, cap=1.0), cap=1.0, far=2.5).labels
    assert labels.y_B.tolist() == [1.0, 1.0, 1.0, 0.0]
    assert labels.far_B is not None
    assert labels.far_B.tolist() == [2.5, 2.0, 1.0, 0.0]
    assert labels.far_at_least_B is None


def test_far_labels_of_a_unit_whose_end_nobody_saw_are_bounds():
    """Unit b never comes below the cap of 10: a lower bound is as good as its label, but no further."""
    windows = windows_of({"a": 12, "b": 3})
    rul = windows.index["rul"].where(windows.index["unit"] == "a", 30.0)
    labels = Examples.of(
        Windows(windows.table, windows.index.assign(rul=rul), 4), cap=10.0, far=2.0
    ).labels
    assert labels.far_at_least_B is not None
    assert labels.far_at_least_B.tolist() == [False] * 12 + [True] * 3
    assert labels.at_least_B is None


def test_features_that_are_no_numbers_are_refused_by_channel():
    windows = windows_of({"a": 6})
    table = np.repeat(windows.table, 3, axis=1)
    table[2:4, 1] = np.nan
    table[5, 2] = np.inf
    with pytest.raises(TrainingDataError) as refused:
        Examples.of(Windows(table, windows.index, 4), cap=60.0)
    assert "channel 2 of 3 is NaN or infinite in 2 readings" in str(refused.value)
    assert "channel 3 of 3 is NaN or infinite in 1 readings" in str(refused.value)
    assert "nothing was trained" in str(refused.value)


def test_a_row_that_no_window_holds_may_be_anything():
    windows = windows_of({"a": 6, "b": 5})
    table = windows.table.copy()
    table[0] = np.nan
    kept = Windows(table, windows.index[windows.index["unit"] == "b"], 4)
    assert len(Examples.of(kept, cap=60.0)) == 5


def test_labels_that_are_no_numbers_are_refused_by_unit():
    windows = windows_of({"a": 6, "b": 5})
    rul = windows.index["rul"].mask(windows.index["unit"] == "b", float("nan"))
    with pytest.raises(TrainingDataError, match="the remaining life of b is not known"):
        Examples.of(Windows(windows.table, windows.index.assign(rul=pd.Series(rul)), 4), cap=60.0)
