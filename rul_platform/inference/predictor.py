"""A deployed model, ready to answer: readings in, RUL with an interval out.

Repeats the preparation that the model was trained with, from the numbers on its card, and runs the
model's graph in ONNX Runtime. The gate, the report and the service all ask this one class, so that what
was judged is what serves.

Belongs here: from checked readings to an answer. Does not belong here: the rules for readings
(``given_readings``), what to warn of (``cautions``), who is asked and what is kept
(``operation.answering``).
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnxruntime.capi import (
    onnxruntime_pybind11_state as ort_errors,  # pyright: ignore[reportAttributeAccessIssue]  no stub
)

from rul_platform.core.artifact_files import CARD_FILE, MODEL_FILE
from rul_platform.core.calibration import Calibration
from rul_platform.core.histories import Histories
from rul_platform.core.labels import to_life
from rul_platform.core.preparation import Preparation
from rul_platform.core.windows import Windows
from rul_platform.errors import DataError, InferenceError, ReadingsError
from rul_platform.inference.cautions import cautions, strange_sensors
from rul_platform.inference.given_readings import as_history
from rul_platform.inference.prediction import Outputs, Prediction, Question

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "CARD_FILE",
    "MODEL_FILE",
    "ORT_ERRORS",
    "Outputs",
    "Prediction",
    "Predictor",
    "Question",
]

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


BATCH = 4096
"""Windows that the graph is asked for at once: memory stays bounded."""


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
        options.enable_cpu_mem_arena = False  # else the largest batch ever asked stays allocated
        try:
            self._session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except ORT_ERRORS as error:
            raise _failed(error) from error
        self.card = card
        self.preparation = Preparation.from_json(card["preparation"])
        self.calibration = Calibration.from_json(card["interval"], cap=self.preparation.cap)
        self._usual_reach = self.calibration.reach(self.calibration.level)
        has_far = "far" in {output.name for output in self._session.get_outputs()}
        self._names = ["rul", "far"] if has_far else ["rul"]

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> "Predictor":
        """Load from the verified files of a model artifact."""
        return cls(files[MODEL_FILE], json.loads(files[CARD_FILE]))

    def score(self, windows: Windows) -> NDArray[np.float64]:
        """Predicted RUL of each window, shape ``(N,)``, in life units."""
        return to_life(self.raw(windows), self.preparation.cap)

    def raw(self, windows: Windows) -> NDArray[np.float32]:
        """What the graph says before any limit, shape ``(N,)``, in units of the cap.

        Raises:
            InferenceError: ONNX Runtime does not run the graph on them.
        """
        return self.outputs(windows).rul

    def outputs(self, windows: Windows) -> Outputs:
        """All that the graph says of each window.

        Raises:
            InferenceError: ONNX Runtime does not run the graph on them.
        """
        rows = windows.rows()
        parts = [
            self.run(windows.table[rows[at : at + BATCH]]) for at in range(0, len(rows), BATCH)
        ]
        fars = [part.far for part in parts if part.far is not None]
        rul = np.concatenate([part.rul for part in parts])
        return Outputs(rul, np.concatenate(fars) if fars else None)

    def run(self, x: NDArray[np.float32]) -> Outputs:
        """What the graph says of windows that are cut out, shape ``(N, W, F)``.

        Raises:
            InferenceError: ONNX Runtime does not run the graph on them.
        """
        try:
            said: Any = self._session.run(self._names, {"x": x})
        except ORT_ERRORS as error:
            raise _failed(error) from error
        return Outputs(*said)

    def interval(
        self, rul: NDArray[np.float64], level: float | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lower and upper end around predictions of shape ``(N,)``, in life units.

        Raises:
            CalibrationError: The model's interval was not calibrated for this level.
        """
        reach = self._usual_reach if level is None else self.calibration.reach(level)
        return self.calibration.around(rul, reach)

    def predict(self, readings: "pd.DataFrame", level: float | None = None) -> list[Prediction]:
        """Answer for every unit in ``readings``, after its newest one.

        Args:
            readings: Columns ``unit``, ``life``, the model's sensors, and ``condition`` where the
                machines have more than one. Any history from one row up; rows in any order.
            level: Wanted coverage of the intervals; None for the one that the card names.

        Raises:
            ReadingsError: Lists everything that is wrong with the readings.
            CalibrationError: The model's interval was not calibrated for this level.
            InferenceError: The model itself failed.
        """
        question = self.question(readings)
        return self.answers(question, self.run(question.x), level)

    def question(self, readings: "pd.DataFrame") -> Question:
        """Check readings and prepare them; the part of :meth:`predict` before the network.

        Raises:
            ReadingsError: Lists everything that is wrong with the readings.
        """
        return self.question_of(Histories.of(as_history(readings, self.preparation).readings))

    def question_of(self, histories: Histories) -> Question:
        """The same of readings that were checked already.

        Raises:
            ReadingsError: A machine worked in a condition that the model does not know.
        """
        ours = histories.only(self.preparation.scaler.sensors)
        try:
            return Question(ours, self.preparation.newest(ours))
        except DataError as error:
            raise ReadingsError("readings", [str(error).rstrip(".")]) from error

    def answers(
        self, question: Question, said: Outputs, level: float | None = None
    ) -> list[Prediction]:
        """What the graph's outputs mean; the part of :meth:`predict` after the network.

        Args:
            question: U units.
            said: From :meth:`run`, of U windows.
            level: As of :meth:`predict`.

        Raises:
            CalibrationError: The model's interval was not calibrated for this level.
            InferenceError: What it said is no finite number.
        """
        raw, far = said.rul, said.far
        if not (np.isfinite(raw).all() and (far is None or np.isfinite(far).all())):
            raise InferenceError("The model", "what it says is no finite number")
        histories, cap = question.histories, self.preparation.cap
        newest = histories.life[histories.last]
        rul = to_life(raw, cap)
        far_rul = [None] * len(rul) if far is None else (np.maximum(far, 0.0) * cap).tolist()
        low, high = self.interval(rul, level)
        strange = strange_sensors(self.preparation, question.x)
        other = cautions(self.preparation, histories, rul, far_rul, least_rows=self.least_rows)
        return [
            Prediction(
                unit=unit,
                life=float(newest[at]),
                rul=float(rul[at]),
                rul_low=float(low[at]),
                rul_high=float(high[at]),
                raw_rul=float(raw[at]) * cap,
                far_rul=far_rul[at],
                cap=cap,
                level=self.calibration.level if level is None else level,
                life_unit=self.preparation.life_unit,
                warnings=(*other[at], *strange[at]),
                is_strange=bool(strange[at]),
            )
            for at, unit in enumerate(histories.units)
        ]

    @property
    def least_rows(self) -> int:
        """Below so many readings a history is short; by cards of before, than the window."""
        return int(self.card.get("short_below", self.preparation.window))


def _failed(error: Exception) -> InferenceError:
    return InferenceError("The model", f"ONNX Runtime refuses it ({error})")
