"""Histories of machines at work as plain arrays: what a model is asked about.

The same values as a fleet's table, without a table's cost for each question: a service answers thousands
of times a minute.

Belongs here: the arrays, and fewer of them. Does not belong here: the same for training (``fleet``,
``resampling``), what a reading must be like (``inference.given_readings``, ``operation.given_units``).

Shape letters: U units, R readings of all of them, S sensors.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rul_platform.core.features import unit_starts
from rul_platform.core.fleet import FIXED_COLUMNS
from rul_platform.core.resampling import BOUNDARY

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Histories:
    """Readings of U machines, ordered by unit, then by life, oldest first.

    Attributes:
        units: U names.
        bounds: Shape ``(U + 1,)``: unit u has the rows from ``bounds[u]`` until ``bounds[u + 1]``.
        life: Shape ``(R,)``, how long the machine had run, strictly increasing within a unit.
        labels: Names of operating conditions.
        condition: Shape ``(R,)``, place of each reading's condition among ``labels``.
        sensors: S names.
        values: Shape ``(R, S)``, in the sensors' units.
    """

    units: tuple[str, ...]
    bounds: NDArray[np.intp]
    life: NDArray[np.float64]
    labels: tuple[str, ...]
    condition: NDArray[np.intp]
    sensors: tuple[str, ...]
    values: NDArray[np.float64]

    @classmethod
    def of(cls, readings: "pd.DataFrame") -> "Histories":
        """Those of a table in the fleet's format, ordered by unit, then by life."""
        import pandas as pd

        starts = unit_starts(readings["unit"])
        codes, labels = pd.factorize(readings["condition"])
        sensors = tuple(str(name) for name in readings.columns if name not in FIXED_COLUMNS)
        return cls(
            units=tuple(str(unit) for unit in readings["unit"].iloc[starts]),
            bounds=np.append(starts, len(readings)),
            life=readings["life"].to_numpy(dtype=np.float64),
            labels=tuple(str(label) for label in labels),
            condition=codes.astype(np.intp),
            sensors=sensors,
            values=readings[list(sensors)].to_numpy(dtype=np.float64),
        )

    @property
    def starts(self) -> NDArray[np.intp]:
        """Shape ``(U,)``, the row at which each unit begins."""
        return self.bounds[:-1]

    @property
    def last(self) -> NDArray[np.intp]:
        """Shape ``(U,)``, the row of each unit's newest reading."""
        return self.bounds[1:] - 1

    def spans(self) -> Iterator[slice]:
        """The rows of each unit."""
        bounds = self.bounds.tolist()
        yield from map(slice, bounds[:-1], bounds[1:])

    def only(self, sensors: Sequence[str]) -> "Histories":
        """With these sensors, in this order."""
        if tuple(sensors) == self.sensors:
            return self
        at = [self.sensors.index(name) for name in sensors]
        return replace(self, sensors=tuple(sensors), values=self.values[:, at])

    def resampled(self, step: float) -> "Histories":
        """Means over steps of life, by the rule of :func:`~rul_platform.core.resampling.resample`."""
        unit = np.repeat(np.arange(len(self.units)), np.diff(self.bounds))
        end = self.life[self.last][unit]
        back = np.floor((end - self.life) / step + BOUNDARY)
        life = np.round(end - back * step, 9)
        begins = np.flatnonzero(np.r_[True, (unit[1:] != unit[:-1]) | (life[1:] != life[:-1])])
        last = np.append(begins[1:], len(life)) - 1  # of each step
        rows = np.diff(np.append(begins, len(life)))
        counts = self.condition == np.repeat(self.condition[last], rows)
        total = np.add.reduceat(np.where(counts[:, None], self.values, 0.0), begins, axis=0)
        return replace(
            self,
            bounds=np.append(np.searchsorted(begins, self.starts), len(begins)),
            life=life[last],
            condition=self.condition[last],
            values=total / np.add.reduceat(counts, begins, dtype=np.float64)[:, None],
        )
