"""How far a model of arrays is off, and on which samples.

Belongs here: figures. Does not belong here: which samples are held out (``core.arrays``), the model
(``transfer_learning``).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rul_platform.core.metrics import rul_metrics, unit_weights
from rul_platform.core.windows import Windows


@dataclass(frozen=True, slots=True)
class Score:
    """How far predictions are off, in life units, labels limited to the cap.

    Attributes:
        mae: Mean absolute error.
        rmse: Root of the mean squared error.
        measured_on: Which samples, in words.
    """

    mae: float
    rmse: float
    measured_on: str


@dataclass(frozen=True, slots=True)
class FineTuned(Score):
    """What fine-tuning did, measured on samples that it did not learn from.

    The same samples said when to stop: for a figure without that, :meth:`RulModel.score` others.

    Attributes:
        history: One row for each validation; see ``training.FitResult``.
        best_step: The step whose weights stayed; 0: none was better than the start.
        cpu_seconds: Processor time.
    """

    history: pd.DataFrame
    best_step: int
    cpu_seconds: float


def measured(windows: Windows, predicted: NDArray[np.float64], cap: float, on: str) -> Score:
    """Figures in which every unit counts once; ``on`` says which samples these are."""
    truth = np.minimum(windows.rul(), cap)
    figures = rul_metrics(truth, predicted, weights=unit_weights(windows.units()))
    return Score(figures.mae, figures.rmse, on)
