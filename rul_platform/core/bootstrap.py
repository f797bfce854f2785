"""How much a figure would differ on other units of the same kind.

Belongs here: percentile bootstrap over whole units, never over rows: rows of one unit err together.
Does not belong here: the figures themselves (``metrics``).

Shape letters: N scored rows, U units, R resamples. A resample draws U units with replacement and is
written as weights: a unit drawn k times with m rows gives each of them the weight k / m.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rul_platform.core.metrics import Rows, checked, rmse, unit_weights
from rul_platform.errors import EvaluationError

DEFAULT_LEVEL = 0.95
DEFAULT_RESAMPLES = 2_000

Metric = Callable[[Rows, Rows, Rows], Rows]
"""Truth ``(N,)``, predictions ``(N,)`` and weights ``(R, N)`` to one figure per resample ``(R,)``."""

_NUMBERS_AT_ONCE = 2_000_000  # weights held in memory: 16 MB


@dataclass(frozen=True, slots=True)
class Interval:
    """Where a figure lies on other units of the same kind; unbounded with a single unit."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """RMSE of one model minus RMSE of another on the same units; negative: the first is better.

    Attributes:
        mean: The difference over all units as they are.
        low: Lower end of its interval.
        high: Upper end of its interval.
    """

    mean: float
    low: float
    high: float

    @property
    def verdict(self) -> Literal["better", "worse", "undecided"]:
        """What the interval says of the first model: undecided as long as it holds 0."""
        if self.high < 0:
            return "better"
        return "worse" if self.low > 0 else "undecided"

    def reversed(self) -> "Difference":
        """The same comparison, told of the second model."""
        return Difference(mean=-self.mean, low=-self.high, high=-self.low)


def metric_interval(
    unit_ids: ArrayLike,
    truth: ArrayLike,
    predicted: ArrayLike,
    metric: Metric = rmse,
    *,
    level: float = DEFAULT_LEVEL,
    resamples: int = DEFAULT_RESAMPLES,
    seed: int,
) -> Interval:
    """Percentile interval of ``metric``, each unit counting once.

    Args:
        unit_ids: Shape ``(N,)``, which unit each row belongs to.
        truth: Shape ``(N,)``.
        predicted: Shape ``(N,)``.
        metric: Any function of this shape, such as ``metrics.rmse`` or ``metrics.nasa_score``.
        level: Share of resamples inside the interval, above 0 and below 1.
        resamples: R, how often the units are drawn.
        seed: The same seed gives the same interval.

    Raises:
        EvaluationError: Rows that do not fit together, or a level or count out of range.
    """
    t, p, _ = checked(truth, predicted)
    drawn = _draw(unit_ids, rows=len(t), resamples=resamples, seed=seed)
    return _interval(np.concatenate([metric(t, p, w) for w in drawn]), unit_ids, level)


def paired_rmse_difference(
    unit_ids: ArrayLike,
    truth: ArrayLike,
    predicted_a: ArrayLike,
    predicted_b: ArrayLike,
    *,
    level: float = DEFAULT_LEVEL,
    resamples: int = DEFAULT_RESAMPLES,
    seed: int,
) -> Difference:
    """RMSE of ``a`` minus RMSE of ``b``, both scored on the same drawn units.

    Pairing cancels what makes a unit hard for both, so that two models can be told apart with fewer
    units than their separate intervals suggest. Arguments as in :func:`metric_interval`.
    """
    t, a, _ = checked(truth, predicted_a)
    _, b, _ = checked(truth, predicted_b)
    drawn = _draw(unit_ids, rows=len(t), resamples=resamples, seed=seed)
    interval = _interval(
        np.concatenate([rmse(t, a, w) - rmse(t, b, w) for w in drawn]), unit_ids, level
    )
    once = unit_weights(unit_ids)
    observed = float(rmse(t, a, once) - rmse(t, b, once))
    return Difference(mean=observed, low=interval.low, high=interval.high)


def bootstrap_interval(
    values: ArrayLike,
    *,
    level: float = DEFAULT_LEVEL,
    resamples: int = DEFAULT_RESAMPLES,
    seed: int,
) -> Interval:
    """Percentile interval of the mean of ``values``, one value per unit, shape ``(U,)``."""
    v, _, _ = checked(values, values)

    def mean(of: Rows, _: Rows, weights: Rows) -> Rows:
        return (weights * of).sum(axis=-1) / weights.sum(axis=-1)

    return metric_interval(
        np.arange(len(v)), v, v, mean, level=level, resamples=resamples, seed=seed
    )


def _draw(unit_ids: ArrayLike, *, rows: int, resamples: int, seed: int) -> Iterator[Rows]:
    """Weights of shape ``(r, N)``, in portions of r resamples that fit in memory."""
    ids = np.asarray(unit_ids, dtype=str)
    if ids.shape != (rows,):
        raise EvaluationError(
            "Units cannot be resampled",
            [f"{ids.shape} unit names for {rows} rows, expected one each"],
        )
    if resamples < 1:
        raise EvaluationError(
            "Units cannot be resampled", [f"resamples is {resamples}, expected 1 or more"]
        )
    unit: NDArray[np.intp] = np.unique(ids, return_inverse=True)[1]
    units, once = int(unit.max()) + 1, unit_weights(ids)
    rng = np.random.default_rng(seed)
    portion = max(1, _NUMBERS_AT_ONCE // rows)
    for start in range(0, resamples, portion):
        size = min(portion, resamples - start)
        times = rng.multinomial(units, np.full(units, 1 / units), size=size)
        yield times[:, unit] * once


def _interval(figures: Rows, unit_ids: ArrayLike, level: float) -> Interval:
    if not 0 < level < 1:
        raise EvaluationError(
            "Units cannot be resampled", [f"level is {level}, expected above 0 and below 1"]
        )
    if len(set(np.asarray(unit_ids, dtype=str).tolist())) == 1:
        return Interval(low=-np.inf, high=np.inf)  # one unit says nothing about another
    low, high = np.quantile(figures, [(1 - level) / 2, (1 + level) / 2])
    return Interval(low=float(low), high=float(high))
