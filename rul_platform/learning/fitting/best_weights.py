"""Which weights a training ends with, and what it says of itself.

Belongs here: keeping weights and the history. Does not belong here: when to look (``loop``).
"""

import copy
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from torch import nn

from rul_platform.learning.fitting.batch_size import FittingBatch

HISTORY = ["step", "train_loss", "valid_rmse", "learning_rate"]
GRADIENTS = ["step", "layer", "norm"]


@dataclass(frozen=True, slots=True)
class FitResult:
    """What training did.

    Attributes:
        history: One row per validation, the first before any training: ``step``, ``train_loss`` (by
            default the mean squared error in units of the cap), ``valid_rmse`` (in life units, labels
            capped; NaN where there was nothing to validate on), ``learning_rate``.
        best_step: The step whose weights were kept; 0 for those that the network came with.
        best_valid_rmse: In life units.
        cpu_seconds: Processor time.
        gradients: Length of the gradient of each layer at each validation, before clipping: ``step``,
            ``layer``, ``norm``; empty where nobody looked.
        batch: Which batch fitted into memory; None where that was not tried.
        notes: What did not go as it was asked for, in plain words.
    """

    history: pd.DataFrame
    best_step: int
    best_valid_rmse: float
    cpu_seconds: float
    gradients: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=pd.Index(GRADIENTS))
    )
    batch: FittingBatch | None = None
    notes: tuple[str, ...] = ()


class Kept:
    """The weights to end with so far, and the history of looking for better ones.

    Args:
        network: What is trained.
        rmse: How it validates before; NaN where there is nothing to validate on.
        keeps_best: Keep the weights that validated best; else the last.
    """

    def __init__(self, network: nn.Module, rmse: float, *, keeps_best: bool) -> None:
        self._network, self._keeps_best = network, keeps_best
        self._weights = copy.deepcopy(network.state_dict())
        self._rmse, self._step, self.waited = rmse, 0, 0
        self._rows = [(0, float("nan"), rmse, 0.0)]

    def look(
        self, row: tuple[int, float, float, float], network: nn.Module | None = None
    ) -> dict[str, float]:
        """Note a row of the history, and keep the weights if they are better.

        Args:
            row: Step, mean training loss since the last row, validation RMSE, learning rate.
            network: Whose weights to keep; None: of the one that is trained.

        Returns:
            The row, by the names of its columns.
        """
        self._rows.append(row)
        step, _, rmse, _ = row
        if rmse < self._rmse or not self._keeps_best:
            self._rmse, self._step, self.waited = rmse, step, 0
            self._weights = copy.deepcopy((network or self._network).state_dict())
        else:
            self.waited += 1
        return dict(zip(HISTORY, row, strict=True))

    def restore(self) -> None:
        """Give the network the weights that were kept."""
        self._network.load_state_dict(self._weights)

    def result(self, cpu_seconds: float, gradients: pd.DataFrame) -> FitResult:
        """What training did."""
        history = pd.DataFrame(self._rows, columns=pd.Index(HISTORY))
        return FitResult(history, self._step, self._rmse, cpu_seconds, gradients)


def is_useful(loss: float, *, limit: float) -> bool:
    """Whether a loss is a finite number of at most ``limit``."""
    return bool(np.isfinite(loss)) and loss <= limit
