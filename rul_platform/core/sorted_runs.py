"""Readings in order that are too many to sort at once: sorted runs, and their merge.

A run is as many readings as fit into memory, sorted. The merge gives all of them in order, in pieces,
while it holds one batch of each run that it is in the middle of; of runs that follow each other, as
those of an export that is in order already, that is one or two.

Belongs here: order. Does not belong here: where runs are kept (``storage.run_files``), what readings
mean (``reading_survey``, ``reading_parts``).

Shape letters: P readings of a piece, S sensors.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

Key = tuple[int, float]
"""Place of the unit among all units, and life."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Readings as arrays; names are numbers, which somebody else knows.

    Attributes:
        unit: Shape ``(P,)``.
        life: Shape ``(P,)``, in the plant's unit of life.
        condition: Shape ``(P,)``.
        file: Shape ``(P,)``, which source a reading is from.
        place: Shape ``(P,)``, line or row in it.
        values: Shape ``(P, S)``, in the sensors' units.
    """

    unit: NDArray[np.int64]
    life: NDArray[np.float64]
    condition: NDArray[np.int64]
    file: NDArray[np.int64]
    place: NDArray[np.int64]
    values: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.unit)

    @classmethod
    def joined(cls, parts: Sequence["Rows"]) -> "Rows":
        """One after the other."""
        if len(parts) == 1:
            return parts[0]
        return cls(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)))

    def at(self, rows: slice | NDArray[np.intp] | NDArray[np.bool_]) -> "Rows":
        """Some of them."""
        return Rows(*(getattr(self, field.name)[rows] for field in fields(self)))

    def ordered(self) -> "Rows":
        """By unit, then by life; equal ones stay in their order."""
        return self.at(np.lexsort((self.life, self.unit)))

    def ranked(self, rank: NDArray[np.int64]) -> "Rows":
        """With other numbers for units: ``rank[unit]``."""
        return replace(self, unit=rank[self.unit])

    def key(self, row: int) -> Key:
        """Where a reading stands in the order."""
        return int(self.unit[row]), float(self.life[row])

    def until(self, key: Key) -> int:
        """How many of them, in order, stand at ``key`` or before it."""
        unit, life = key
        begin = int(np.searchsorted(self.unit, unit, side="left"))
        end = int(np.searchsorted(self.unit, unit, side="right"))
        return begin + int(np.searchsorted(self.life[begin:end], life, side="right"))


@dataclass(frozen=True, slots=True)
class Run:
    """Readings in order that are read when it is their turn.

    Attributes:
        first: Key of the first one.
        read: Gives them batch by batch.
    """

    first: Key
    read: Callable[[], Iterator[Rows]]


def merge(runs: Iterable[Run], *, piece_rows: int) -> Iterator[Rows]:
    """All readings of all runs in order, in pieces of at least ``piece_rows`` but the last one.

    At the same key, readings of earlier runs come first as far as they are met together.
    """
    held: list[Rows] = []
    for rows in _merge(sorted(runs, key=lambda run: run.first)):
        held.append(rows)
        if sum(map(len, held)) >= piece_rows:
            yield Rows.joined(held)
            held = []
    if held:
        yield Rows.joined(held)


class _Cursor:
    """A run that the merge is in the middle of."""

    def __init__(self, run: Run) -> None:
        self._batches = run.read()
        self.rows = next(self._batches)

    @property
    def last(self) -> Key:
        """Key of the last reading that is held."""
        return self.rows.key(-1)

    def take(self, bound: Key) -> Rows:
        """Give away what stands at ``bound`` or before it."""
        count = self.rows.until(bound)
        given, self.rows = self.rows.at(slice(count)), self.rows.at(slice(count, None))
        return given

    def refill(self) -> bool:
        """Hold readings again, unless the run is over."""
        if not len(self.rows):
            self.rows = next(self._batches, self.rows)
        return len(self.rows) > 0


def _merge(waiting: list[Run]) -> Iterator[Rows]:
    active: list[_Cursor] = []
    while waiting or active:
        if not active:
            active.append(_Cursor(waiting.pop(0)))
        bound = min(cursor.last for cursor in active)
        while waiting and waiting[0].first <= bound:
            active.append(_Cursor(waiting.pop(0)))
            bound = min(bound, active[-1].last)
        taken = [rows for cursor in active if len(rows := cursor.take(bound))]
        together = Rows.joined(taken)
        yield together if len(taken) == 1 else together.ordered()
        active = [cursor for cursor in active if cursor.refill()]
