"""What one model said at every reading of each unit's life, as it would have at work.

Errors are measured at a few cuts of a life: neighbours err alike. What depends on *when* a prediction
was first made cannot be: between two cuts an alarm goes unseen, and each seems to come late.

Belongs here: the rows, what must hold of them, and whether they are all. Does not belong here: alarms
(``maintenance``), figures of a course (``prognostics``), several models side by side
(``predicted_units``).

Shape letter: N readings of all units together.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rul_platform.core.scored_rows import Rows
from rul_platform.errors import EvaluationError

if TYPE_CHECKING:
    import pandas as pd

SOURCE = "Predictions over whole lives"

EVERY_READING = (
    "expected a prediction at each: what would have been said between them is not known. Predict at "
    "every reading of the unit (Preparation.windows), not at cuts of its life"
)


@dataclass(frozen=True, kw_only=True, eq=False)
class PredictedLives:
    """Predictions of units whose failure is known, reading by reading.

    Attributes:
        unit_ids: Shape ``(N,)``, strings.
        life: Shape ``(N,)``, how long the unit had run, in the unit of life.
        truth: Shape ``(N,)``, remaining useful life, 0 or more, not limited to a cap.
        predicted: Shape ``(N,)``, what the model said.
        interval_low: Shape ``(N,)``, lower end of its prediction interval, or None.
        readings: How many readings each unit has in all, by unit: rows may be fewer.

    Raises:
        EvaluationError: Rows that do not fit together.
    """

    unit_ids: NDArray[np.str_]
    life: Rows
    truth: Rows
    predicted: Rows
    interval_low: Rows | None = None
    readings: Mapping[str, int]

    def __post_init__(self) -> None:
        if problems := list(_problems(self)):
            raise EvaluationError(SOURCE, problems)

    @property
    def rows(self) -> dict[str, int]:
        """How many predictions there are of each unit."""
        units, rows = np.unique(self.unit_ids, return_counts=True)
        return dict(zip(units.tolist(), rows.tolist(), strict=True))

    @property
    def is_whole(self) -> bool:
        """Whether there is a prediction at every reading of every unit."""
        return not list(_gaps(self))

    def demand_whole(self) -> None:
        """Refuse rows between which something may have been said.

        Raises:
            EvaluationError: Readings without a prediction; says of which units.
        """
        if gaps := list(_gaps(self)):
            raise EvaluationError(SOURCE, [*gaps, EVERY_READING])

    def by_unit(self) -> Iterator[tuple[str, NDArray[np.intp]]]:
        """Each unit with the numbers of its rows, oldest first."""
        for unit in np.unique(self.unit_ids).tolist():
            rows = np.flatnonzero(self.unit_ids == unit)
            yield unit, rows[np.argsort(self.life[rows], kind="stable")]

    def to_table(self) -> "pd.DataFrame":
        """N rows: ``unit``, ``life``, ``truth``, ``predicted``; ``interval_low`` where there is one."""
        import pandas as pd

        columns = {"unit": self.unit_ids.astype(str), "life": self.life, "truth": self.truth}
        columns["predicted"] = self.predicted
        if self.interval_low is not None:
            columns["interval_low"] = self.interval_low
        return pd.DataFrame(columns)


def _gaps(of: PredictedLives) -> Iterator[str]:
    found = of.rows
    for unit, readings in of.readings.items():
        if (rows := found.get(unit, 0)) < readings:
            yield f"unit {unit} was predicted at {rows} of its {readings} readings"


def _problems(given: PredictedLives) -> Iterator[str]:
    shape = (len(given.unit_ids),)
    columns = {"life": given.life, "truth": given.truth, "predicted": given.predicted}
    if given.interval_low is not None:
        columns["interval_low"] = given.interval_low
    if shape == (0,):
        yield "no rows, expected one for each reading"
    for name, values in columns.items():
        if values.shape != shape:
            yield f"{name} has shape {values.shape}, expected {shape} as there are unit names"
        elif not np.isfinite(values).all():
            yield f"{name} has values that are not finite; leave out units that have not failed"
        elif name == "truth" and (values < 0).any():
            yield f"truth falls to {values.min():g}, expected 0 or more"
    for unit, rows in given.rows.items():
        if rows > (most := given.readings.get(unit, 0)):
            yield f"unit {unit} has {rows} rows, expected at most one for each of its {most} readings"
