"""How much a recipe's score depends on the seed alone: the same approach, with other seeds.

Belongs here: repeating the training of a candidate, all of its folds. Does not belong here: what its
spread is compared with (``core.gate_statistics``).
"""

from collections.abc import Mapping

import numpy as np

from rul_platform.core.gate_statistics import SeedNoise
from rul_platform.core.metrics import rmse, unit_weights
from rul_platform.core.windows import Windows
from rul_platform.learning.fitting.training import Progress
from rul_platform.learning.trained.learned import predictions
from rul_platform.learning.transfer.approaches import Setting
from rul_platform.learning.transfer.cross_validation import cross_validate

REPETITIONS = 2
"""Beside the candidate's own seed."""

STRIDE = 1000
"""Between the seeds of two repetitions: each fold has a seed of its own, and none may come twice."""


def seed_noise(
    approach: str,
    known: Windows,
    folds: Mapping[str, int],
    setting: Setting,
    test: Windows,
    *,
    seed: int,
    own_rmse: float,
    progress: Progress | None = None,
) -> SeedNoise:
    """Repeat the candidate's training from the same start, on the same folds, with other seeds.

    Args:
        approach: The candidate's.
        known: Windows of all units that taught it.
        folds: Of each of these units.
        setting: What it was trained with.
        test: The windows that it was scored on.
        seed: Its own.
        own_rmse: Its own score, in life units.
        progress: Told how each repetition goes.
    """
    truth, weights = np.minimum(test.rul(), setting.cap), unit_weights(test.units())
    seeds = tuple(seed + STRIDE * number for number in range(REPETITIONS + 1))
    scores = [own_rmse]
    for other in seeds[1:]:
        again = cross_validate((approach,), known, folds, setting, seed=other, progress=progress)
        predicted = predictions(again.model(approach), test, cap=setting.cap)
        scores.append(float(rmse(truth, predicted, weights)))
    return SeedNoise(seeds=seeds, rmse=tuple(scores))
