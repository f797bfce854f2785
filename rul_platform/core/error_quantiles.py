"""How large errors are, where every unit counts once.

With few units the wanted rank is raised by the finite-sample factor (n + 1) / n of split conformal
prediction, n being the number of units; where that exceeds 1, the largest error seen is all that n
units can say. Source: A. Angelopoulos, S. Bates, "A gentle introduction to conformal prediction", 2021,
section 1. Choosing among several forms on the same errors costs a little coverage: Y. Yang, A.
Kuchibhotla, "Finite-sample efficient conformal prediction", 2021.

Belongs here: weighted quantiles of errors. Does not belong here: which errors, and what follows
(``calibration``).

Shape letters: N rows, L levels.
"""

from collections.abc import Sequence

import numpy as np

from rul_platform.core.metrics import Rows


class ErrorQuantiles:
    """Errors of one band, sorted once.

    Attributes:
        units: How many units they come from.
        weights: Shape ``(N,)``; those of one unit sum to 1.
    """

    def __init__(self, error: Rows, weights: Rows) -> None:
        """Sort them.

        Args:
            error: Shape ``(N,)``, prediction minus truth, in life units.
            weights: Shape ``(N,)``, from :func:`~rul_platform.core.metrics.unit_weights`.
        """
        self.units = round(float(weights.sum()))
        self.weights = weights
        self._late = _Sorted(error, weights)
        self._early = _Sorted(-error, weights)
        self._size = _Sorted(np.abs(error), weights)

    def symmetric(self, levels: Sequence[float]) -> tuple[Rows, Rows]:
        """The same reach to both sides, shape ``(L,)`` each, at each level."""
        reach = self._size.at(np.asarray(levels), self.units)
        return reach, reach

    def equal_tailed(self, levels: Sequence[float]) -> tuple[Rows, Rows]:
        """As many misses late as early: reach to the late and to the early side, 0 or more.

        Args:
            levels: Wanted coverage, shape ``(L,)``.
        """
        rank = (1.0 + np.asarray(levels)) / 2.0
        late, early = self._late.at(rank, self.units), self._early.at(rank, self.units)
        return np.maximum(late, 0.0), np.maximum(early, 0.0)


class _Sorted:
    def __init__(self, values: Rows, weights: Rows) -> None:
        order = np.argsort(values, kind="stable")
        self._values = values[order]
        self._reached = np.cumsum(weights[order]) / weights.sum()

    def at(self, rank: Rows, units: int) -> Rows:
        """The least value that the wanted part of the units stays below, ranks raised."""
        wanted = np.minimum(1.0, rank * (units + 1) / units)
        places = np.searchsorted(self._reached, wanted - 1e-12)
        return self._values[np.minimum(places, len(self._values) - 1)]
