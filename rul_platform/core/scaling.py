"""Scale sensors to zero mean and unit variance within each operating condition.

Fitted on training units only; the fitted scaler is plain numbers and travels with the model as JSON.

Shape letters: R readings, S sensors, K operating conditions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rul_platform.core.fleet import Fleet
from rul_platform.errors import DataError

CONSTANT_BELOW = 1e-9
"""A spread below this part of the mean is rounding noise: the sensor is constant there."""


@dataclass(frozen=True, slots=True)
class Scaler:
    """Mean and spread of each sensor in each operating condition.

    Attributes:
        sensors: S names, in the order of the columns below.
        conditions: K labels, sorted.
        mean: Shape ``(K, S)``, in the sensor's unit.
        spread: Shape ``(K, S)``, standard deviation; 1 where the sensor is constant.
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
        grouped = fleet.readings.groupby("condition", sort=True)[list(sensors)]
        mean = grouped.mean()
        spread = grouped.std(ddof=0).to_numpy(dtype=np.float64)
        centre = mean.to_numpy(dtype=np.float64)
        is_constant = spread <= CONSTANT_BELOW * np.maximum(1.0, np.abs(centre))
        return cls(
            sensors=tuple(sensors),
            conditions=tuple(str(label) for label in mean.index),
            mean=centre,
            spread=np.where(is_constant, 1.0, spread),
            fitted_on=tuple(fleet.units["unit"]),
        )

    def apply(self, readings: pd.DataFrame) -> NDArray[np.float64]:
        """Scale the sensors of ``readings``.

        Returns:
            Shape ``(R, S)``, dimensionless.

        Raises:
            DataError: A sensor column is missing, or a condition was never seen in training.
        """
        missing = [sensor for sensor in self.sensors if sensor not in readings.columns]
        if missing:
            msg = (
                f"The readings lack {', '.join(missing)}; the model was trained on "
                f"{', '.join(self.sensors)}. Give these columns."
            )
            raise DataError(msg)
        row_of = {label: row for row, label in enumerate(self.conditions)}
        rows = readings["condition"].map(row_of)
        if rows.isna().any():
            unseen = sorted(set(readings.loc[rows.isna(), "condition"].astype(str)))
            msg = (
                f"Operating condition {', '.join(unseen)} was not seen in training, which knows "
                f"{', '.join(self.conditions)}. Train with units that worked in it."
            )
            raise DataError(msg)
        row = rows.to_numpy(dtype=np.intp)
        values = readings[list(self.sensors)].to_numpy(dtype=np.float64)
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
