"""How far a share that was counted may be from the true one.

Belongs here: Wilson's bounds, of one share and of many. Does not belong here: what is counted.

Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of
the American Statistical Association 22 (1927), 209-212.
"""

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray


def wilson(positive: int, total: int, confidence: float) -> tuple[float, float]:
    """One-sided lower and one-sided upper bound of a share, each at ``confidence``.

    Args:
        positive: How many of ``total``.
        total: How many there are; of none nothing is known: 0 and 1.
        confidence: Above 0 and below 1, for each bound alone.

    >>> low, high = wilson(70, 100, 0.95)
    >>> round(low, 3), round(high, 3)
    (0.62, 0.769)
    """
    if total == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(confidence)
    share, count = np.array([positive / total]), np.array([float(total)])
    return float(upper_bound(share, count, -z)[0]), float(upper_bound(share, count, z)[0])


def upper_bound(
    share: NDArray[np.float64], count: NDArray[np.float64], z: float
) -> NDArray[np.float64]:
    """The bound ``z`` standard deviations above each share; below it where ``z`` is negative.

    Args:
        share: Any shape, from 0 to 1.
        count: The same shape, above 0: of how many.
        z: Quantile of the normal distribution.
    """
    centre = share + z * z / (2 * count)
    half = z * np.sqrt(share * (1 - share) / count + (z / (2 * count)) ** 2)
    return np.clip((centre + half) / (1 + z * z / count), 0.0, 1.0)
