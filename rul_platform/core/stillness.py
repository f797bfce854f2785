"""How long a sensor stands still.

Belongs here: counting readings in a row that are alike. Does not belong here: what to warn of
(``inference.cautions``).

Shape letters: T readings of one unit, S sensors.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from rul_platform.core.fleet import Fleet
from rul_platform.core.scaling import CONSTANT_BELOW


def longest(training: Fleet, sensors: Sequence[str], *, for_good: int) -> tuple[int, ...]:
    """The most readings in a row with which each sensor stood still in any unit.

    Args:
        training: Histories of training units.
        sensors: S columns.
        for_good: A sensor that never moved in a unit of so many readings or more may stand still.

    Returns:
        S numbers; 0 where the sensor may stand still for good.
    """
    most = np.ones(len(sensors), dtype=np.intp)
    may_rest = np.zeros(len(sensors), dtype=np.bool_)
    for values in unit_values(training, sensors):
        runs = _longest_runs(values)
        may_rest |= (runs == len(values)) & (len(values) >= for_good)
        most = np.maximum(most, runs)
    return tuple(np.where(may_rest, 0, most).tolist())


def newest(values: NDArray[np.float64]) -> NDArray[np.intp]:
    """With how many newest readings each sensor has stood still, shape ``(S,)``.

    >>> newest(np.array([[1.0, 5.0], [2.0, 5.0], [2.0, 5.0]])).tolist()
    [2, 3]
    """
    moved = ~_alike(values[::-1], values[-1])
    return np.where(moved.any(axis=0), moved.argmax(axis=0), len(values))


def unit_values(fleet: Fleet, sensors: Sequence[str]) -> Iterator[NDArray[np.float64]]:
    """Sensor values of each unit, ``(T, S)``, in the order of ``fleet.units``."""
    values = fleet.readings[list(sensors)].to_numpy(dtype=np.float64)
    ends = np.cumsum(fleet.units["rows"].to_numpy(dtype=np.intp))
    yield from np.split(values, ends[:-1])


def _longest_runs(values: NDArray[np.float64]) -> NDArray[np.intp]:
    """Length of each sensor's longest run, shape ``(S,)``."""
    moved = ~_alike(values[1:], values[:-1])
    runs = [np.diff(np.flatnonzero(np.r_[True, column, True])).max(initial=1) for column in moved.T]
    return np.array(runs, dtype=np.intp)


def _alike(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Equal but for rounding: means over steps of equal readings differ in their last digit."""
    return np.abs(one - other) <= CONSTANT_BELOW * np.abs(other)
