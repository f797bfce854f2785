"""Mean and spread of many readings, block by block: the same numbers however they arrive.

Readings are counted into blocks of a fixed size in the order of the table. Each block is summed up by
itself and the blocks are joined in order (Chan, Golub and LeVeque, "Updating formulae and a pairwise
algorithm for computing sample variances", 1979), so that neither the size of a batch nor where one ends
changes a digit. A table of one block gives what pandas gives for it.

Belongs here: sums. Does not belong here: what is done with a small spread (``scaling``).

Shape letters: S sensors, K operating conditions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

BLOCK_ROWS = 2**20
"""Readings in one block; of 20 sensors they are 160 MiB."""


@dataclass(frozen=True, slots=True)
class Moments:
    """How many readings there are, their mean, and their standard deviation, of each sensor.

    Attributes:
        rows: How many.
        mean: Shape ``(S,)``, in the sensors' units.
        spread: Shape ``(S,)``, with 0 degrees of freedom taken off, in the sensors' units.
    """

    rows: int
    mean: NDArray[np.float64]
    spread: NDArray[np.float64]

    def joined(self, later: "Moments") -> "Moments":
        """Those of both parts together."""
        rows = self.rows + later.rows
        apart = later.mean - self.mean
        mean = self.mean + apart * (later.rows / rows)
        within = self.rows * self.spread**2 + later.rows * later.spread**2
        between = apart**2 * (self.rows * (later.rows / rows))
        return Moments(rows, mean, np.sqrt((within + between) / rows))


class MomentsFit:
    """Takes readings in order and in pieces of any size."""

    def __init__(self, sensors: Sequence[str], *, block_rows: int = BLOCK_ROWS) -> None:
        self._sensors, self._block_rows = list(sensors), block_rows
        self._waiting: list[pd.DataFrame] = []
        self._rows = 0
        self._overall: Moments | None = None
        self._within: dict[str, Moments] = {}

    def add(self, readings: "pd.DataFrame") -> None:
        """Count readings in: columns ``condition`` and the sensors."""
        begin = 0
        while begin < len(readings):
            room = self._block_rows - self._rows
            piece = readings.iloc[begin : begin + room]
            self._waiting.append(piece)
            self._rows += len(piece)
            begin += room
            if self._rows == self._block_rows:
                self._sum_up()

    def overall(self) -> Moments:
        """Of all readings that came."""
        self._sum_up()
        none = np.full(len(self._sensors), np.nan)
        return self._overall or Moments(0, none, none)

    def within(self) -> dict[str, Moments]:
        """Of the readings in each operating condition, by its label, in the order of labels."""
        self._sum_up()
        return dict(sorted(self._within.items()))

    def _sum_up(self) -> None:
        """Make one block of what waits."""
        import pandas as pd

        if not self._waiting:
            return
        block = self._waiting[0] if len(self._waiting) == 1 else pd.concat(self._waiting)
        self._waiting, self._rows = [], 0
        values = pd.DataFrame(
            block[self._sensors].to_numpy(dtype=np.float64), columns=self._sensors
        )
        spread = values.std(ddof=0).to_numpy(dtype=np.float64)
        here = Moments(len(values), values.mean().to_numpy(dtype=np.float64), spread)
        self._overall = here if self._overall is None else self._overall.joined(here)
        grouped = values.groupby(block["condition"].to_numpy(), sort=True)
        means, spreads = grouped.mean(), grouped.std(ddof=0)
        counts = np.asarray(grouped.size(), dtype=np.intp).tolist()
        for label, rows, mean, spread in zip(
            means.index, counts, means.to_numpy(), spreads.to_numpy(), strict=True
        ):
            part, name = Moments(rows, mean, spread), str(label)
            before = self._within.get(name)
            self._within[name] = part if before is None else before.joined(part)
