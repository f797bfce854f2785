"""Has the world moved away from what the model in charge learned? Two questions, two verdicts.

Errors on units whose end is known say that the model got worse. Readings say that something changed
before any end is known, but not that the model suffers: that is worth a look, not a retraining.

Belongs here: the verdicts. Does not belong here: collecting errors or readings, alerts.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rul_platform.core.bootstrap import resample
from rul_platform.core.metrics import unit_weights
from rul_platform.core.policy import Policy
from rul_platform.core.scaling import Scaler
from rul_platform.core.wording import listing

if TYPE_CHECKING:
    import pandas as pd

LEVEL = 0.90
"""Two-sided, so that each end alone is a one-sided bound of 95 %."""

RESAMPLES = 10_000

MIN_UNITS = 3
"""Fewer machines than these differ from training by their own nature."""

WILD = 10.0
"""A scaled reading counts as at most so far from training: one broken value is no drift."""


@dataclass(frozen=True, slots=True)
class DriftVerdict:
    """What was found.

    Attributes:
        fires: Whether it is more than chance and the policy allow.
        reasons: For the person on shift, with the numbers.
        numbers: What it rests on, by name.
        sensors: Which sensors moved; empty where the question is about errors.
    """

    fires: bool
    reasons: tuple[str, ...]
    numbers: Mapping[str, Any]
    sensors: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self) | {"reasons": list(self.reasons), "sensors": list(self.sensors)}


def outcome_drift(
    errors: ArrayLike, claimed_rmse: float, policy: Policy, *, seed: int = 0
) -> DriftVerdict:
    """Fires where the RMSE at work is surely above what the gate claimed, times ``max_error_growth``.

    Surely: the lower one-sided 95 % bound of a bootstrap over units.

    Args:
        errors: Shape ``(U,)``, one for each unit whose end is known: its error, or the root of its mean
            squared error, in life units.
        claimed_rmse: Of the same model at its gate, in life units.
        policy: ``min_outcomes`` and ``max_error_growth``.
        seed: Of the bootstrap.
    """
    squared = np.square(np.asarray(errors, dtype=np.float64))
    limit = policy.max_error_growth * claimed_rmse
    numbers: dict[str, Any] = {"units": squared.size, "claimed_rmse": claimed_rmse, "limit": limit}
    if squared.size < policy.min_outcomes:
        reason = (
            f"{squared.size} units with a known end, fewer than the {policy.min_outcomes} needed"
        )
        return DriftVerdict(fires=False, reasons=(reason,), numbers=numbers)
    drawn = resample(
        np.arange(squared.size),
        lambda weights: {("rmse",): np.sqrt(weights @ squared / weights.sum(axis=1))},
        level=LEVEL,
        resamples=RESAMPLES,
        seed=seed,
    )
    rmse, low = drawn.observed["rmse",], drawn.interval(("rmse",)).low
    fires = low > limit
    reason = (
        f"RMSE {rmse:.2f} on {squared.size} units with a known end, with 95 % confidence at least "
        f"{low:.2f}: {'above' if fires else 'not above'} the limit of {limit:.2f}, which is "
        f"{policy.max_error_growth:g} times the {claimed_rmse:.2f} at the gate"
    )
    return DriftVerdict(fires, (reason,), numbers | {"rmse": rmse, "rmse_low": low})


def drift_score(verdict: DriftVerdict) -> float | None:
    """How far the sensor that moved most has moved, as a part of the limit: above 1 it fires.

    None where too few readings came to say.

    >>> numbers = {"limit": 2.0, "shift": {"heat": -1.0}, "spread": {"heat": 1.5}}
    >>> drift_score(DriftVerdict(False, (), numbers))
    0.5
    """
    shift, spread = verdict.numbers.get("shift"), verdict.numbers.get("spread")
    if not shift or not spread:
        return None
    moved = [abs(mean) for mean in shift.values()] + [wide - 1.0 for wide in spread.values()]
    return max(0.0, *moved) / float(verdict.numbers["limit"])


def data_drift(readings: "pd.DataFrame", scaler: Scaler, policy: Policy) -> DriftVerdict:
    """Fires where a sensor moved away from its training data, or where a condition is new.

    A sensor moved where the mean of its readings lies more than ``max_drift`` training spreads from
    training's mean, or where its readings scatter more than ``1 + max_drift`` times as widely. Each
    unit counts once, and each operating condition is compared with itself. A fleet that is much
    younger or more worn than whole lives are differs by up to 0.9 spreads on C-MAPSS and the simulator
    with nothing wrong, hence the default of 1.

    Args:
        readings: Recent ones, with ``unit``, ``condition`` and the scaler's sensors.
        scaler: Of the model in charge: all that is left of its training data.
        policy: ``max_drift``.

    Raises:
        DataError: A sensor that the model needs is missing.
    """
    is_known = readings["condition"].isin(scaler.conditions)
    unseen = sorted(set(readings.loc[~is_known, "condition"].astype(str)))
    reasons = [f"operating condition {listing(unseen)} was not seen in training"] if unseen else []
    known = readings[is_known]
    units = known["unit"].nunique()
    numbers: dict[str, Any] = {"units": units, "limit": policy.max_drift, "unseen": unseen}
    if units < MIN_UNITS:
        reasons.append(f"readings of {units} units, fewer than the {MIN_UNITS} needed")
        return DriftVerdict(bool(unseen), tuple(reasons), numbers)
    shift, spread = _moments(np.asarray(known["unit"], dtype=str), scaler.apply(known))
    by_sensor = dict(zip(scaler.sensors, zip(shift, spread, strict=True), strict=True))
    moved = {
        sensor: words
        for sensor, (mean, scatter) in by_sensor.items()
        if (words := _moved(sensor, mean, scatter, policy.max_drift))
    }
    still = (
        f"{units} units: no sensor moved more than {policy.max_drift:g} training spread"
        f"{'' if policy.max_drift == 1 else 's'} from its training data"
    )
    reasons += moved.values() or [still]
    numbers["shift"] = {sensor: mean for sensor, (mean, _) in by_sensor.items()}
    numbers["spread"] = {sensor: scatter for sensor, (_, scatter) in by_sensor.items()}
    return DriftVerdict(bool(unseen or moved), tuple(reasons), numbers, tuple(moved))


def _moments(
    units: NDArray[np.str_], scaled: NDArray[np.float64]
) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of each column, in training spreads, each unit counting once."""
    weights = unit_weights(units)
    weights = weights / weights.sum()
    held = np.clip(scaled, -WILD, WILD)
    mean = weights @ held
    spread = np.sqrt(weights @ np.square(held - mean))
    return [float(one) for one in mean], [float(one) for one in spread]


def _moved(sensor: str, mean: float, scatter: float, limit: float) -> str:
    """How a sensor moved, or nothing."""
    if abs(mean) > limit:
        side = "above" if mean > 0 else "below"
        return f"{sensor}: mean {abs(mean):.2f} training spreads {side} training's, limit {limit:g}"
    if scatter > 1 + limit:
        return (
            f"{sensor}: scatters {scatter:.2f} times as widely as in training, limit {1 + limit:g}"
        )
    return ""
