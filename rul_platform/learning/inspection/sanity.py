"""Can what a model is made of learn anything at all? The sanity check, for networks and trees alike.

Belongs here: learning a few windows by heart, anew. Does not belong here: looking into the weights that
a training left behind (``doctor``).
"""

import numpy as np

from rul_platform.core.labels import to_target
from rul_platform.core.windows import Windows
from rul_platform.learning.fitting import training
from rul_platform.learning.networks import models
from rul_platform.learning.trained.boosting import fit_boosting
from rul_platform.learning.trained.learned import Learned
from rul_platform.learning.trained.model_parts import TREES, parts_of
from rul_platform.learning.trained.stored_models import networks_of

BATCH = 32


def loss_left(model: Learned, windows: Windows, *, cap: float, seed: int) -> dict[str, float]:
    """Train everything that ``model`` is made of anew on 32 windows only.

    Args:
        model: Trained; its weights are not used, only what it is built from.
        windows: To learn from, with exact labels.
        cap: Label cap, in life units.
        seed: Of the fresh weights and of which windows.

    Returns:
        Each kind of part, as ``gru`` or ``boosting``, to the part of the loss that is left, 0 to 1: what
        saying the mean has is 1.
    """
    networks = networks_of(model)
    configs = {network.config: network.config.name for network in networks}
    left: dict[str, float] = {}
    for config, name in configs.items():
        fresh = models.build(config, seed=seed)
        loss = training.overfit_one_batch(fresh, windows, cap=cap, seed=seed)
        left[name] = max(loss, left.get(name, 0.0))
    channels = windows.table.shape[1]
    if (parts_of(model, channels=channels)["part"] == TREES).any():
        left["boosting"] = _by_trees(windows, cap=cap, seed=seed)
    return left


def _by_trees(windows: Windows, *, cap: float, seed: int) -> float:
    chosen = np.random.default_rng(seed).permutation(len(windows))[:BATCH]
    few = Windows(windows.table, windows.index.iloc[np.sort(chosen)], windows.length)
    target = to_target(few.rul(), cap)
    said = fit_boosting(few, cap=cap, seed=seed).outputs(few)
    return float(np.mean((said - target) ** 2) / max(float(target.var()), 1e-12))
