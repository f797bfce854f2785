"""All architectures on the same arrays, side by side, with whatever each can inherit.

Belongs here: training several models alike and tabling what came out. Does not belong here: one model
(``transfer_learning``), the official comparison on C-MAPSS (the asset ``cmapss_benchmark``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from rul_platform.core.arrays import Divided, as_windows, divide
from rul_platform.learning.arrays.scores import FineTuned, measured
from rul_platform.learning.arrays.transfer_learning import RulModel, Training
from rul_platform.learning.transfer.finetuning import TransferReport


@dataclass(frozen=True, slots=True)
class TrainedAll:
    """All architectures, trained on the same samples and measured on the same others.

    Attributes:
        models: By architecture.
        table: One row for each: ``architecture``, ``transferred``, ``rmse``, ``mae`` (life units),
            ``parameters``, ``loaded``, ``skipped``, ``frozen`` (counts of weights), ``cpu_seconds``.
            The last row, ``constant``, is what any model must beat.
        reports: What became of each checkpoint's weights, by architecture.
        measured_on: Which samples, in words.
    """

    models: Mapping[str, RulModel]
    table: pd.DataFrame
    reports: Mapping[str, TransferReport]
    measured_on: str


def train_all(
    x: ArrayLike,
    y: ArrayLike,
    how: Training,
    *,
    units: ArrayLike | None,
    models: Sequence[RulModel],
) -> TrainedAll:
    """Fine-tune every model on the same samples; arguments are those of :meth:`RulModel.fine_tune`."""
    made = {model.architecture: model for model in models}
    rows = []
    for model in made.values():
        done = model.fine_tune(x, y, how, units=units)
        rows.append(_row(model, done))
    cap = models[0].cap
    given = divide(as_windows(x, y, units=units), share=how.validation, seed=how.seed)
    rows.append({"architecture": "constant", "transferred": False} | _constant(given, cap))
    reports = {name: model.report for name, model in made.items() if model.report}
    return TrainedAll(made, pd.DataFrame(rows), reports, given.measured_on)


def _row(model: RulModel, done: FineTuned) -> dict[str, Any]:
    report = model.report or TransferReport((), (), ())
    return {
        "architecture": model.architecture,
        "transferred": model.report is not None,
        "rmse": done.rmse,
        "mae": done.mae,
        "parameters": sum(p.numel() for p in model.network.parameters()),
        "loaded": len(report.loaded),
        "skipped": len(report.skipped),
        "frozen": len(report.frozen),
        "cpu_seconds": done.cpu_seconds,
    }


def _constant(given: Divided, cap: float) -> dict[str, Any]:
    """What saying the mean label of the training samples would score."""
    label = float(np.average(np.minimum(given.train.rul(), cap)))
    score = measured(given.held_out, np.full(len(given.held_out), label), cap, "")
    return {"rmse": score.rmse, "mae": score.mae}
