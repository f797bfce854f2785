"""Fewer readings: the mean over each step of life.

Belongs here: how steps are laid and what stands for the readings in one.
Does not belong here: where a unit's history ends (``failures``).
"""

import numpy as np
import pandas as pd

from rul_platform.core.fleet import FIXED_COLUMNS

BOUNDARY = 1e-6
"""A reading this part of a step away from a boundary lies on it: 0.1 s steps are not exact floats."""


def resample(readings: pd.DataFrame, step: float) -> pd.DataFrame:
    """Average the sensors over steps of life, laid backwards from each unit's last reading.

    Backwards, so that the newest row is always the newest reading: the failure in training, now in
    service. A row's life is the end of its step. Where the operating condition changes within a
    step, only the readings in its last condition count. A step without readings gives no row, and
    the oldest step may be shorter.

    Args:
        readings: As in :class:`~rul_platform.core.fleet.Fleet`, ordered by unit, then by life.
        step: Length of a step, in the fleet's unit of life.

    Returns:
        The same columns in the same order.

    >>> table = pd.DataFrame({"unit": "a", "life": [0.0, 0.5, 1.0, 1.5, 2.0], "condition": "0",
    ...                       "flow": [1.0, 2.0, 4.0, 6.0, 8.0]})
    >>> resample(table, 1.0)[["life", "flow"]].to_numpy().tolist()
    [[0.0, 1.0], [1.0, 3.0], [2.0, 7.0]]
    """
    end = readings.groupby("unit", sort=False)["life"].transform("last").to_numpy()
    steps_back = np.floor((end - readings["life"].to_numpy()) / step + BOUNDARY)
    table = readings.assign(life=np.round(end - steps_back * step, 9))
    condition = table.groupby(["unit", "life"], sort=False)["condition"].transform("last")
    table = table[table["condition"] == condition]
    sensors = [column for column in table.columns if column not in FIXED_COLUMNS]
    rules = {"condition": "first"} | dict.fromkeys(sensors, "mean")
    means = table.groupby(["unit", "life"], sort=False).agg(rules).reset_index()
    return means.reindex(columns=readings.columns)
