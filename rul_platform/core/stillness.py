"""How long a sensor stands still.

Belongs here: counting readings in a row that are alike. Does not belong here: what to warn of
(``inference.cautions``).

Shape letters: T readings of one unit, S sensors.
"""

import numpy as np
from numpy.typing import NDArray

from rul_platform.core.scaling import CONSTANT_BELOW


class StillnessFit:
    """Takes readings of training units in order and in pieces of any size.

    Args:
        sensors: S, how many sensors there are.
        for_good: A sensor that never moved in a unit of so many readings or more may stand still.
    """

    def __init__(self, sensors: int, *, for_good: int) -> None:
        self._for_good = for_good
        self._most = np.ones(sensors, dtype=np.intp)
        self._may_rest = np.zeros(sensors, dtype=np.bool_)
        self._rows = 0
        self._longest = np.ones(sensors, dtype=np.intp)
        self._here = np.ones(sensors, dtype=np.intp)
        self._last: NDArray[np.float64] | None = None

    def add(self, values: NDArray[np.float64], starts: NDArray[np.intp]) -> None:
        """Count readings in.

        Args:
            values: Shape ``(R, S)``.
            starts: Rows at which units begin; what is before the first of them goes on with a unit.
        """
        begins = starts if len(starts) and starts[0] == 0 else np.r_[0, starts]
        for begin, some in zip(begins.tolist(), np.split(values, begins[1:]), strict=True):
            if len(starts) == len(begins) or begin > 0:
                self._end_unit()
            self._go_on(some)

    def longest(self) -> tuple[int, ...]:
        """The most readings in a row with which each sensor stood still in any unit.

        Returns:
            S numbers; 0 where the sensor may stand still for good.
        """
        self._end_unit()
        return tuple(np.where(self._may_rest, 0, self._most).tolist())

    def _go_on(self, values: NDArray[np.float64]) -> None:
        """More readings of the unit."""
        if not len(values):
            return
        if self._last is not None:
            values = np.concatenate([self._last[None], values])
        moved = ~alike(values[1:], values[:-1])
        for sensor, column in enumerate(moved.T):
            at = np.flatnonzero(column)
            if len(at):
                first = self._here[sensor] + at[0]
                self._longest[sensor] = np.diff(at).max(initial=max(self._longest[sensor], first))
                self._here[sensor] = len(column) - at[-1]
            else:
                self._here[sensor] += len(column)
        self._rows += len(moved) + (self._last is None)
        self._last = values[-1]

    def _end_unit(self) -> None:
        if self._last is None:
            return
        runs = np.maximum(self._longest, self._here)
        self._may_rest |= (runs == self._rows) & (self._rows >= self._for_good)
        self._most = np.maximum(self._most, runs)
        self._rows, self._last = 0, None
        self._longest, self._here = np.ones_like(runs), np.ones_like(runs)


def newest(values: NDArray[np.float64]) -> NDArray[np.intp]:
    """With how many newest readings each sensor has stood still, shape ``(S,)``.

    >>> newest(np.array([[1.0, 5.0], [2.0, 5.0], [2.0, 5.0]])).tolist()
    [2, 3]
    """
    moved = ~alike(values[::-1], values[-1])
    return np.where(moved.any(axis=0), moved.argmax(axis=0), len(values))


def alike(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where readings are equal but for rounding: means of equal ones differ in the last digit."""
    return np.abs(one - other) <= CONSTANT_BELOW * np.abs(other)
