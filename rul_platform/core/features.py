"""Turn scaled sensors into the channels that a network sees.

Every channel is causal: its value at one reading depends on that reading and earlier ones only, so
training, evaluation and service give the same answer for the same history.

Three families, because a short window throws the machine's history away (docs/experiments.md has the
figures): the scaled sensors, how far each has drifted from its own beginning (``<sensor>_dev``), and
how long the machine has run (``age``).

Shape letters: R readings, S sensors, F channels (2 S + 1).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rul_platform.core.scaling import Scaler

if TYPE_CHECKING:
    import pandas as pd

SMOOTHING = 0.1
"""Weight of the newest reading in the exponential mean behind ``_dev``."""

BASELINE_READINGS = 15
"""How many first readings of a machine say what is normal for it."""

AGE_CAPS = 1.6
"""``age`` counts life in units of this many label caps: 200 cycles when the cap is 125."""


def channel_names(sensors: tuple[str, ...]) -> tuple[str, ...]:
    """The names of the F channels, in order.

    >>> channel_names(("T24",))
    ('T24', 'T24_dev', 'age')
    """
    return (*sensors, *(f"{sensor}_dev" for sensor in sensors), "age")


def channels(readings: "pd.DataFrame", scaler: Scaler, *, cap: float) -> NDArray[np.float32]:
    """Compute the channels of every reading.

    Args:
        readings: As in :class:`~rul_platform.core.fleet.Fleet`, ordered by unit, then by life.
        scaler: Fitted on training units.
        cap: The label cap, in the fleet's unit of life.

    Returns:
        Shape ``(R, F)``, dimensionless.

    Raises:
        DataError: As :meth:`Scaler.apply`.
    """
    scaled, starts = scaler.apply(readings), unit_starts(readings["unit"])
    return channels_of(scaled, starts, readings["life"].to_numpy(dtype=np.float64), cap=cap)


@dataclass(frozen=True, slots=True)
class Carried:
    """What the next readings of a table need to know of those before them.

    Attributes:
        position: How many readings the unit that goes on has had.
        smoothed: Shape ``(S,)``, its exponential mean.
        total: Shape ``(S,)``, sum of the first readings of all units so far.
        before: Shape ``(S,)``, the part of ``total`` that is of other units.
    """

    position: int
    smoothed: NDArray[np.float64]
    total: NDArray[np.float64]
    before: NDArray[np.float64]

    def to_json(self) -> dict[str, Any]:
        """Plain numbers, exact both ways."""
        sums = {name: getattr(self, name).tolist() for name in ("smoothed", "total", "before")}
        return {"position": self.position, **sums}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Carried":
        """The inverse of :meth:`to_json`."""
        sums = (np.array(data[name], np.float64) for name in ("smoothed", "total", "before"))
        return cls(int(data["position"]), *sums)


def channels_of(
    scaled: NDArray[np.float64],
    starts: NDArray[np.intp],
    life: NDArray[np.float64],
    *,
    cap: float,
) -> NDArray[np.float32]:
    """As :func:`channels`, of readings that are scaled already.

    Args:
        scaled: Shape ``(R, S)``, ordered by unit, then by life.
        starts: Row at which each unit begins.
        life: Shape ``(R,)``, in the fleet's unit of life.
        cap: The label cap, likewise.
    """
    return next_channels(scaled, starts, life, None, cap=cap)[0]


def next_channels(
    scaled: NDArray[np.float64],
    starts: NDArray[np.intp],
    life: NDArray[np.float64],
    carried: Carried | None,
    *,
    cap: float,
) -> tuple[NDArray[np.float32], Carried]:
    """As :func:`channels_of`, of the next R (one or more) readings of a table that comes in pieces.

    However the table is cut, every number is the same to the last bit.

    Args:
        scaled: As of :func:`channels_of`.
        starts: Rows at which units begin; readings before the first of them go on with a unit.
        life: As of :func:`channels_of`.
        carried: What the piece before gave; None of the first one.
        cap: The label cap.
    """
    begins = starts if len(starts) and starts[0] == 0 else np.r_[0, starts]
    goes_on = carried if carried and len(begins) > len(starts) else None
    position = np.arange(len(scaled)) - np.repeat(begins, np.diff(np.r_[begins, len(scaled)]))
    if goes_on is not None:
        position[: begins[1] if len(begins) > 1 else None] += goes_on.position
    means = _smoothed(scaled, begins, goes_on)
    baseline, total, before = _baseline(scaled, begins, position, carried, goes_on)
    age = life / (AGE_CAPS * cap)
    table = np.concatenate([scaled, means - baseline, age[:, None]], axis=1).astype(np.float32)
    return table, Carried(int(position[-1]) + 1, means[-1].copy(), total, before)


def unit_starts(unit: "pd.Series") -> NDArray[np.intp]:
    """Row number at which each unit begins, for rows that are ordered by unit."""
    labels = unit.to_numpy()
    return np.flatnonzero(np.r_[True, labels[1:] != labels[:-1]])


def _weights() -> list[float]:
    """What the past weighs at each reading of a unit, from the second on, until that stays the same."""
    weights, weight = [math.nan], 1.0
    while (weight := weight * (1 - SMOOTHING)) != weights[-1]:
        weights.append(weight)
        weight += 1
    return weights[1:]


_PAST = _weights()

SIDE_BY_SIDE = 64
"""From so many values at each position on, it is faster to go through all units at once."""


def _smoothed(
    scaled: NDArray[np.float64], begins: NDArray[np.intp], carried: Carried | None = None
) -> NDArray[np.float64]:
    """Bias-corrected exponential mean of each unit's own past, shape ``(R, S)``: pandas' own bits.

    The first unit goes on where one is ``carried``.
    """
    rows: NDArray[np.intp] = np.diff(np.append(begins, len(scaled)))
    means = np.empty_like(scaled)
    alone = 0 if carried is None else 1
    if len(rows) > alone and scaled[begins[alone] :].size >= SIDE_BY_SIDE * rows[alone:].max():
        _side_by_side(scaled, begins[alone:], rows[alone:], means)
    else:
        alone = len(rows)
    for unit, (begin, count) in enumerate(zip(begins[:alone], rows[:alone], strict=True)):
        some = slice(begin, begin + count)
        _one_by_one(scaled[some], carried if unit == 0 else None, means[some])
    return means


def _side_by_side(
    scaled: NDArray[np.float64],
    begins: NDArray[np.intp],
    rows: NDArray[np.intp],
    means: NDArray[np.float64],
) -> None:
    """Position by position over all units at once, into ``means``."""
    longest_first = np.argsort(-rows, kind="stable")
    begin = begins[longest_first]
    positions = range(1, int(rows.max()))
    ended: NDArray[np.intp] = np.searchsorted(np.sort(rows), np.array(positions), side="right")
    means[begin] = mean = scaled[begin]
    for position, count in zip(positions, len(rows) - ended, strict=True):
        weight = _PAST[min(position, len(_PAST)) - 1]
        at = begin[:count] + position
        now, mean = scaled[at], mean[:count]
        means[at] = mean = np.where(mean == now, mean, (weight * mean + now) / (weight + 1))


def _one_by_one(
    scaled: NDArray[np.float64], carried: Carried | None, means: NDArray[np.float64]
) -> None:
    """One unit, or the next readings of one, value by value into ``means``: few units may be long."""
    position = 1 if carried is None else carried.position
    first = 1 if carried is None else 0
    weights = _PAST[position - 1 :] if position <= len(_PAST) else []
    for sensor in range(scaled.shape[1]):
        mean = float(scaled[0, sensor] if carried is None else carried.smoothed[sensor])
        values: list[float] = scaled[first:, sensor].tolist()
        found = [mean] * first
        for now, weight in zip(values, weights, strict=False):
            mean = mean if mean == now else (weight * mean + now) / (weight + 1)
            found.append(mean)
        weight = _PAST[-1]
        whole = weight + 1
        for now in values[len(weights) :]:
            mean = mean if mean == now else (weight * mean + now) / whole
            found.append(mean)
        means[:, sensor] = found


def _baseline(
    scaled: NDArray[np.float64],
    begins: NDArray[np.intp],
    position: NDArray[np.intp],
    carried: Carried | None,
    goes_on: Carried | None,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Mean of each unit's first readings as far as they are known by then, shape ``(R, S)``.

    Returns:
        The means, the sum of all first readings so far, and the part of it before the last unit.
    """
    first = np.where((position < BASELINE_READINGS)[:, None], scaled, 0.0)
    if carried is None:
        total = np.cumsum(first, axis=0)
    else:  # one addition after the other, so that a sum that goes on is the sum of the whole
        total = np.cumsum(np.concatenate([carried.total[None], first]), axis=0)[1:]
    before = total[begins] - first[begins]
    if goes_on is not None:
        before[0] = goes_on.before
    of_unit = np.repeat(before, np.diff(np.r_[begins, len(scaled)]), axis=0)
    means = (total - of_unit) / np.minimum(position + 1, BASELINE_READINGS)[:, None]
    return means, total[-1].copy(), before[-1].copy()
