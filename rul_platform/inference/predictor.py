"""A deployed model, ready to answer: readings in, RUL with an interval out.

Repeats the preparation that the model was trained with, from the numbers on its card, and runs the
network in ONNX Runtime. The gate, the report and the service all ask this one class, so that what was
judged is what serves.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnxruntime as ort
import pandas as pd
from numpy.typing import NDArray

from rul_platform.core.cells import LARGEST_NUMBER
from rul_platform.core.fleet import FIXED_COLUMNS, Fleet, summarise_units
from rul_platform.core.labels import to_life
from rul_platform.core.preparation import Preparation
from rul_platform.core.windows import Windows, last_of_each_unit
from rul_platform.errors import DataError, ReadingsError

STRANGE_SPREADS = 10.0
"""A scaled sensor beyond this is no wear that training saw, but another unit or a broken sensor."""

MODEL_FILE, CARD_FILE = "model.onnx", "card.json"


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the model says of one unit after its newest reading; all in ``life_unit``.

    Attributes:
        unit: Which machine.
        life: How long it had run.
        rul: Remaining useful life.
        rul_low: Lower end of the interval.
        rul_high: Upper end; the label cap means "at least that".
        level: Coverage that the interval was calibrated for.
        life_unit: ``cycles``, ``hours`` or ``seconds``.
        warnings: What to keep in mind, in plain words.
    """

    unit: str
    life: float
    rul: float
    rul_low: float
    rul_high: float
    level: float
    life_unit: str
    warnings: tuple[str, ...]


class Predictor:
    """One model version in memory."""

    def __init__(self, model: bytes, card: Mapping[str, Any]) -> None:
        """Start a session on one thread.

        Args:
            model: ONNX bytes whose hash was verified.
            card: The model's card.
        """
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self.card = card
        self.preparation = Preparation.from_json(card["preparation"])

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> "Predictor":
        """Load from the verified files of a model artifact."""
        return cls(files[MODEL_FILE], json.loads(files[CARD_FILE]))

    def score(self, windows: Windows) -> NDArray[np.float64]:
        """Predicted RUL of each window, shape ``(N,)``, in life units."""
        return to_life(self.raw(windows), self.preparation.cap)

    def raw(self, windows: Windows) -> NDArray[np.float32]:
        """What the network says before any limit, shape ``(N,)``, in units of the cap."""
        batch = 4096
        rows = windows.rows()
        parts = [
            np.asarray(self._session.run(["rul"], {"x": windows.table[rows[at : at + batch]]})[0])
            for at in range(0, len(rows), batch)
        ]
        return np.concatenate(parts)

    def interval(self, rul: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lower and upper end around predictions of shape ``(N,)``, in life units."""
        half = float(self.card["interval"]["half_width"])
        cap = self.preparation.cap
        return np.clip(rul - half, 0.0, None), np.minimum(rul + half, cap)

    def predict(self, readings: pd.DataFrame) -> list[Prediction]:
        """Answer for every unit in ``readings``, after its newest one.

        Args:
            readings: Columns ``unit``, ``life``, the model's sensors, and ``condition`` where the
                machines have more than one. Any history from one row up; rows in any order.

        Raises:
            ReadingsError: Lists everything that is wrong with the readings.
        """
        fleet = as_history(readings, self.preparation)
        try:
            windows = last_of_each_unit(self.preparation.windows(fleet, "predict"))
        except DataError as error:
            raise ReadingsError("readings", [str(error).rstrip(".")]) from error
        rul = self.score(windows)
        low, high = self.interval(rul)
        rows, begins = fleet.units["rows"].to_numpy(), fleet.first_lives()
        strange = self._strange_sensors(windows)
        return [
            Prediction(
                unit=str(unit),
                life=float(life),
                rul=float(rul[at]),
                rul_low=float(low[at]),
                rul_high=float(high[at]),
                level=float(self.card["interval"]["level"]),
                life_unit=self.preparation.life_unit,
                warnings=(
                    *self._warnings(int(rows[at]), float(begins[at]), float(rul[at])),
                    *strange[at],
                ),
            )
            for at, (unit, life) in enumerate(
                zip(windows.index["unit"], windows.index["life"], strict=True)
            )
        ]

    def _strange_sensors(self, windows: Windows) -> list[list[str]]:
        """For each window, a warning where its newest reading is unlike anything in training."""
        sensors = self.preparation.scaler.sensors
        scaled = np.abs(windows.newest()[:, : len(sensors)])
        return [
            [
                f"{', '.join(names)} far outside what the model learned from (more than "
                f"{STRANGE_SPREADS:g} spreads from the mean): check the sensor and its unit"
            ]
            if (names := [s for s, z in zip(sensors, row, strict=True) if z > STRANGE_SPREADS])
            else []
            for row in scaled
        ]

    def _warnings(self, rows: int, begins: float, rul: float) -> tuple[str, ...]:
        cap, window = self.preparation.cap, self.preparation.window
        latest, unit = self.preparation.first_life, self.preparation.life_unit
        notes = []
        if rows < window:
            notes.append(f"short history: {rows} readings, the model looks at {window}")
        if begins > latest:
            notes.append(
                f"the history begins at {begins:g} {unit}, training histories began by {latest:g}: "
                f"without the beginning of its life the prediction can be far too optimistic; give "
                f"all of it"
            )
        if rul >= 0.98 * cap:
            notes.append(f"no sign of wear yet: read it as at least {cap:g}")
        return tuple(notes)


def as_history(readings: pd.DataFrame, preparation: Preparation) -> Fleet:
    """Check readings from outside and bring them into the fleet's format.

    Raises:
        ReadingsError: Lists everything that is wrong with the readings.
    """
    sensors = preparation.scaler.sensors
    readings = readings.reset_index(drop=True)
    if "condition" not in readings.columns and len(preparation.scaler.conditions) == 1:
        readings["condition"] = preparation.scaler.conditions[0]
    missing = [c for c in (*FIXED_COLUMNS, *sensors) if c not in readings.columns]
    problems = [f"column {', '.join(missing)} missing"] if missing else []
    if readings.empty:
        problems.append("no row")
    if problems:
        raise ReadingsError("readings", problems)
    unclear = [*_name_problems(readings), *_mixed_units(readings["unit"])]
    problems = list(unclear)
    for column in ("unit", "condition"):
        readings[column] = readings[column].astype(str)
    for column in ("life", *sensors):
        values = _numbers(readings[column])
        problems += _number_problems(
            readings[column], values, least=0 if column == "life" else None
        )
        readings[column] = values
    if not unclear:
        problems += _doubles(readings)
    if problems:
        raise ReadingsError("readings", problems)
    ordered = readings.sort_values(["unit", "life"], kind="stable", ignore_index=True)
    ordered = ordered[[*FIXED_COLUMNS, *sensors]]
    return Fleet(ordered, summarise_units(ordered, np.nan))


def _name_problems(readings: pd.DataFrame) -> list[str]:
    """Where a unit or a condition has no name."""
    problems = []
    for column in ("unit", "condition"):
        is_bad = readings[column].isna() | (readings[column].astype(str).str.strip() == "")
        problems += [
            f"{column} is missing in row {row + 1}, a name is expected"
            for row in np.flatnonzero(is_bad)[:1]
        ]
    return problems


def _mixed_units(units: pd.Series) -> list[str]:
    """Units that are a number in one row and text in another, as 1 and "1"."""
    kinds = units.map(lambda unit: isinstance(unit, str)).groupby(units.astype(str)).nunique()
    return [
        f"unit {unit} is a number in some rows and text in others, write it alike in all"
        for unit in kinds.index[kinds > 1]
    ]


def _numbers(column: pd.Series) -> pd.Series:
    """The column as floats; NaN for what is no number, and a truth value is none."""
    if pd.api.types.is_bool_dtype(column):
        return pd.Series(np.nan, index=column.index)
    if not pd.api.types.is_numeric_dtype(column):
        column = column.mask(column.map(lambda value: isinstance(value, bool | np.bool_)))
    return pd.to_numeric(column, errors="coerce").astype("float64")


def _number_problems(given: pd.Series, values: pd.Series, *, least: float | None) -> list[str]:
    """The first value that is no finite number, and the first below ``least``."""
    checks = {"a number": ~np.isfinite(values)}
    checks[f"at most {LARGEST_NUMBER:g}"] = np.isfinite(values) & (np.abs(values) > LARGEST_NUMBER)
    if least is not None:
        checks[f"{least:g} or more"] = np.isfinite(values) & (values < least)
    return [
        f"{given.name} is {given.tolist()[row]!r} in row {row + 1}, {expected} is expected"
        for expected, is_bad in checks.items()
        for row in np.flatnonzero(is_bad)[:1]
    ]


def _doubles(readings: pd.DataFrame) -> list[str]:
    """The first unit that has two readings at the same life."""
    placed = readings.loc[readings["life"].notna(), ["unit", "life"]]
    doubles = placed[placed.duplicated()]
    return [
        f"unit {unit} has two readings at life {life}"
        for unit, life in doubles.head(1).itertuples(index=False)
    ]
