"""How far predictions of remaining useful life are from the truth.

Belongs here: figures made of truth and prediction, with their sources. Each is one function: weights
``(N,)`` give one figure, weights ``(R, N)`` give ``(R,)``, NaN where it is undefined.
Does not belong here: their intervals (``bootstrap``), what a report shows (``evaluation``).

Shape letters: N scored rows, R resamples. The error of a row is always prediction minus truth, so
that a positive error is *late*: it promises life that the machine does not have.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rul_platform.core.scored_rows import Rows, checked

Metric = Callable[[Rows, Rows, Rows], Rows]
"""Truth ``(N,)``, predictions ``(N,)`` and weights ``(R, N)`` to one figure per resample ``(R,)``."""

EARLY_SCALE, LATE_SCALE = 13.0, 10.0
"""How fast the NASA score grows with early and with late errors, in cycles. Source: A. Saxena,
K. Goebel, D. Simon, N. Eklund, "Damage Propagation Modeling for Aircraft Engine Run-to-Failure
Simulation", PHM08, equation 11."""

LARGEST_EXPONENT = 600.0
"""Where the NASA score of one row stops growing, so that every sum stays a finite number. A row
that far off (6,000 cycles late) says by its size alone that the score means nothing there."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """What is known about the errors of one model, in the unit of life unless said.

    Attributes:
        rmse: Root of the mean squared error.
        mae: Mean absolute error.
        r2: Share of the truth's variance that is explained; None where the truth does not vary.
        mape: Mean of abs(error) / truth, a fraction, over the rows with truth above 0; None without
            any. It grows without limit near the end of life: read it beside ``mae``.
        bias: Mean error; positive is late.
        late_rate: Share of predictions that are late, 0 to 1.
        nasa_score: Sum of penalties, dimensionless, 0 is perfect. Its constants are in cycles.
        count: Scored rows.
    """

    rmse: float
    mae: float
    r2: float | None
    mape: float | None
    bias: float
    late_rate: float
    nasa_score: float
    count: int

    def as_dict(self) -> dict[str, float | int | None]:
        """The figures by name, ready for a table or for JSON."""
        return asdict(self)


def rul_metrics(
    truth: ArrayLike,
    predicted: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    late_tolerance: float = 0.0,
) -> Metrics:
    """Score predictions against the truth.

    Args:
        truth: Shape ``(N,)``, remaining useful life in the unit of life.
        predicted: Shape ``(N,)``, in the same unit.
        weights: Shape ``(N,)``, how often each row counts; once without them. With
            :func:`unit_weights` the NASA score is the sum over units of their mean penalty.
        late_tolerance: A prediction is late when it exceeds the truth by more than this.

    Raises:
        EvaluationError: Shapes differ, nothing is given, or a number is not finite.

    >>> rul_metrics([50.0, 20.0], [60.0, 20.0]).nasa_score.__round__(3)
    1.718
    """
    t, p, w = checked(truth, predicted, weights)
    return Metrics(
        rmse=float(rmse(t, p, w)),
        mae=float(mae(t, p, w)),
        r2=_or_none(r2(t, p, w)),
        mape=_or_none(mape(t, p, w)),
        bias=float(bias(t, p, w)),
        late_rate=float(late_rate(t, p, w, late_tolerance)),
        nasa_score=float(nasa_score(t, p, w)),
        count=len(t),
    )


def raw_and_clipped(
    truth: ArrayLike, predicted: ArrayLike, cap: float, *, weights: ArrayLike | None = None
) -> dict[str, Metrics]:
    """Score against the truth as it is (``raw``) and against the truth limited to ``cap``.

    A model that learned limited labels cannot say more: ``raw`` counts that against it, ``clipped``
    does not. Predictions are never altered.
    """
    clipped = np.minimum(np.asarray(truth, dtype=np.float64), cap)
    return {
        "raw": rul_metrics(truth, predicted, weights=weights),
        "clipped": rul_metrics(clipped, predicted, weights=weights),
    }


def unit_weights(unit_ids: ArrayLike) -> Rows:
    """Weights that let every unit count once, however many of its rows are scored.

    Args:
        unit_ids: Shape ``(N,)``, which unit each row belongs to.

    >>> unit_weights(["a", "a", "b"]).tolist()
    [0.5, 0.5, 1.0]
    """
    unit, rows = _unit_index(unit_ids)
    return 1.0 / rows[unit]


def unit_means(unit_ids: ArrayLike, values: ArrayLike) -> Rows:
    """Mean of ``values`` for each unit, shape ``(U,)``, in the order of the sorted unit names.

    >>> unit_means(["b", "a", "b"], [1.0, 5.0, 3.0]).tolist()
    [5.0, 2.0]
    """
    unit, rows = _unit_index(unit_ids)
    return np.bincount(unit, weights=np.asarray(values, dtype=np.float64)) / rows


def unit_rmse(unit_ids: ArrayLike, truth: ArrayLike, predicted: ArrayLike, cap: float) -> float:
    """Root mean squared error against the truth limited to ``cap``, every unit counting once.

    Args:
        unit_ids: Shape ``(N,)``, which unit each row belongs to.
        truth: Shape ``(N,)``, remaining useful life.
        predicted: Shape ``(N,)``, in the same unit.
        cap: Label cap, likewise.

    Raises:
        EvaluationError: As of :func:`rul_metrics`.

    >>> unit_rmse(["a", "a", "b"], [9.0, 1.0, 4.0], [5.0, 1.0, 7.0], cap=5.0).__round__(3)
    2.121
    """
    t, p, w = checked(truth, predicted, unit_weights(unit_ids))
    return float(rmse(np.minimum(t, cap), p, w))


def rmse(truth: Rows, predicted: Rows, weights: Rows) -> Rows:
    """Root mean squared error."""
    return np.sqrt(weighted_mean((predicted - truth) ** 2, weights))


def mae(truth: Rows, predicted: Rows, weights: Rows) -> Rows:
    """Mean absolute error."""
    return weighted_mean(np.abs(predicted - truth), weights)


def r2(truth: Rows, predicted: Rows, weights: Rows) -> Rows:
    """Share of the truth's variance that is explained; NaN where the truth does not vary."""
    mean = weighted_mean(truth, weights)[..., np.newaxis]
    spread = weighted_mean((truth - mean) ** 2, weights)
    rounding = (np.finfo(np.float64).eps * np.abs(truth).max()) ** 2
    return 1.0 - _ratio(weighted_mean((predicted - truth) ** 2, weights), spread, rounding)


def mape(truth: Rows, predicted: Rows, weights: Rows) -> Rows:
    """Mean of abs(error) / truth over the rows with truth above 0; NaN without any."""
    alive = truth > 0
    parts, weights = np.abs(predicted - truth)[alive] / truth[alive], weights[..., alive]
    return _ratio((weights * parts).sum(axis=-1), weights.sum(axis=-1))


def bias(truth: Rows, predicted: Rows, weights: Rows) -> Rows:
    """Mean error; positive is late."""
    return weighted_mean(predicted - truth, weights)


def late_rate(truth: Rows, predicted: Rows, weights: Rows, tolerance: float = 0.0) -> Rows:
    """Share of predictions that exceed the truth by more than ``tolerance``."""
    return weighted_mean((predicted - truth > tolerance).astype(np.float64), weights)


def nasa_score(truth: Rows, predicted: Rows, weights: Rows) -> Rows:
    """Sum of the penalties of PHM08."""
    return (weights * penalty(predicted - truth)).sum(axis=-1)


FIGURES: Mapping[str, Metric] = {
    "rmse": rmse, "mae": mae, "r2": r2, "mape": mape, "bias": bias, "late_rate": late_rate,
    "nasa_score": nasa_score,
}  # fmt: skip
"""Every figure of :class:`Metrics` but the count, by its name there."""


def weighted_mean(values: Rows, weights: Rows) -> Rows:
    """Mean of ``values``, shape ``(N,)``, each counting as often as its weight."""
    return (weights * values).sum(axis=-1) / weights.sum(axis=-1)


def penalty(error: Rows) -> Rows:
    """What one error adds to the NASA score: late costs more than early.

    >>> penalty(np.array([10.0, -10.0, 0.0])).round(3).tolist()
    [1.718, 1.158, 0.0]
    """
    exponent = np.where(error < 0, -error / EARLY_SCALE, error / LATE_SCALE)
    return np.expm1(np.minimum(exponent, LARGEST_EXPONENT))


def _unit_index(unit_ids: ArrayLike) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Position of each row's unit among the sorted names, and the number of rows of each unit."""
    _, unit, rows = np.unique(
        np.asarray(unit_ids, dtype=str), return_inverse=True, return_counts=True
    )
    return unit, rows


def _ratio(above: Rows, below: Rows, least: float = 0.0) -> Rows:
    """``above / below``; NaN where ``below`` is not above ``least``."""
    return np.divide(above, below, out=np.full(np.shape(below), np.nan), where=below > least)


def _or_none(figure: Rows) -> float | None:
    return None if np.isnan(figure) else float(figure)
