"""Readings cut at the ends of histories and resampled, piece by piece.

The same rows as ``failures.cut`` and ``resampling.resample`` give of readings in memory.

Belongs here: what of each piece is kept. Does not belong here: where histories end (``reading_survey``).

Shape letters: U units, P readings of a piece.
"""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from rul_platform.core.reading_survey import Until
from rul_platform.core.resampling import group_means, steps_of
from rul_platform.core.sorted_runs import Rows


class Cutter:
    """Cuts and resamples readings that come in order.

    Attributes:
        made: How many rows each unit has in the end, and the life of its last one.
    """

    def __init__(
        self, limit: NDArray[np.float64], end: NDArray[np.float64], step: float | None
    ) -> None:
        """Begin.

        Args:
            limit: Shape ``(U,)``, the life up to which each unit's readings are kept.
            end: Shape ``(U,)``, the life of the last of them.
            step: Length of a step of resampling; None where every reading is kept.
        """
        self._limit, self._end, self._step = limit, end, step
        self.made = Until.nothing(len(limit))

    def pieces(self, readings: Iterable[Rows]) -> Iterator[Rows]:
        """What is left of each piece."""
        held: Rows | None = None
        for rows in readings:
            kept = rows.at(rows.life <= self._limit[rows.unit])
            if self._step is not None and len(kept):
                laid = steps_of(kept.life, self._end[kept.unit], self._step)
                kept = Rows(kept.unit, laid, kept.condition, kept.file, kept.place, kept.values)
                together = kept if held is None else Rows.joined([held, kept])
                begins = _step_begins(together)
                held = together.at(slice(int(begins[-1]), None))  # its step may go on
                kept = _means(together.at(slice(int(begins[-1]))), begins[:-1])
            yield from self._told(kept)
        if held is not None:
            yield from self._told(_means(held, np.zeros(1, dtype=np.intp)))

    def _told(self, rows: Rows) -> Iterator[Rows]:
        if len(rows):
            self.made.add(rows)
            yield rows


def _step_begins(rows: Rows) -> NDArray[np.intp]:
    """Rows at which another step begins."""
    differs = (rows.unit[1:] != rows.unit[:-1]) | (rows.life[1:] != rows.life[:-1])
    return np.flatnonzero(np.r_[True, differs])


def _means(rows: Rows, begins: NDArray[np.intp]) -> Rows:
    """One row for each step."""
    if not len(begins):
        return rows
    last = np.append(begins[1:], len(rows)) - 1
    of_last = rows.at(last)
    values = group_means(rows.values, rows.condition, begins)
    return Rows(of_last.unit, of_last.life, of_last.condition, of_last.file, of_last.place, values)
