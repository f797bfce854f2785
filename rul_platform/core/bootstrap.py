"""How much a figure would differ on other units of the same kind.

Belongs here: percentile bootstrap over whole units, never over rows: rows of one unit err together.
Does not belong here: the figures themselves (``metrics``).

Shape letters: N scored rows, U units, R resamples. A resample draws U units with replacement and is
written as weights: a unit drawn k times with m rows gives each of them the weight k / m.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rul_platform.core.metrics import Metric, Rows, checked, rmse, unit_weights
from rul_platform.errors import EvaluationError

DEFAULT_LEVEL = 0.95
DEFAULT_RESAMPLES = 2_000

FEW_UNITS = 10
"""With fewer units nothing is sure: resamples of few units agree far too often, and their percentile
intervals are too narrow. Where two models are equally good, 8 % of the intervals over five units say
that the first is better (mean of normal differences, 4,000 draws; over ten units 5 %); 2.5 % are
promised. What that did to choices: docs/experiments.md, section 15."""

Key = tuple[str, ...]
"""Name of a figure: ``("boosting", "clipped", "rmse")``."""

Compute = Callable[[Rows], Mapping[Key, Rows]]
"""Weights ``(R, N)`` to figures ``(R,)`` by name."""

_NUMBERS_AT_ONCE = 2_000_000  # weights held in memory: 16 MB


@dataclass(frozen=True, slots=True)
class Interval:
    """Where a figure lies on other units of the same kind; unbounded where that is not known."""

    low: float
    high: float

    @property
    def is_known(self) -> bool:
        """Whether both ends are numbers."""
        return math.isfinite(self.low) and math.isfinite(self.high)


UNKNOWN = Interval(low=-math.inf, high=math.inf)


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of one model minus that of another on the same units; below 0 the first is better.

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


@dataclass(frozen=True, eq=False)
class Resampled:
    """Figures of one set of units, all on the same resamples. Made by :func:`resample`.

    Attributes:
        observed: Each figure over all units as they are.
        drawn: Each figure on every resample, shape ``(R,)``, NaN where it is undefined.
        units: How many units there are.
        level: Share of resamples inside each interval.
    """

    observed: Mapping[Key, float]
    drawn: Mapping[Key, Rows]
    units: int
    level: float

    def interval(self, key: Key) -> Interval:
        """Percentile interval of one figure over the resamples in which it is defined.

        Not known from one unit, which says nothing about another; nor where the figure is undefined
        over all units, or in a larger share of the resamples than the interval leaves out.
        """
        return self._interval(self.observed[key], self.drawn[key])

    def difference(self, a: Key, b: Key) -> Difference:
        """Figure ``a`` minus figure ``b``, paired: both on the same drawn units.

        Pairing cancels what makes a unit hard for both, so that two models can be told apart with
        fewer units than their separate intervals suggest.
        """
        observed = self.observed[a] - self.observed[b]
        found = self._interval(observed, self.drawn[a] - self.drawn[b])
        return Difference(mean=observed, low=found.low, high=found.high)

    def _interval(self, observed: float, drawn: Rows) -> Interval:
        defined = drawn[~np.isnan(drawn)]
        if self.units == 1 or math.isnan(observed) or defined.size < drawn.size * self.level:
            return UNKNOWN
        low, high = np.quantile(defined, [(1 - self.level) / 2, (1 + self.level) / 2])
        return Interval(low=float(low), high=float(high))


def resample(
    unit_ids: ArrayLike,
    compute: Compute,
    *,
    level: float = DEFAULT_LEVEL,
    resamples: int = DEFAULT_RESAMPLES,
    seed: int,
) -> Resampled:
    """Compute figures on resamples that are drawn once for all of them.

    Args:
        unit_ids: Shape ``(N,)``, which unit each row belongs to.
        compute: The figures as functions of weights; every unit counts once.
        level: Share of resamples inside the interval, above 0 and below 1.
        resamples: R, how often the units are drawn.
        seed: The same seed gives the same resamples.

    Raises:
        EvaluationError: No unit, or a level or count out of range.
    """
    ids = np.asarray(unit_ids, dtype=str)
    if problems := list(_problems(ids, level, resamples)):
        raise EvaluationError("Units cannot be resampled", problems)
    portions = [compute(weights) for weights in _draw(ids, resamples=resamples, seed=seed)]
    once = compute(unit_weights(ids)[np.newaxis])
    return Resampled(
        observed={key: float(figure[0]) for key, figure in once.items()},
        drawn={key: np.concatenate([portion[key] for portion in portions]) for key in once},
        units=len(np.unique(ids)),
        level=level,
    )


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
        level: As in :func:`resample`.
        resamples: As in :func:`resample`.
        seed: As in :func:`resample`.

    Raises:
        EvaluationError: Rows that do not fit together, or a level or count out of range.
    """
    t, p, _ = checked(truth, predicted)
    if np.shape(unit_ids) != t.shape:
        found = f"{np.shape(unit_ids)} unit names for {len(t)} rows, expected one each"
        raise EvaluationError("Units cannot be resampled", [found])
    drawn = resample(
        unit_ids,
        lambda weights: {("figure",): metric(t, p, weights)},
        level=level,
        resamples=resamples,
        seed=seed,
    )
    return drawn.interval(("figure",))


def _problems(ids: NDArray[np.str_], level: float, resamples: int) -> Iterator[str]:
    if ids.ndim != 1 or ids.size == 0:
        yield f"unit names have shape {ids.shape}, expected one for each of one or more rows"
    if not 0 < level < 1:
        yield f"level is {level}, expected above 0 and below 1"
    if resamples < 1:
        yield f"resamples is {resamples}, expected 1 or more"


def _draw(ids: NDArray[np.str_], *, resamples: int, seed: int) -> Iterator[Rows]:
    """Weights of shape ``(r, N)``, in portions of r resamples that fit in memory."""
    unit: NDArray[np.intp] = np.unique(ids, return_inverse=True)[1]
    units, once = int(unit.max()) + 1, unit_weights(ids)
    rng = np.random.default_rng(seed)
    portion = max(1, _NUMBERS_AT_ONCE // len(ids))
    for start in range(0, resamples, portion):
        size = min(portion, resamples - start)
        times = rng.multinomial(units, np.full(units, 1 / units), size=size)
        yield times[:, unit] * once
