"""The scaled table and its index of windows, part by part, of histories that are too long to hold.

The same rows and the same bytes as :meth:`Preparation.windows` gives of a fleet in memory, however long
the pieces are and wherever the work was taken up again.

Belongs here: going through a fleet once. Does not belong here: what a channel or a label is
(``features``, ``windows``), keeping parts and how far the work has come (``storage``).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rul_platform.core.features import Carried, next_channels
from rul_platform.core.long_fleet import LongFleet, Piece
from rul_platform.core.parts import PART_ROWS
from rul_platform.core.preparation import Preparation
from rul_platform.core.windows import INDEX_COLUMNS, index_numbers


@dataclass(frozen=True, slots=True)
class Reached:
    """How far the work has come: all that the next part needs to know.

    Attributes:
        row: The next reading of the fleet.
        windows: How many windows there are so far.
        carried: What the channels need to know.
    """

    row: int = 0
    windows: int = 0
    carried: Carried | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain numbers, exact both ways."""
        carried = None if self.carried is None else self.carried.to_json()
        return {"row": self.row, "windows": self.windows, "carried": carried}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Reached":
        """The inverse of :meth:`to_json`."""
        carried = None if data["carried"] is None else Carried.from_json(data["carried"])
        return cls(int(data["row"]), int(data["windows"]), carried)


@dataclass(frozen=True, slots=True)
class WindowPart:
    """One part.

    Attributes:
        cycles: Rows of the scaled table, as ``parquet.scaled_cycles`` gives them.
        index: Their windows; ``first_row`` and ``last_row`` count the rows of all parts.
        reached: How far the work has come with it.
    """

    cycles: pa.Table
    index: pa.Table
    reached: Reached


def window_parts(
    fleet: LongFleet,
    roles: Mapping[str, str],
    preparation: Preparation,
    *,
    begin: Reached | None = None,
    part_rows: int = PART_ROWS,
) -> Iterator[WindowPart]:
    """Cut a fleet into one window for each reading of the units that have a role.

    Args:
        fleet: Histories.
        roles: Role of each unit of which windows are cut.
        preparation: Fitted on training units.
        begin: How far earlier work had come.
        part_rows: Rows of every part but the last.

    Raises:
        DataError: A condition is unknown.
    """
    builder = _Builder(fleet, roles, preparation, begin or Reached(), part_rows)
    for piece in fleet.pieces(builder.reached.row):
        yield from builder.add(piece)
    if builder.held:
        yield builder.part()


class _Builder:
    """Fills one part after the other."""

    def __init__(
        self,
        fleet: LongFleet,
        roles: Mapping[str, str],
        preparation: Preparation,
        begin: Reached,
        part_rows: int,
    ) -> None:
        units = fleet.units["unit"]
        self._preparation, self._part_rows, self.reached = preparation, part_rows, begin
        self._is_cut = units.isin(list(roles)).to_numpy(dtype=np.bool_)
        rows = np.where(self._is_cut, fleet.units["rows"].to_numpy(dtype=np.int64), 0)
        self._start = np.cumsum(rows) - rows
        self._ends = _ends(fleet)
        self._names = pa.array(units, pa.large_string())
        self._roles = pa.array([roles.get(unit) for unit in units], pa.large_string())
        self.held = 0
        self._waiting: list[tuple[Piece, NDArray[np.float32]]] = []

    def add(self, piece: Piece) -> Iterator[WindowPart]:
        """Take in a piece; gives the parts that it fills."""
        cut = self._is_cut[piece.unit]
        begin = 0
        while begin < len(piece):
            room = self._part_rows - self.held
            end = _end_of(cut, begin, room)
            self._take(piece.rows(begin, end).only(cut[begin:end]), piece.begin + end)
            begin = end
            if self.held == self._part_rows:
                yield self.part()

    def part(self) -> WindowPart:
        """What is held, as a part."""
        pieces, tables = zip(*self._waiting, strict=True)
        first = self.reached.windows - self.held
        self._waiting, self.held = [], 0
        unit = np.concatenate([piece.unit for piece in pieces])
        life = np.concatenate([piece.readings["life"].to_numpy(np.float64) for piece in pieces])
        condition = [pa.array(piece.readings["condition"], pa.large_string()) for piece in pieces]
        table = np.concatenate(tables)
        name = self._names.take(pa.array(unit))
        channels = {n: pa.array(table[:, at]) for at, n in enumerate(self._preparation.channels)}
        cycles = {"unit": name, "life": life, "condition": pa.concat_arrays(condition)} | channels
        columns: dict[str, Any] = {
            "unit": name,
            "life": life,
            "split": self._roles.take(pa.array(unit)),
            **index_numbers(
                self._start[unit],
                np.arange(first, first + len(unit), dtype=np.int64),
                self._ends["known"][unit] - life,
                self._ends["least"][unit] - life,
                length=self._preparation.window,
                cap=self._preparation.cap,
            ),
        }
        index = {n: pa.array(columns[n], from_pandas=True) for n in INDEX_COLUMNS}
        return WindowPart(pa.table(cycles), pa.table(index), self.reached)

    def _take(self, piece: Piece, next_row: int) -> None:
        """Compute the channels of readings that fit into the part."""
        windows, carried = self.reached.windows, self.reached.carried
        if len(piece):
            table, carried = next_channels(
                self._preparation.scaler.apply(piece.readings),
                np.flatnonzero(piece.is_first),
                piece.readings["life"].to_numpy(np.float64),
                carried,
                cap=self._preparation.cap,
            )
            self._waiting.append((piece, table))
            self.held += len(piece)
        self.reached = Reached(next_row, windows + len(piece), carried)


def _end_of(cut: NDArray[np.bool_], begin: int, room: int) -> int:
    """Up to where rows from ``begin`` on can be taken until ``room`` of them are cut."""
    at = np.flatnonzero(cut[begin:])
    return len(cut) if len(at) < room else begin + int(at[room - 1]) + 1


def _ends(fleet: LongFleet) -> dict[str, NDArray[np.float64]]:
    """Life at which each unit's end is known, and that it reached at least; NaN without it."""
    units = fleet.units
    known = (units["end_life"] + units["rul_at_end"]).to_numpy(dtype=np.float64)
    least = units["known_life"] if "known_life" in units else np.full(len(units), np.nan)
    return {"known": known, "least": np.asarray(least, dtype=np.float64)}
