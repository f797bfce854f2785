"""How good predictions of one machine are over its life, and from when on they can be planned with.

Source of all figures: A. Saxena, J. Celaya, B. Saha, S. Saha, K. Goebel, "Metrics for Offline Evaluation
of Prognostic Performance", International Journal of Prognostics and Health Management 1 (2010). Their
time of prediction is here the moment at which the true RUL falls below the label cap: before, a model
that learned limited labels says only that there is more.

The paper predicts at every reading, and so must whoever asks for these figures. At 20 cuts of a life a
horizon begins up to a cut late (of a perfect model, on 400 simulated lives of 150 to 340 cycles: 118
instead of 124), and nobody sees what strays between cuts; relative accuracy lacks the last readings,
where it is worst (there 2 to 3 % too good); the part of the way is missed by up to half a cut, which
evens out over units. Convergence, an area, would bear it; all are taken from the same rows.

Belongs here: figures of one unit's course, and of all. Does not belong here: errors row by row
(``metrics``), what to do about them (``maintenance``).

Shape letter: C rows of one unit's course.
"""

from dataclasses import dataclass
from math import nan

import numpy as np
import pandas as pd

from rul_platform.core.metrics import Rows
from rul_platform.core.predicted_lives import PredictedLives

ALPHA = 0.2
"""Allowed error: part of the true RUL in the cone of alpha-lambda, of the whole life in the horizon."""

LAMBDAS = (0.25, 0.5, 0.75)
"""Parts of the way from the first prediction to the failure."""

FEWEST_ROWS = 3
"""Of one unit, below the cap; from fewer no course can be seen."""


@dataclass(frozen=True, slots=True)
class Course:
    """Predictions of one unit from the time of prediction on, oldest first.

    Attributes:
        life: Shape ``(C,)``, how long it had run.
        truth: Shape ``(C,)``, its true RUL, below the cap.
        predicted: Shape ``(C,)``.
    """

    life: Rows
    truth: Rows
    predicted: Rows

    @property
    def end(self) -> float:
        """Its whole life."""
        return float(self.life[-1] + self.truth[-1])

    def at(self, lam: float) -> int:
        """Number of the row that is nearest to the part ``lam`` of the way to the failure."""
        begin = float(self.life[0])
        return int(np.abs(self.life - (begin + lam * (self.end - begin))).argmin())


def alpha_lambda(course: Course, lam: float, *, alpha: float = ALPHA) -> bool:
    """Whether the prediction at ``lam`` is off by at most the part ``alpha`` of the true RUL.

    >>> course = Course(np.array([0.0, 50.0]), np.array([100.0, 50.0]), np.array([130.0, 45.0]))
    >>> alpha_lambda(course, 0.0), alpha_lambda(course, 0.5)
    (False, True)
    """
    row = course.at(lam)
    return bool(abs(course.predicted[row] - course.truth[row]) <= alpha * course.truth[row])


def prognostic_horizon(course: Course, *, alpha: float = ALPHA) -> float:
    """How long before the failure predictions begin to be off by at most ``alpha`` of the whole life.

    And stay so: the paper asks for the first such prediction only, which one lucky hit would meet.

    Returns:
        In life units; 0 where not even the last prediction is so good.
    """
    is_out = np.abs(course.predicted - course.truth) > alpha * course.end
    first = int(np.flatnonzero(is_out)[-1]) + 1 if is_out.any() else 0
    return float(course.truth[first]) if first < len(is_out) else 0.0


def relative_accuracy(course: Course, lam: float) -> float:
    """One minus the error at ``lam`` as a part of the true RUL; NaN at the failure itself."""
    row = course.at(lam)
    truth = float(course.truth[row])
    return 1.0 - abs(float(course.predicted[row]) - truth) / truth if truth > 0 else nan


def cumulative_relative_accuracy(course: Course) -> float:
    """Mean relative accuracy over all rows before the failure, every row counting alike."""
    alive = course.truth > 0
    errors = np.abs(course.predicted - course.truth)[alive] / course.truth[alive]
    return float(np.mean(1.0 - errors)) if alive.any() else nan


def convergence(course: Course) -> float:
    """How soon the error shrinks: distance from the first prediction to the centroid under its curve.

    Returns:
        In life units; lower is faster. 0 where there is no error.
    """
    step = np.diff(course.life)
    error = np.abs(course.predicted - course.truth)[:-1]
    area = float((step * error).sum())
    if area == 0.0:
        return 0.0
    x = 0.5 * float(((course.life[1:] ** 2 - course.life[:-1] ** 2) * error).sum()) / area
    y = 0.5 * float((step * error**2).sum()) / area
    return float(np.hypot(x - course.life[0], y))


def courses(lives: PredictedLives, *, cap: float) -> dict[str, Course]:
    """The course of each unit that has enough readings below the cap; by unit.

    Args:
        lives: What was said at every reading.
        cap: Label cap, in life units.

    Raises:
        EvaluationError: There are readings without a prediction.
    """
    lives.demand_whole()
    found: dict[str, Course] = {}
    for unit, every in lives.by_unit():
        rows = every[lives.truth[every] < cap]
        if len(rows) >= FEWEST_ROWS:
            found[unit] = Course(lives.life[rows], lives.truth[rows], lives.predicted[rows])
    return found


def prognostic_figures(of: dict[str, Course], *, alpha: float = ALPHA) -> pd.DataFrame:
    """All figures of each unit.

    Returns:
        Columns ``unit``, ``horizon`` and ``convergence`` in life units, ``relative_accuracy``
        (cumulative), and for each of ``LAMBDAS`` ``alpha_lambda_25`` (true or false) and
        ``relative_accuracy_25``.
    """
    return pd.DataFrame([{"unit": unit, **_figures(course, alpha)} for unit, course in of.items()])


def _figures(course: Course, alpha: float) -> dict[str, float | bool]:
    found: dict[str, float | bool] = {
        "horizon": prognostic_horizon(course, alpha=alpha),
        "relative_accuracy": cumulative_relative_accuracy(course),
        "convergence": convergence(course),
    }
    for lam in LAMBDAS:
        found[f"alpha_lambda_{100 * lam:.0f}"] = alpha_lambda(course, lam, alpha=alpha)
        found[f"relative_accuracy_{100 * lam:.0f}"] = relative_accuracy(course, lam)
    return found
