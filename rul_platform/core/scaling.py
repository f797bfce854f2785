"""Scale sensors to zero mean and unit variance within each operating condition.

Fitted on training units only; the fitted scaler is plain numbers and travels with the model as JSON.

Shape letters: R readings, S sensors, K operating conditions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rul_platform.core.fleet import Fleet
from rul_platform.core.moments import MomentsFit
from rul_platform.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

CONSTANT_BELOW = 1e-9
"""A spread up to this part of the mean is rounding noise: the sensor is constant there."""

MIN_READINGS = 10
"""A condition with fewer training readings borrows its spread from all conditions together: the
standard deviation of ten normal readings is still off by a quarter (1 / sqrt(2 (n - 1))), and that of
one reading is 0."""


@dataclass(frozen=True, slots=True)
class Scaler:
    """Mean and spread of each sensor in each operating condition.

    Attributes:
        sensors: S names, in the order of the columns below.
        conditions: K labels, sorted.
        mean: Shape ``(K, S)``, in the sensor's unit.
        spread: Shape ``(K, S)``, standard deviation, in the sensor's unit. A condition with fewer than
            ``MIN_READINGS`` training readings, or in which the sensor is constant, borrows the one
            pooled over all conditions; 1 where the sensor is constant everywhere.
        fitted_on: The units that were looked at.
    """

    sensors: tuple[str, ...]
    conditions: tuple[str, ...]
    mean: NDArray[np.float64]
    spread: NDArray[np.float64]
    fitted_on: tuple[str, ...]

    @classmethod
    def fit(cls, fleet: Fleet, sensors: Sequence[str]) -> "Scaler":
        """Fit on every reading of ``fleet``; pass a fleet of training units only."""
        moments = MomentsFit(sensors)
        moments.add(fleet.readings)
        return cls.of_moments(moments, sensors, fitted_on=tuple(fleet.units["unit"]))

    @classmethod
    def of_moments(
        cls, moments: MomentsFit, sensors: Sequence[str], *, fitted_on: tuple[str, ...]
    ) -> "Scaler":
        """As :meth:`fit`, of readings that were counted in piece by piece."""
        within = moments.within()
        mean = np.stack([each.mean for each in within.values()])
        spread = np.stack([each.spread for each in within.values()])
        rows = np.array([each.rows for each in within.values()], dtype=np.intp)
        return cls(
            sensors=tuple(sensors),
            conditions=tuple(within),
            mean=mean,
            spread=_spread(spread, mean, rows, moments.overall().spread),
            fitted_on=fitted_on,
        )

    def apply(self, readings: "pd.DataFrame") -> NDArray[np.float64]:
        """Scale the sensors of ``readings``.

        Returns:
            Shape ``(R, S)``, dimensionless.

        Raises:
            DataError: A sensor column is missing, or a condition was never seen in training.
        """
        import pandas as pd

        missing = [sensor for sensor in self.sensors if sensor not in readings.columns]
        if missing:
            msg = (
                f"The readings lack {', '.join(missing)}; the model was trained on "
                f"{', '.join(self.sensors)}. Give these columns."
            )
            raise DataError(msg)
        codes, labels = pd.factorize(readings["condition"])
        values = readings[list(self.sensors)].to_numpy(dtype=np.float64)
        return self.scale(values, [str(label) for label in labels], codes.astype(np.intp))

    def scale(
        self, values: NDArray[np.float64], labels: Sequence[str], condition: NDArray[np.intp]
    ) -> NDArray[np.float64]:
        """Scale values of this scaler's sensors.

        Args:
            values: Shape ``(R, S)``.
            labels: Names of operating conditions.
            condition: Shape ``(R,)``, place of each reading's condition among ``labels``; -1 for none.

        Returns:
            Shape ``(R, S)``, dimensionless.

        Raises:
            DataError: A condition was never seen in training.
        """
        row_of = {label: row for row, label in enumerate(self.conditions)}
        unseen = sorted(set(labels) - row_of.keys())
        if unseen or (condition < 0).any():
            msg = (
                f"Operating condition {', '.join(unseen) or 'nan'} was not seen in training, which "
                f"knows {', '.join(self.conditions)}. Train with units that worked in it."
            )
            raise DataError(msg)
        row = np.array([row_of[label] for label in labels], dtype=np.intp)[condition]
        return (values - self.mean[row]) / self.spread[row]

    def to_json(self) -> dict[str, Any]:
        """Plain numbers, exact: reading them back gives the same scaler."""
        return {
            "sensors": list(self.sensors),
            "conditions": list(self.conditions),
            "mean": self.mean.tolist(),
            "spread": self.spread.tolist(),
            "fitted_on": list(self.fitted_on),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Scaler":
        """The inverse of :meth:`to_json`."""
        return cls(
            sensors=tuple(data["sensors"]),
            conditions=tuple(data["conditions"]),
            mean=np.asarray(data["mean"], dtype=np.float64),
            spread=np.asarray(data["spread"], dtype=np.float64),
            fitted_on=tuple(data["fitted_on"]),
        )


def _spread(
    within: NDArray[np.float64],
    centre: NDArray[np.float64],
    rows: NDArray[np.intp],
    overall: NDArray[np.float64],
) -> NDArray[np.float64]:
    """What to divide by, shape ``(K, S)``, never 0.

    Where the sensor moves within no condition, the spread of all readings is borrowed.

    Args:
        within: Shape ``(K, S)``, standard deviation in each condition.
        centre: Shape ``(K, S)``, mean in each condition.
        rows: Shape ``(K,)``, training readings in each condition.
        overall: Shape ``(S,)``, standard deviation of all readings, whatever their condition.
    """
    moves = np.where(within > CONSTANT_BELOW * np.abs(centre), within, 0.0)
    freedom = max(1, int(rows.sum()) - len(rows))
    pooled = np.sqrt((rows[:, None] * moves**2).sum(axis=0) / freedom)
    overall = np.where(overall > CONSTANT_BELOW * np.abs(centre).max(axis=0), overall, 0.0)
    borrowed = np.where(pooled > 0, pooled, overall)
    is_unknown = (rows < MIN_READINGS)[:, None] | (moves == 0)
    spread = np.where(is_unknown, borrowed, moves)
    return np.where(spread > 0, spread, 1.0)
