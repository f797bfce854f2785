"""The one table format that every machine's history takes, a turbofan's and a plant's alike.

Belongs here: what a fleet is, and questions that any consumer asks of it.
Does not belong here: how it was read (``cmapss``, ``readings``), scaling, features, windows.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

FIXED_COLUMNS = ("unit", "life", "condition")
ONE_CONDITION = "0"
"""The label of the operating condition of machines that have only one."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """Histories of several machines.

    Attributes:
        readings: One row per reading, ordered by unit, then by life. Columns: ``unit`` (string),
            ``life`` (float, how long the machine has run, in the fleet's unit of time, strictly
            increasing within a unit), ``condition`` (string, operating condition), then one float
            column for each sensor.
        units: One row per unit, in the order of ``readings``. Columns: ``unit``, ``rows``,
            ``end_life`` (life of its last reading), ``rul_at_end`` (remaining useful life at the
            last reading: 0 for a unit that ran to failure, NaN for one that has not failed) and
            ``known_life`` (of a unit that outlived a prediction, and has not failed: the life that it
            is known to have reached; NaN for all others). Artifacts from before lack the last one.
    """

    readings: "pd.DataFrame"
    units: "pd.DataFrame"

    @property
    def sensors(self) -> tuple[str, ...]:
        """Names of the sensor columns, in the order of the table."""
        return tuple(c for c in self.readings.columns if c not in FIXED_COLUMNS)

    def take(self, units: Collection[str]) -> "Fleet":
        """The part of the fleet that consists of ``units``."""
        wanted = set(units)
        return Fleet(
            readings=self.readings[self.readings["unit"].isin(wanted)].reset_index(drop=True),
            units=self.units[self.units["unit"].isin(wanted)].reset_index(drop=True),
        )

    def first_lives(self) -> NDArray[np.float64]:
        """Life at the first reading of each unit, in the order of ``units``."""
        rows = self.units["rows"].to_numpy(dtype=np.intp)
        return self.readings["life"].to_numpy(dtype=np.float64)[np.cumsum(rows) - rows]

    def rul(self) -> NDArray[np.float64]:
        """Remaining useful life at each reading, NaN for units that have not failed."""
        rows = self.units["rows"].to_numpy()
        end = (self.units["end_life"] + self.units["rul_at_end"]).to_numpy(dtype=np.float64)
        return np.repeat(end, rows) - self.readings["life"].to_numpy(dtype=np.float64)

    def least_rul(self) -> NDArray[np.float64]:
        """What the life left at each reading was at least, NaN for units without ``known_life``."""
        import pandas as pd

        known = self.units.get("known_life", pd.Series(np.nan, index=self.units.index))
        reached = np.repeat(known.to_numpy(dtype=np.float64), self.units["rows"].to_numpy())
        return reached - self.readings["life"].to_numpy(dtype=np.float64)


def summarise_units(
    readings: "pd.DataFrame",
    rul_at_end: "pd.Series | float",
    known_life: "pd.Series | float" = np.nan,
) -> "pd.DataFrame":
    """The ``units`` table of readings that are already ordered.

    Args:
        readings: As in :class:`Fleet`.
        rul_at_end: One number for all units, or a series indexed by unit.
        known_life: Likewise; NaN where there is none.
    """
    import pandas as pd

    grouped = readings.groupby("unit", sort=False)["life"]
    units = pd.DataFrame({"rows": grouped.size(), "end_life": grouped.last()})
    units["rul_at_end"] = rul_at_end  # a series aligns by unit
    units["known_life"] = known_life
    return units.rename_axis("unit").reset_index()
