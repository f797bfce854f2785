"""Newest windows of machines at work."""

import numpy as np
import pytest

from rul_platform.core import features
from rul_platform.core.newest_windows import newest_windows


@pytest.mark.parametrize(
    "lives", [[1], [2], [5, 1, 40], [14, 15, 16, 29, 30, 31], [700, 3], [7] * 70], ids=str
)
def test_newest_windows_are_those_of_the_whole_table(lives: list[int]):
    """Of short and long histories, alone and beside others; what is lacking is the first reading."""
    window, bounds = 30, np.cumsum([0, *lives], dtype=np.intp)
    scaled = np.random.default_rng(0).normal(size=(bounds[-1], 3))
    life = np.concatenate([np.arange(1.0, rows + 1) for rows in lives])
    whole = features.channels_of(scaled, bounds[:-1], life, cap=125.0)
    at = np.maximum(bounds[1:, None] + np.arange(-window, 0), bounds[:-1, None])
    found = newest_windows(scaled, bounds, life, window, cap=125.0)
    assert found.dtype == np.float32
    assert np.allclose(found, whole[at], atol=1e-6)
