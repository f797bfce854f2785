"""One version of a model is asked about readings.

Belongs here: from stored bytes to what the version says. Does not belong here: who is asked and what is
kept (``answering``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from rul_platform.errors import InferenceError
from rul_platform.storage.home import Home
from rul_platform.storage.models import ModelVersion

if TYPE_CHECKING:
    import pandas as pd

    from rul_platform.inference.prediction import Prediction, Question
    from rul_platform.inference.predictor import Predictor


@dataclass(frozen=True, slots=True)
class Said:
    """What one version said of every unit.

    Attributes:
        version: Which.
        logged: With intervals of the level that the model was calibrated for, so that their coverage can
            be counted; in the order of the units.
        told: With intervals of the level that was asked for, likewise.
        inference_ms: What it took for each unit, in milliseconds.
    """

    version: ModelVersion
    logged: "Sequence[Prediction]"
    told: "Sequence[Prediction]"
    inference_ms: float


def load(home: Home, version: ModelVersion) -> "Predictor":
    """A version in memory, its bytes hashed anew.

    Raises:
        StoreError: They are not there, or changed.
        InferenceError: They are no network that runs.
    """
    from rul_platform.inference.predictor import CARD_FILE, MODEL_FILE, Predictor

    artifact, names = home.store.artifact(version.sha256), (MODEL_FILE, CARD_FILE)
    return Predictor.from_files({name: home.store.read(artifact, name) for name in names})


def ask(
    home: Home, version: ModelVersion, readings: "pd.DataFrame", level: float | None = None
) -> Said:
    """What one version says; the clock runs around the network alone, and units share its time.

    Args:
        home: Where it is.
        version: Which.
        readings: In the fleet's format, resampled as in training.
        level: Coverage of the intervals that are told; None for the model's own.

    Raises:
        StoreError: Its files are not there, or changed.
        ReadingsError: The readings cannot be used.
        CalibrationError: Its interval was not calibrated for this level.
        InferenceError: It did not run.
    """
    named = f"{version.plant} version {version.number}"
    try:
        model = load(home, version)
        return ask_loaded(version, model, model.question(readings), level)
    except InferenceError as error:
        raise InferenceError(named, error.problem) from error


def ask_loaded(
    version: ModelVersion, model: "Predictor", question: "Question", level: float | None = None
) -> Said:
    """The same of a version that is in memory; raises as :func:`ask` does, but for files."""
    begin = perf_counter()
    outputs = model.run(question.x)
    took_ms = 1000.0 * (perf_counter() - begin)
    logged = model.answers(question, outputs)
    told = logged if level is None else model.answers(question, outputs, level)
    return Said(version, logged, told, took_ms / len(logged))
