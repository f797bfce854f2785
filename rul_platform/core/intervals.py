"""Prediction intervals from the errors on machines that the model did not learn from.

Split conformal prediction by unit: a unit counts once, however many of its windows were scored,
because windows of one machine err together. Source: A. Angelopoulos, S. Bates, "A gentle introduction
to conformal prediction", 2021, section 1; the weighting by unit is ours (decision record 0006).
"""

import numpy as np
from numpy.typing import NDArray

DEFAULT_LEVEL = 0.9


def half_width(
    units: NDArray[np.str_], error: NDArray[np.float64], *, level: float = DEFAULT_LEVEL
) -> float:
    """Half the width of a symmetric interval that covers ``level`` of the units' errors.

    With few units the level is raised by the finite-sample factor (n + 1) / n; where that exceeds 1
    the largest error seen is returned, which is all that n units can say.

    Args:
        units: Shape ``(N,)``.
        error: Shape ``(N,)``, prediction minus truth, in life units.
        level: Wanted coverage, between 0 and 1.

    Returns:
        In life units.

    >>> half_width(np.array(["a", "a", "b"]), np.array([1.0, -2.0, 4.0]), level=0.9)
    4.0
    """
    _, unit_of, count = np.unique(units, return_inverse=True, return_counts=True)
    weight = 1.0 / count[unit_of]
    order = np.argsort(np.abs(error), kind="stable")
    reached = np.cumsum(weight[order]) / len(count)
    wanted = min(1.0, level * (len(count) + 1) / len(count))
    at = min(int(np.searchsorted(reached, wanted - 1e-12)), len(order) - 1)
    return float(np.abs(error)[order[at]])
