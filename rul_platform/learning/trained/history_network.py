"""A network over whole histories, as the ensemble has them, and as a plant may have one.

Belongs here: one such network, trained. Does not belong here: what it is mixed with (``ensemble``,
``learning.transfer.approaches``), the loop (``learning.fitting``).
"""

from rul_platform.core.recipe import Device, FitConfig
from rul_platform.core.windows import Windows
from rul_platform.learning.fitting.best_weights import FitResult
from rul_platform.learning.fitting.full_history import fit_histories
from rul_platform.learning.fitting.loop import Progress
from rul_platform.learning.networks import models
from rul_platform.learning.trained.ensemble_recipe import EnsembleRecipe
from rul_platform.learning.trained.learned import NetworkModel


def fit_history_network(
    known: Windows,
    recipe: EnsembleRecipe,
    channels: tuple[str, ...],
    *,
    window: int,
    cap: float,
    seed: int,
    device: Device = "auto",
    watched: Windows | None = None,
    progress: Progress | None = None,
) -> tuple[NetworkModel, FitResult]:
    """Train one network on whole histories, for all its steps.

    Args:
        known: Of the units to learn from, from the beginning of each on.
        recipe: Its size and its training.
        channels: Names of the F channels.
        window: Readings that the model looks at: as many as the longest history has.
        cap: Label cap, in life units.
        seed: Of weights and batches.
        device: Where to train.
        watched: Windows of other units, as long as ``window``: how it errs on them is noted, and
            changes nothing.
        progress: Told after each look.
    """
    config = models.ModelConfig(
        name="lstm",
        input_size=len(channels),
        hidden_size=recipe.hidden_size,
        num_layers=recipe.num_layers,
        reads="history",
    )
    network = models.build(config, seed=seed)
    fit = FitConfig(
        seed=seed,
        steps=recipe.steps_for(known.index["unit"].nunique()),
        batch_size=recipe.batch_size,
        learning_rate=recipe.learning_rate,
        early_stopping=False,
        device=device,
    )
    fitted = fit_histories(network, known, fit, cap=cap, valid=watched, progress=progress)
    return NetworkModel(network, config, channels, window), fitted
