"""How much a recipe's score depends on the seed alone: the same training, with other seeds.

Belongs here: repeating a fine-tuning. Does not belong here: what its spread is compared with
(``core.gate_statistics``).
"""

from dataclasses import replace

import numpy as np

from rul_platform.core.gate_statistics import SeedNoise
from rul_platform.core.metrics import rmse, unit_weights
from rul_platform.core.windows import Windows
from rul_platform.learning.checkpoints import Checkpoint
from rul_platform.learning.finetuning import FinetuneConfig, finetune_from
from rul_platform.learning.training import Progress, predict

REPETITIONS = 2
"""Beside the candidate's own seed."""


def seed_noise(
    start: Checkpoint,
    channels: tuple[str, ...],
    windows: Windows,
    test: Windows,
    config: FinetuneConfig,
    *,
    own_rmse: float,
    cap: float,
    progress: Progress | None = None,
) -> SeedNoise:
    """Repeat the candidate's training from the same start with the next seeds.

    Args:
        start: What the candidate began with.
        channels: Names of the plant's channels.
        windows: All windows of the plant; training and validation units are used.
        test: The windows that the candidate was scored on.
        config: How the candidate was trained.
        own_rmse: The candidate's own score, in life units.
        cap: Label cap, in life units.
        progress: Told how each repetition goes.
    """
    truth, weights = np.minimum(test.rul(), cap), unit_weights(test.units())
    seeds = tuple(config.fit.seed + number for number in range(REPETITIONS + 1))
    scores = [own_rmse]
    for seed in seeds[1:]:
        again = replace(config, fit=replace(config.fit, seed=seed))
        tuned, _ = finetune_from(
            {"start": start}, channels, windows, again, cap=cap, progress=progress
        )
        scores.append(float(rmse(truth, predict(tuned.network, test, cap), weights)))
    return SeedNoise(seeds=seeds, rmse=tuple(scores))
