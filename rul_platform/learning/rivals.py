"""What a plant's candidate is compared with: everything trained on the same units, scored on the same.

Whether pretraining helped is the difference to ``from scratch``; whether training on the plant helped
is the difference to ``zero-shot``; whether a network is needed at all is the one to ``boosting``.

Shape letter: N scored windows.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rul_platform.core import splits
from rul_platform.core.evaluation import BOOSTING, CONSTANT, FROM_SCRATCH, ZERO_SHOT
from rul_platform.core.recipe import FitConfig
from rul_platform.core.windows import Windows
from rul_platform.learning import baselines, models, training
from rul_platform.learning.checkpoints import Checkpoint
from rul_platform.learning.finetuning import transfer
from rul_platform.learning.training import Progress

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rivals:
    """Predictions of the rivals on the test windows, and what each cost to train.

    Attributes:
        predictions: Name to shape ``(N,)``, in life units.
        cpu_seconds: Name to processor time.
    """

    predictions: dict[str, Scores]
    cpu_seconds: dict[str, float]


def score_rivals(
    windows: Windows,
    test: Windows,
    parent: Checkpoint,
    channels: tuple[str, ...],
    config: FitConfig,
    *,
    cap: float,
    progress: Progress | None = None,
) -> Rivals:
    """Train the rivals on the training units of ``windows`` and score ``test``.

    Args:
        windows: All windows of the plant.
        test: N windows of its test units.
        parent: The pretrained checkpoint that the candidate came from.
        channels: Names of the plant's channels.
        config: The candidate's own training settings.
        cap: Label cap, in life units.
        progress: Told how the training from scratch goes.
    """
    train, valid = windows.select(splits.TRAIN), windows.select(splits.VALID)

    def from_scratch() -> Scores:
        model = models.ModelConfig(
            name=parent.config.name,
            **(parent.config.to_json() | {"input_size": len(channels)}),
        )
        network = models.build(model, seed=config.seed)
        training.fit(network, train, valid, config, cap=cap, progress=progress)
        return training.predict(network, test, cap)

    def zero_shot() -> Scores:
        network, _, _ = transfer(parent, channels, seed=config.seed)
        return training.predict(network, test, cap)

    rivals: dict[str, Callable[[], Scores]] = {
        FROM_SCRATCH: from_scratch,
        BOOSTING: lambda: baselines.boosting(train, test, cap=cap, seed=config.seed),
        CONSTANT: lambda: baselines.constant(train, test, cap=cap),
    }
    if set(channels) <= set(parent.channels):
        rivals[ZERO_SHOT] = zero_shot
    timed = {name: _timed(score) for name, score in rivals.items()}
    return Rivals(
        {name: predicted for name, (predicted, _) in timed.items()},
        {name: seconds for name, (_, seconds) in timed.items()},
    )


def _timed(score: Callable[[], Scores]) -> tuple[Scores, float]:
    begin = time.process_time()
    return score(), time.process_time() - begin
