"""What a network must beat to be worth shipping: boosting, and a constant.

A two-second boosting fit beats nearly every published network on C-MAPSS (docs/experiments.md), so it
stands beside every figure we print.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rul_platform.core.labels import to_life
from rul_platform.core.windows import Windows
from rul_platform.learning.trained.boosting import fit_boosting


def boosting(train: Windows, test: Windows, *, cap: float, seed: int) -> NDArray[np.float64]:
    """Fit gradient boosting and score ``test``; windows that have only a lower bound are left out.

    Returns:
        Predicted RUL, shape ``(N,)`` of ``test``, in life units.
    """
    model = fit_boosting(train, cap=cap, seed=seed)
    return to_life(model.outputs(test), cap)


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
