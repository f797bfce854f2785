"""From a fleet to windows ready to learn from: split, scale, channels, index.

The one recipe that C-MAPSS and plants share, and the identity that travels with a model so that the
service repeats it exactly.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rul_platform.core import features, windows
from rul_platform.core.fleet import Fleet
from rul_platform.core.histories import Histories
from rul_platform.core.long_fleet import LongFleet, Piece
from rul_platform.core.moments import BLOCK_ROWS, MomentsFit
from rul_platform.core.newest_windows import newest_windows
from rul_platform.core.scaling import Scaler
from rul_platform.core.stillness import StillnessFit
from rul_platform.core.windows import Windows

if TYPE_CHECKING:
    import pandas as pd

DEFAULT_WINDOW = 30
"""Window length in readings; 20, 30 and 50 score alike on FD001 and FD003 (docs/experiments.md)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """How readings become network input. Travels with a model as JSON.

    Attributes:
        window: W, in readings.
        cap: Label cap, in ``life_unit``.
        life_unit: ``cycles``, ``hours`` or ``seconds``.
        scaler: Fitted on training units.
        first_life: The largest life at which a training unit's history began, in ``life_unit``. A
            history that begins later lacks what every training unit had: its beginning.
        longest_still: For each sensor the most readings in a row with which it stood still in a
            training unit; 0: it is a sensor that may stand still for good. Recipes of before have none.
    """

    window: int
    cap: float
    life_unit: str
    scaler: Scaler
    first_life: float
    longest_still: tuple[int, ...] = ()

    @classmethod
    def fit(
        cls, training: Fleet, sensors: Sequence[str], *, window: int, cap: float, life_unit: str
    ) -> "Preparation":
        """Learn the numbers from ``training``, which must hold training units only.

        Args:
            training: Histories of training units.
            sensors: Columns to learn from.
            window: W, in readings.
            cap: Label cap, in ``life_unit``.
            life_unit: ``cycles``, ``hours`` or ``seconds``.
        """
        fit = PreparationFit(sensors, window=window)
        for piece in LongFleet.of(training).pieces():
            fit.add(piece)
        units = tuple(training.units["unit"])
        return fit.preparation(units, cap=cap, life_unit=life_unit)

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the F channels."""
        return features.channel_names(self.scaler.sensors)

    def windows(self, fleet: Fleet, split: "pd.Series | str") -> Windows:
        """Cut ``fleet`` into one window for each reading.

        Raises:
            DataError: A sensor is missing or a condition unknown.
        """
        table = features.channels(fleet.readings, self.scaler, cap=self.cap)
        index = windows.window_index(fleet, split, length=self.window, cap=self.cap)
        return Windows(table, index, self.window)

    def newest(self, histories: Histories) -> NDArray[np.float32]:
        """The newest window of each unit, shape ``(U, W, F)``: what a model at work is asked.

        Raises:
            DataError: A condition is unknown.
        """
        ours = histories.only(self.scaler.sensors)
        scaled = self.scaler.scale(ours.values, ours.labels, ours.condition)
        return newest_windows(scaled, ours.bounds, ours.life, self.window, cap=self.cap)

    def to_json(self) -> dict[str, Any]:
        """Plain values; exact both ways."""
        return {
            "window": self.window,
            "cap": self.cap,
            "life_unit": self.life_unit,
            "channels": list(self.channels),
            "scaler": self.scaler.to_json(),
            "first_life": self.first_life,
            "longest_still": list(self.longest_still),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Preparation":
        """The inverse of :meth:`to_json`."""
        return cls(
            window=int(data["window"]),
            cap=float(data["cap"]),
            life_unit=str(data["life_unit"]),
            scaler=Scaler.from_json(data["scaler"]),
            first_life=float(data["first_life"]),
            longest_still=tuple(data.get("longest_still", ())),
        )


class PreparationFit:
    """Learns the numbers of a :class:`Preparation` from training units that come piece by piece."""

    def __init__(
        self, sensors: Sequence[str], *, window: int, block_rows: int = BLOCK_ROWS
    ) -> None:
        self._sensors, self._window = tuple(sensors), window
        self._moments = MomentsFit(sensors, block_rows=block_rows)
        self._stillness = StillnessFit(len(self._sensors), for_good=window)
        self._first_life = -math.inf

    def add(self, piece: Piece) -> None:
        """Count in readings of training units, in the order of the fleet."""
        if not len(piece):
            return
        values = piece.readings[list(self._sensors)].to_numpy(dtype=np.float64)
        lives = piece.readings["life"].to_numpy(dtype=np.float64)
        self._moments.add(piece.readings)
        self._stillness.add(values, np.flatnonzero(piece.is_first))
        self._first_life = float(lives[piece.is_first].max(initial=self._first_life))

    def preparation(self, units: tuple[str, ...], *, cap: float, life_unit: str) -> Preparation:
        """What was learned.

        Args:
            units: The training units.
            cap: Label cap, in ``life_unit``.
            life_unit: ``cycles``, ``hours`` or ``seconds``.
        """
        return Preparation(
            window=self._window,
            cap=cap,
            life_unit=life_unit,
            scaler=Scaler.of_moments(self._moments, self._sensors, fitted_on=units),
            first_life=self._first_life,
            longest_still=self._stillness.longest(),
        )
