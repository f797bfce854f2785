"""A deployed model, ready to answer: readings in, RUL with an interval out.

Repeats the preparation that the model was trained with, from the numbers on its card, and runs the
network in ONNX Runtime. The gate, the report and the service all ask this one class, so that what was
judged is what serves.

Belongs here: from checked readings to an answer. Does not belong here: the rules for readings
(``given_readings``), who is asked and what is kept (``operation.answering``).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnxruntime as ort
import pandas as pd
from numpy.typing import NDArray
from onnxruntime.capi import (
    onnxruntime_pybind11_state as ort_errors,  # pyright: ignore[reportAttributeAccessIssue]  no stub
)

from rul_platform.core.fleet import Fleet
from rul_platform.core.labels import to_life
from rul_platform.core.preparation import Preparation
from rul_platform.core.windows import Windows, last_of_each_unit
from rul_platform.errors import DataError, InferenceError, ReadingsError
from rul_platform.inference.given_readings import as_history

STRANGE_SPREADS = 10.0
"""A scaled sensor beyond this is no wear that training saw, but another unit or a broken sensor."""

MODEL_FILE, CARD_FILE = "model.onnx", "card.json"

ORT_ERRORS: tuple[type[Exception], ...] = (
    ort_errors.EPFail,
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
)
"""What ONNX Runtime refuses a model or an input with; the classes have no parent of their own."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the model says of one unit after its newest reading; all in ``life_unit``.

    Attributes:
        unit: Which machine.
        life: How long it had run.
        rul: Remaining useful life.
        rul_low: Lower end of the interval.
        rul_high: Upper end; the label cap means "at least that".
        raw_rul: What the network said before any limit.
        cap: The longest life that the model tells apart from longer ones.
        level: Coverage that the interval was calibrated for.
        life_unit: ``cycles``, ``hours`` or ``seconds``.
        warnings: What to keep in mind, in plain words.
        is_strange: Its newest reading is far outside what the model learned from.
    """

    unit: str
    life: float
    rul: float
    rul_low: float
    rul_high: float
    raw_rul: float
    cap: float
    level: float
    life_unit: str
    warnings: tuple[str, ...]
    is_strange: bool


@dataclass(frozen=True, slots=True)
class Question:
    """Readings as a model looks at them: checked, and the newest window of each unit.

    Attributes:
        fleet: U histories.
        windows: U windows, in the order of the answers.
    """

    fleet: Fleet
    windows: Windows


class Predictor:
    """One model version in memory."""

    def __init__(self, model: bytes, card: Mapping[str, Any]) -> None:
        """Start a session on one thread.

        Args:
            model: ONNX bytes whose hash was verified.
            card: The model's card.

        Raises:
            InferenceError: The bytes are no network that ONNX Runtime runs.
        """
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        try:
            self._session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except ORT_ERRORS as error:
            raise _failed(error) from error
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
        """What the network says before any limit, shape ``(N,)``, in units of the cap.

        Raises:
            InferenceError: ONNX Runtime does not run the network on them.
        """
        batch = 4096
        rows = windows.rows()
        try:
            parts = [
                np.asarray(
                    self._session.run(["rul"], {"x": windows.table[rows[at : at + batch]]})[0]
                )
                for at in range(0, len(rows), batch)
            ]
        except ORT_ERRORS as error:
            raise _failed(error) from error
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
            InferenceError: The model itself failed.
        """
        question = self.question(readings)
        return self.answers(question, self.raw(question.windows))

    def question(self, readings: pd.DataFrame) -> Question:
        """Check readings and prepare them; the part of :meth:`predict` before the network.

        Raises:
            ReadingsError: Lists everything that is wrong with the readings.
        """
        fleet = as_history(readings, self.preparation)
        try:
            return Question(fleet, last_of_each_unit(self.preparation.windows(fleet, "predict")))
        except DataError as error:
            raise ReadingsError("readings", [str(error).rstrip(".")]) from error

    def answers(self, question: Question, raw: NDArray[np.float32]) -> list[Prediction]:
        """What the network's output means; the part of :meth:`predict` after the network.

        Args:
            question: U units.
            raw: From :meth:`raw`, shape ``(U,)``, in units of the cap.

        Raises:
            InferenceError: What it said is no finite number.
        """
        if not np.isfinite(raw).all():
            raise InferenceError("The model", "what it says is no finite number")
        fleet, windows, cap = question.fleet, question.windows, self.preparation.cap
        rul = to_life(raw, cap)
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
                raw_rul=float(raw[at]) * cap,
                cap=cap,
                level=float(self.card["interval"]["level"]),
                life_unit=self.preparation.life_unit,
                warnings=(
                    *self._warnings(int(rows[at]), float(begins[at]), float(rul[at])),
                    *strange[at],
                ),
                is_strange=bool(strange[at]),
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


def _failed(error: Exception) -> InferenceError:
    return InferenceError("The model", f"ONNX Runtime refuses it ({error})")
