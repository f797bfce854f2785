"""How good a recipe is, on arrays: its error on machines, or on a later life, that taught it nothing.

Belongs here: from arrays to the score that searches compare by. Does not belong here: that score
(``learning.recipes.objective``), a model to keep (``RulModel``).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from rul_platform.core.architectures import Architecture
from rul_platform.core.labels import DEFAULT_CAP_CYCLES
from rul_platform.core.recipe import FitConfig, steps_of
from rul_platform.core.windows import Windows
from rul_platform.errors import OptionsError
from rul_platform.learning.arrays.transfer_learning import PRETRAINED_RATE, RulModel, Training
from rul_platform.learning.networks.checkpoints import Checkpoint
from rul_platform.learning.recipes.objective import FOLDS, Ground, score


@dataclass(frozen=True, slots=True)
class RecipeScore:
    """How far networks trained by a recipe are off, on samples that they did not learn from.

    Attributes:
        rmse: In life units, labels limited to the cap, every machine counting once.
        measured_on: Which samples, in words.
    """

    rmse: float
    measured_on: str


def score_recipe(
    x: ArrayLike,
    y: ArrayLike,
    channels: Sequence[str],
    how: Training = Training(),  # noqa: B008  frozen
    *,
    units: ArrayLike | None = None,
    architecture: Architecture = "lstm",
    pretrained: Checkpoint | None = None,
    cap: float = DEFAULT_CAP_CYCLES,
    hidden_size: int = 64,
    folds: int = FOLDS,
) -> RecipeScore:
    """Train a network for each fold on all other machines, and measure it on the fold.

    A single machine's life is divided in time instead: each network learns from its beginning, and is
    measured on what comes next. Nothing stops early: no sample that is measured has a part in training.

    Args:
        x: Shape ``(N, W, F)``, scaled, oldest reading first; each machine's samples in time's order.
        y: Shape ``(N,)``, true RUL in life units.
        channels: Names of the F channels: weights are inherited by name.
        how: The recipe. Its epochs are counted over all samples; its ``validation`` is not used.
        units: Shape ``(N,)``, which machine each sample is of; None: all are of one.
        architecture: ``lstm``, ``gru`` or ``tcn``.
        pretrained: What every network starts from; None: random weights.
        cap: Limit of labels, in life units.
        hidden_size: Of networks that start from random weights.
        folds: How many, 2 or more; with fewer machines, each is a fold.

    Raises:
        OptionsError: Lists every option that does not fit.
        ArraysError: The arrays do not fit each other or the channels.
        CheckpointError: ``pretrained`` is of another architecture.
        TooFewUnitsError: Too short a life of a single machine.
        TrainingDivergedError: The learning rate ruins the network.
    """
    if folds < 2:
        raise OptionsError(
            "score_recipe", [f"folds: found {folds}, expected a whole number from 2"]
        )
    model = RulModel(architecture, channels, cap=cap, hidden_size=hidden_size, seed=how.seed)
    if pretrained is not None:
        model.apply(pretrained)
    windows = model.windows(x, y, units)
    steps = steps_of(how.epochs, windows=len(windows), batch_size=how.batch_size)
    fit = FitConfig(
        seed=how.seed, steps=steps, batch_size=how.batch_size, learning_rate=how.learning_rate
    )
    ground = Ground(
        windows=windows,
        channels=model.channels,
        cap=model.cap,
        architecture=architecture,
        fit=fit,
        start=None if pretrained is None else model.checkpoint(),
        pretrained_rate=PRETRAINED_RATE,
        model=model.config,
        folds=folds,
        source="score_recipe",
    )
    return RecipeScore(score(ground, {}), _measured_on(windows, folds))


def _measured_on(windows: Windows, folds: int) -> str:
    count = len(np.unique(windows.units()))
    if count == 1:
        return (
            f"the later life of one machine in {folds} parts, each by a network that learned from what "
            f"was before it, with {windows.length - 1} samples between: no reading is on both sides"
        )
    return (
        f"all {count} machines, each by a network that learned from the machines of other folds; "
        f"every machine counts once"
    )
