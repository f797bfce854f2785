"""Windows over histories: an index of rows, and the cut itself.

A window is never stored: the scaled table is, once, with an index that says which rows belong to a
window. A history shorter than the window is filled up on the left with its first row, in training
and in service alike, so that no machine is left out.

Shape letters: R readings, F channels, N windows, W window length in readings, B batch.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rul_platform.core.features import unit_starts
from rul_platform.core.fleet import Fleet
from rul_platform.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

CUTS_OF_A_LIFE = 20
"""Points of each unit's life at which models are compared: more cost time and say little new, because
neighbouring points err alike."""

INDEX_COLUMNS = ("unit", "life", "first_row", "last_row", "rul", "split", "at_least")


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows of a scaled table, cut when they are needed.

    Attributes:
        table: Shape ``(R, F)``, float32, dimensionless.
        index: N rows: ``unit``, ``life`` and ``rul`` of the newest reading, ``first_row`` and
            ``last_row`` (both inclusive) in ``table``, ``split``, and ``at_least``: whether ``rul`` is
            only a lower bound. Artifacts from before lack the last one, and have no such window.
        length: W.
    """

    table: NDArray[np.float32]
    index: "pd.DataFrame"
    length: int

    def __len__(self) -> int:
        return len(self.index)

    def select(self, *splits: str) -> "Windows":
        """Only the windows of these splits."""
        return Windows(self.table, self.index[self.index["split"].isin(splits)], self.length)

    def only(self, mask: "NDArray[np.bool_] | pd.Series") -> "Windows":
        """Only the windows where ``mask``, of shape ``(N,)``, is true."""
        return Windows(self.table, self.index[mask], self.length)

    def of_units(self, units: Collection[str]) -> "Windows":
        """Only the windows of these units."""
        return Windows(self.table, self.index[self.index["unit"].isin(set(units))], self.length)

    def shorter(self, length: int) -> "Windows":
        """The same points of the same lives, with only the last ``length`` readings of each window.

        Raises:
            DataError: The windows do not hold so many readings, and where histories begin is not known
                here: a model that was asked with them would take a history for a young one.
        """
        if length > self.length:
            msg = (
                f"Windows of {self.length} readings were given where {length} are looked at. Lengthen "
                f"them (Windows.longer) while the first window of every unit is still among them."
            )
            raise DataError(msg)
        last = self.index["last_row"]
        first = self.index["first_row"].clip(lower=last - length + 1)
        return Windows(self.table, self.index.assign(first_row=first), length)

    def longer(self, length: int) -> "Windows":
        """The same points of the same lives, with up to ``length`` readings each.

        Every unit's first window must be among them: it says where the unit's history begins.
        """
        last, first = self.index["last_row"], self.index["first_row"]
        begins = first.groupby(self.index["unit"], sort=False).transform("min")
        reach = np.minimum(first, np.maximum(begins, last - length + 1))
        return Windows(self.table, self.index.assign(first_row=reach), max(length, self.length))

    def of_length(self, length: int) -> "Windows":
        """As :meth:`longer` or :meth:`shorter`, whichever gives ``length``."""
        return self.longer(length).shorter(length)

    def longest_history(self) -> int:
        """How many readings the longest history up to one of these points has."""
        first = self.index.groupby("unit", sort=False)["first_row"].transform("min")
        return int((self.index["last_row"] - first).max()) + 1

    def rows(self) -> NDArray[np.intp]:
        """Row numbers of every window, shape ``(N, W)``, oldest first."""
        last = self.index["last_row"].to_numpy(dtype=np.intp)
        first = self.index["first_row"].to_numpy(dtype=np.intp)
        wanted = last[:, None] + np.arange(1 - self.length, 1)[None, :]
        return np.maximum(wanted, first[:, None])

    def features(self) -> NDArray[np.float32]:
        """Every window cut out, shape ``(N, W, F)``: for scoring a few, not for training."""
        return self.table[self.rows()]

    def newest(self) -> NDArray[np.float32]:
        """The newest reading of every window, shape ``(N, F)``."""
        return self.table[self.index["last_row"].to_numpy(dtype=np.intp)]

    def rul(self) -> NDArray[np.float64]:
        """True RUL of every window, shape ``(N,)``, in the fleet's unit of life."""
        return self.index["rul"].to_numpy(dtype=np.float64)

    def at_least(self) -> NDArray[np.bool_]:
        """Whether the RUL of a window is only a lower bound, shape ``(N,)``."""
        if "at_least" not in self.index:
            return np.zeros(len(self), dtype=np.bool_)
        return self.index["at_least"].to_numpy(dtype=np.bool_, copy=True)  # torch takes no view

    def exact(self) -> "Windows":
        """Only the windows whose RUL, as far as the label cap, is known."""
        return self.only(~self.at_least())

    def units(self) -> NDArray[np.str_]:
        """The unit of every window, shape ``(N,)``."""
        return self.index["unit"].to_numpy(dtype=np.str_)


def window_index(
    fleet: Fleet, split: "pd.Series | str", *, length: int, cap: float = math.inf
) -> "pd.DataFrame":
    """One window for each reading: the last ``length`` readings of the same unit up to it.

    Where a unit has not failed, but is known to have run on, its ``rul`` is the least it can have been;
    a bound that reaches ``cap`` is as good as the number itself.

    Args:
        fleet: Histories.
        split: Role of each unit, indexed by unit, or one role for all.
        length: W, in readings.
        cap: Label cap, in the fleet's unit of life.

    Returns:
        The index of :class:`Windows`, in the order of the readings.
    """
    import pandas as pd

    readings = fleet.readings
    starts = unit_starts(readings["unit"])
    rows = np.arange(len(readings), dtype=np.int64)
    start = np.repeat(starts, np.diff(np.r_[starts, len(readings)]))
    numbers = index_numbers(start, rows, fleet.rul(), fleet.least_rul(), length=length, cap=cap)
    columns = {
        "unit": readings["unit"],
        "life": readings["life"].to_numpy(dtype=np.float64),
        "split": split if isinstance(split, str) else readings["unit"].map(split),
        **numbers,
    }
    return pd.DataFrame({name: columns[name] for name in INDEX_COLUMNS})


def index_numbers(
    start: NDArray[np.integer],
    rows: NDArray[np.integer],
    known: NDArray[np.float64],
    least: NDArray[np.float64],
    *,
    length: int,
    cap: float,
) -> dict[str, NDArray[Any]]:
    """What the index says of N windows beside whose they are, by column.

    Args:
        start: Shape ``(N,)``, row of the first reading of each one's unit.
        rows: Shape ``(N,)``, row of its newest reading.
        known: Shape ``(N,)``, RUL, NaN where it is not known.
        least: Shape ``(N,)``, what it was at least, likewise.
        length: W, in readings.
        cap: Label cap, in the fleet's unit of life.
    """
    is_unknown = np.isnan(known)
    return {
        "first_row": np.maximum(start, rows - length + 1),
        "last_row": rows,
        "rul": np.where(is_unknown, least, known),
        "at_least": is_unknown & (least < cap),
    }


def pool(parts: Mapping[str, Windows]) -> Windows:
    """Windows of several fleets as one; a unit is then named ``<fleet>/<unit>``.

    All parts must have the same channels in the same order and the same length.
    """
    import pandas as pd

    offset, indexes = 0, []
    for name, part in parts.items():
        indexes.append(
            part.index.assign(
                unit=f"{name}/" + part.index["unit"].astype(str),
                first_row=part.index["first_row"] + offset,
                last_row=part.index["last_row"] + offset,
                at_least=part.at_least(),
            )
        )
        offset += len(part.table)
    (length,) = {part.length for part in parts.values()}
    table = np.concatenate([part.table for part in parts.values()])
    return Windows(table, pd.concat(indexes, ignore_index=True), length)


def last_of_each_unit(windows: Windows) -> Windows:
    """The newest window of every unit: how NASA's test sets are scored."""
    return windows.only(~windows.index["unit"].duplicated(keep="last"))


def even_cuts(windows: Windows, cuts: int) -> Windows:
    """At most ``cuts`` (two or more) windows of each unit, evenly spread over its life.

    Every unit then weighs nearly the same, however long it lived; the first and the last window are
    always among them.
    """
    group = windows.index.groupby("unit", sort=False)["last_row"]
    position = group.cumcount().to_numpy()
    size = group.transform("size").to_numpy()
    step = np.maximum(size - 1, 1) / max(cuts - 1, 1)
    slot = np.rint(np.rint(position / step) * step)
    return windows.only((size <= cuts) | (slot == position))
