"""What an alarm threshold costs: machines that fail unexpectedly against life that is thrown away.

A machine is replaced when its predicted RUL first falls to the threshold; one that fails before that
costs more. The cost of one life divided by its length is what is compared, as in renewal theory. Source:
R. Barlow, L. Hunter, "Optimum preventive maintenance policies", Operations Research 8 (1960), 90-100,
with an alarm in the place of an age.

An alarm can come with any reading, so the curve needs a prediction at each: at 20 cuts of lives of 150
to 340 cycles even a perfect model's alarm at 5 cycles comes too late for every unit, at every reading
for none.

Belongs here: the curve over thresholds, and its lowest point. Does not belong here: how good the
predictions are (``metrics``, ``prognostics``).

Shape letter: T thresholds.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rul_platform.core.predicted_lives import PredictedLives
from rul_platform.core.scored_rows import Rows

if TYPE_CHECKING:
    import pandas as pd

COST_RATIO = 10.0
"""What an unexpected failure costs, in planned replacements, where the plant file does not say."""

THRESHOLDS = 25
"""Points of the curve, evenly spread up to the cap."""


def cost_curves(
    lives: PredictedLives, *, cap: float, cost_ratio: float = COST_RATIO, lead: float = 0.0
) -> "pd.DataFrame":
    """The :func:`cost_curve` of each signal that an alarm can be set on, below each other.

    ``alarm_on`` says which: ``prediction``, and ``lower end`` where there are intervals. Arguments and
    errors are those of :func:`cost_curve`.
    """
    import pandas as pd

    signals = {"prediction": lives.predicted, "lower end": lives.interval_low}
    curves = [
        cost_curve(
            replace(lives, predicted=signal), cap=cap, cost_ratio=cost_ratio, lead=lead
        ).assign(alarm_on=name)
        for name, signal in signals.items()
        if signal is not None
    ]
    return pd.concat(curves, ignore_index=True)


def cost_curve(
    lives: PredictedLives,
    *,
    cap: float,
    cost_ratio: float = COST_RATIO,
    lead: float = 0.0,
    thresholds: Sequence[float] | None = None,
) -> "pd.DataFrame":
    """Failures, unused life and cost over the alarm threshold; each unit counts once.

    Args:
        lives: What was said at every reading; an alarm is set on ``predicted``.
        cap: Label cap, in life units: no prediction is above.
        cost_ratio: What an unexpected failure costs, in planned replacements.
        lead: What it takes to act on an alarm, in life units. An alarm with no more life left comes too
            late.
        thresholds: Shape ``(T,)``; None for ``THRESHOLDS`` of them.

    Returns:
        T rows: ``threshold``; ``failures``, share of the units that fail unexpectedly; ``unused_life``,
        mean life left when a unit is replaced, over those that are; ``unused_share``, life thrown away
        as a share of all life; ``cost``, per unit of life and relative to waiting for every failure.

    Raises:
        EvaluationError: There are readings without a prediction.
    """
    import pandas as pd

    lives.demand_whole()
    units = [
        (lives.life[rows], lives.truth[rows], lives.predicted[rows]) for _, rows in lives.by_unit()
    ]
    at = np.linspace(0.0, cap, THRESHOLDS + 1)[1:] if thresholds is None else np.asarray(thresholds)
    return pd.DataFrame([_point(units, float(each), cost_ratio, lead) for each in at])


def cheapest(curve: "pd.DataFrame") -> "pd.Series[float]":
    """The row of :func:`cost_curve` with the lowest cost; of equal ones the lowest threshold."""
    return curve.iloc[int(curve["cost"].to_numpy().argmin())]


_Unit = tuple[Rows, Rows, Rows]


def _point(
    units: Sequence[_Unit], threshold: float, cost_ratio: float, lead: float
) -> dict[str, float]:
    """What one threshold does to all units."""
    ends = np.array([life[-1] + truth[-1] for life, truth, _ in units])
    left = np.array([_life_left(truth, predicted <= threshold) for _, truth, predicted in units])
    has_failed = ~(left > lead)  # NaN: no alarm at all
    unused = np.where(has_failed, 0.0, left)
    spent = np.where(has_failed, cost_ratio, 1.0).sum() / max((ends - unused).sum(), 1e-12)
    return {
        "threshold": threshold,
        "failures": float(has_failed.mean()),
        "unused_life": float(unused[~has_failed].mean()) if not has_failed.all() else 0.0,
        "unused_share": float(unused.sum() / ends.sum()),
        "cost": float(spent / (cost_ratio * len(units) / ends.sum())),
    }


def _life_left(truth: Rows, alarms: NDArray[np.bool_]) -> float:
    """True RUL at the first alarm, NaN without one."""
    first = np.flatnonzero(alarms)
    return float(truth[first[0]]) if len(first) else float("nan")
