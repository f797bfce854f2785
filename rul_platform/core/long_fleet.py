"""Histories that are too long to hold: read piece by piece, always in the same order.

Belongs here: which rows of a piece belong to which unit. Does not belong here: where pieces come from
(``storage``), what is computed of them (``window_parts``, ``preparation``).

Shape letters: U units, R readings of all of them, P readings of one piece.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rul_platform.core.fleet import Fleet
from rul_platform.core.parts import PART_ROWS

if TYPE_CHECKING:
    import pandas as pd

PIECE_ROWS = 2**17
"""Readings that are looked at together; of 20 sensors, a step of a computation takes 20 MiB."""


@dataclass(frozen=True)
class LongFleet:
    """As :class:`~rul_platform.core.fleet.Fleet`, but for the readings, which come in pieces.

    Attributes:
        units: As of a fleet; U rows, which take the memory that there must be.
        sensors: Names of the sensor columns, in the order of the table.
        read: Gives the readings from a row on, in pieces of any size; their columns may lack ``unit``.
    """

    units: "pd.DataFrame"
    sensors: tuple[str, ...]
    read: "Callable[[int], Iterator[pd.DataFrame]]" = field(repr=False)

    @classmethod
    def of(cls, fleet: Fleet, *, piece_rows: int = PIECE_ROWS) -> "LongFleet":
        """A fleet in memory as one that is read."""

        def read(begin: int) -> "Iterator[pd.DataFrame]":
            for at in range(begin, len(fleet.readings), piece_rows):
                yield fleet.readings.iloc[at : at + piece_rows]

        return cls(fleet.units, fleet.sensors, read)

    @cached_property
    def bounds(self) -> NDArray[np.intp]:
        """Shape ``(U + 1,)``: unit u has the rows from ``bounds[u]`` until ``bounds[u + 1]``."""
        return np.r_[0, np.cumsum(self.units["rows"].to_numpy(dtype=np.intp))]

    @property
    def is_long(self) -> bool:
        """Whether its tables take more than one part."""
        return int(self.bounds[-1]) > PART_ROWS

    def pieces(self, begin: int = 0) -> Iterator["Piece"]:
        """The readings from row ``begin`` on."""
        for readings in self.read(begin):
            if len(readings):
                yield Piece.at(begin, readings, self.bounds)
                begin += len(readings)


@dataclass(frozen=True, slots=True)
class Piece:
    """Some readings in a row.

    Attributes:
        begin: Row of the first one among all readings.
        readings: P rows: ``life``, ``condition`` and the sensors.
        unit: Shape ``(P,)``, place of each reading's unit among the fleet's units.
        is_first: Shape ``(P,)``, whether a reading is the first of its unit.
    """

    begin: int
    readings: "pd.DataFrame"
    unit: NDArray[np.intp]
    is_first: NDArray[np.bool_]

    @classmethod
    def at(cls, begin: int, readings: "pd.DataFrame", bounds: NDArray[np.intp]) -> "Piece":
        """Those that begin at row ``begin`` of a fleet whose units have these ``bounds``."""
        rows = np.arange(begin, begin + len(readings))
        unit = np.searchsorted(bounds, rows, side="right") - 1
        return cls(begin, readings, unit, rows == bounds[unit])

    def __len__(self) -> int:
        return len(self.readings)

    def only(self, mask: NDArray[np.bool_]) -> "Piece":
        """Without the readings where ``mask`` is false; ``begin`` says nothing of them any more."""
        if mask.all():
            return self
        return Piece(self.begin, self.readings[mask], self.unit[mask], self.is_first[mask])

    def rows(self, begin: int, end: int) -> "Piece":
        """Its rows from ``begin`` until ``end``, counted within the piece."""
        some = slice(begin, end)
        return Piece(
            self.begin + begin, self.readings.iloc[some], self.unit[some], self.is_first[some]
        )
