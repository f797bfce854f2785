"""Fewer readings: the mean over each step of life.

Belongs here: how steps are laid and what stands for the readings in one.
Does not belong here: where a unit's history ends (``failures``).
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rul_platform.core.fleet import FIXED_COLUMNS

if TYPE_CHECKING:
    import pandas as pd

BOUNDARY = 1e-6
"""A reading this part of a step away from a boundary lies on it: 0.1 s steps are not exact floats."""


def resample(readings: "pd.DataFrame", step: float) -> "pd.DataFrame":
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

    >>> import pandas as pd
    >>> table = pd.DataFrame({"unit": "a", "life": [0.0, 0.5, 1.0, 1.5, 2.0], "condition": "0",
    ...                       "flow": [1.0, 2.0, 4.0, 6.0, 8.0]})
    >>> resample(table, 1.0)[["life", "flow"]].to_numpy().tolist()
    [[0.0, 1.0], [1.0, 3.0], [2.0, 7.0]]
    """
    end = readings.groupby("unit", sort=False)["life"].transform("last").to_numpy()
    table = readings.assign(life=steps_of(readings["life"].to_numpy(), end, step))
    condition = table.groupby(["unit", "life"], sort=False)["condition"].transform("last")
    table = table[table["condition"] == condition]
    sensors = [column for column in table.columns if column not in FIXED_COLUMNS]
    rules = {"condition": "first"} | dict.fromkeys(sensors, "mean")
    means = table.groupby(["unit", "life"], sort=False).agg(rules).reset_index()
    return means.reindex(columns=readings.columns)


def steps_of(
    life: NDArray[np.float64], end: NDArray[np.float64], step: float
) -> NDArray[np.float64]:
    """The life of the step that each reading belongs to, shape ``(R,)``.

    Args:
        life: Shape ``(R,)``, of each reading.
        end: Shape ``(R,)``, of the last reading of its unit.
        step: Length of a step.
    """
    return np.round(end - np.floor((end - life) / step + BOUNDARY) * step, 9)


def group_means(
    values: NDArray[np.float64], condition: NDArray[np.int64], begins: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Means over steps, of the readings in each one's last condition: those of :func:`resample`.

    Args:
        values: Shape ``(R, S)``.
        condition: Shape ``(R,)``.
        begins: Shape ``(G,)``, the row at which each step begins; the first one is 0.

    Returns:
        Shape ``(G, S)``.
    """
    import pandas as pd

    rows = np.diff(np.append(begins, len(values)))
    last = condition[begins + rows - 1]
    counts = condition == np.repeat(last, rows)
    step = np.repeat(np.arange(len(begins)), rows)[counts]
    means = pd.DataFrame(values[counts]).groupby(step, sort=False).mean()  # summed as there
    return means.to_numpy(dtype=np.float64)
