"""Intervals by unit."""

import numpy as np

from rul_platform.core.intervals import half_width


def test_a_unit_counts_once_however_many_windows_it_has():
    """Nine quiet units of one window and one loud one of 91: the loud one is a tenth, not nine."""
    units = np.array([*"abcdefghi", *(["z"] * 91)])
    error = np.array([1.0] * 9 + [50.0] * 91)
    assert half_width(units, error, level=0.8) == 1.0


def test_few_units_get_the_largest_error_seen():
    """Three units cannot promise 90 %; the most they can say is their worst."""
    assert half_width(np.array(["a", "b", "c"]), np.array([-7.0, 1.0, 2.0]), level=0.9) == 7.0


def test_coverage_on_new_units_is_at_least_what_was_asked():
    """Twenty calibration units, many new ones, the same error law."""
    random = np.random.default_rng(0)
    covered = []
    for _ in range(300):
        calibration = random.normal(0, 10, 20)
        width = half_width(np.arange(20).astype(str), calibration, level=0.9)
        covered.append((np.abs(random.normal(0, 10, 50)) <= width).mean())
    assert 0.88 < float(np.mean(covered)) < 0.95
