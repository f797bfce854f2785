"""Truth and predictions that can be compared: what must hold of the arrays before they are scored.

Belongs here: the check. Does not belong here: figures (``metrics``), several models side by side
(``predicted_units``).

Shape letter: N scored rows.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rul_platform.errors import EvaluationError

Rows = NDArray[np.float64]
"""One number for each scored row."""


def checked(
    truth: ArrayLike, predicted: ArrayLike, weights: ArrayLike | None = None
) -> tuple[Rows, Rows, Rows]:
    """Truth, predictions and weights as arrays of shape ``(N,)`` that can be compared.

    Raises:
        EvaluationError: With all that is wrong.
    """
    arrays = {
        "truth": np.asarray(truth, dtype=np.float64),
        "predictions": np.asarray(predicted, dtype=np.float64),
    }
    shape = arrays["truth"].shape
    arrays["weights"] = np.ones(shape) if weights is None else np.asarray(weights, dtype=np.float64)
    problems = [p for name, values in arrays.items() for p in _problems(name, values, shape)]
    if not problems and ((arrays["weights"] < 0).any() or arrays["weights"].sum() == 0):
        problems = ["weights must be 0 or more, and not all 0"]
    if problems:
        raise EvaluationError("Predictions cannot be scored", problems)
    return arrays["truth"], arrays["predictions"], arrays["weights"]


def _problems(name: str, values: Rows, shape: tuple[int, ...]) -> list[str]:
    if values.ndim != 1 or values.shape != shape:
        return [
            f"{name} has shape {values.shape}, expected one row each for truth of shape {shape}"
        ]
    if values.size == 0:
        return [f"{name} is empty, expected at least one row"]
    if bad := int((~np.isfinite(values)).sum()):
        return [
            f"{name} has {bad} of {values.size} values that are not finite numbers; leave out units "
            f"that have not failed, and find out why a model gave no number"
        ]
    return []
