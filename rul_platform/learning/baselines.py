"""What a network must beat to be worth shipping: boosting, and a constant.

A two-second boosting fit beats nearly every published network on C-MAPSS (docs/experiments.md), so it
stands beside every figure we print.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor

from rul_platform.core.labels import to_life, to_target
from rul_platform.core.windows import Windows

MIN_LEAF = 40


def boosting(train: Windows, test: Windows, *, cap: float, seed: int) -> NDArray[np.float64]:
    """Fit gradient boosting on the newest reading of each window and score ``test``.

    The channels already carry each machine's history, so one reading is enough for trees. Windows that
    have only a lower bound for a label are left out.

    Returns:
        Predicted RUL, shape ``(N,)`` of ``test``, in life units.
    """
    train = train.exact()
    model = HistGradientBoostingRegressor(
        max_iter=200,
        learning_rate=0.05,
        max_leaf_nodes=15,
        min_samples_leaf=min(MIN_LEAF, max(1, len(train) // 20)),
        l2_regularization=1.0,
        # Off, because its own split would be by window. The stub takes only 'auto'.
        early_stopping=False,  # pyright: ignore[reportArgumentType]
        random_state=seed,
    )
    model.fit(train.newest(), to_target(train.rul(), cap))
    return to_life(model.predict(test.newest()), cap)


def constant(train: Windows, test: Windows, *, cap: float) -> NDArray[np.float64]:
    """The mean capped label of the training units, for every window of ``test``.

    Every unit weighs the same, however many windows it has, as it does in the score. Windows that have
    only a lower bound for a label are left out.

    Returns:
        Shape ``(N,)`` of ``test``, in life units.
    """
    train = train.exact()
    labels = pd.Series(np.minimum(train.rul(), cap))
    return np.full(len(test), float(labels.groupby(train.units()).mean().mean()))
