"""Turn scaled sensors into the channels that a network sees.

Every channel is causal: its value at one reading depends on that reading and earlier ones only, so
training, evaluation and service give the same answer for the same history.

Three families, because a short window throws the machine's history away (docs/experiments.md has the
figures): the scaled sensors, how far each has drifted from its own beginning (``<sensor>_dev``), and
how long the machine has run (``age``).

Shape letters: R readings, S sensors, F channels (2 S + 1).
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rul_platform.core.scaling import Scaler

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


def channels(readings: pd.DataFrame, scaler: Scaler, *, cap: float) -> NDArray[np.float32]:
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
    drift = _smoothed(scaled, starts) - _baseline(scaled, starts)
    age = life / (AGE_CAPS * cap)
    return np.concatenate([scaled, drift, age[:, None]], axis=1).astype(np.float32)


def newest_window(
    scaled: NDArray[np.float64], life: NDArray[np.float64], window: int, *, cap: float
) -> NDArray[np.float32]:
    """The channels of one unit's newest readings: :func:`channels_of`, for a service's single machines.

    Args:
        scaled: Shape ``(T, S)``, all readings of the unit, oldest first.
        life: Shape ``(T,)``, in the fleet's unit of life.
        window: W.
        cap: The label cap, likewise.

    Returns:
        Shape ``(W, F)``; a history that is shorter is filled up on the left with its first reading.
    """
    rows, begin = len(scaled), max(len(scaled) - window, 0)
    known = np.cumsum(scaled[:BASELINE_READINGS], axis=0)
    known /= np.arange(1, len(known) + 1)[:, None]
    baseline = known[np.minimum(np.arange(begin, rows), BASELINE_READINGS - 1)]
    drift = _smoothed_alone(scaled)[begin:] - baseline
    age = life[begin:, None] / (AGE_CAPS * cap)
    table = np.concatenate([scaled[begin:], drift, age], axis=1).astype(np.float32)
    short = window - len(table)
    return table if short <= 0 else np.concatenate([np.repeat(table[:1], short, axis=0), table])


def unit_starts(unit: pd.Series) -> NDArray[np.intp]:
    """Row number at which each unit begins, for rows that are ordered by unit."""
    labels = unit.to_numpy()
    return np.flatnonzero(np.r_[True, labels[1:] != labels[:-1]])


def _smoothed(scaled: NDArray[np.float64], starts: NDArray[np.intp]) -> NDArray[np.float64]:
    """Bias-corrected exponential mean of each unit's own past, shape ``(R, S)``.

    Position by position over all units at once, which takes a fifth of pandas' time and gives its bits.
    """
    rows: NDArray[np.intp] = np.diff(np.append(starts, len(scaled)))
    longest_first = np.argsort(-rows, kind="stable")
    begin = starts[longest_first]
    positions = range(1, int(rows.max()))
    ended: NDArray[np.intp] = np.searchsorted(np.sort(rows), np.array(positions), side="right")
    means = np.empty_like(scaled)
    means[begin] = mean = scaled[begin]
    weight = 1.0
    for position, count in zip(positions, len(rows) - ended, strict=True):
        weight *= 1 - SMOOTHING
        at = begin[:count] + position
        now, mean = scaled[at], mean[:count]
        means[at] = mean = np.where(mean == now, mean, (weight * mean + now) / (weight + 1))
        weight += 1
    return means


BLOCK = 64
"""Readings whose means are one product of matrices."""

_DECAY = 1 - SMOOTHING
_POWERS = _DECAY ** np.arange(1, BLOCK + 1)
_WEIGHTS = np.tril(_DECAY ** np.abs(np.subtract.outer(np.arange(BLOCK), np.arange(BLOCK))))
"""Shape ``(BLOCK, BLOCK)``: what an earlier reading still weighs at a later one."""


def _smoothed_alone(scaled: NDArray[np.float64]) -> NDArray[np.float64]:
    """:func:`_smoothed` of one unit, equal to rounding, shape ``(T, S)``."""
    total = np.empty_like(scaled)
    before = np.zeros(scaled.shape[1])
    for at in range(0, len(scaled), BLOCK):
        some = scaled[at : at + BLOCK]
        size = len(some)
        here = _WEIGHTS[:size, :size] @ some + _POWERS[:size, None] * before
        total[at : at + size], before = here, here[-1]
    return total * (SMOOTHING / (1 - _DECAY ** np.arange(1, len(scaled) + 1)))[:, None]


def _baseline(scaled: NDArray[np.float64], starts: NDArray[np.intp]) -> NDArray[np.float64]:
    """Mean of each unit's first readings as far as they are known by then, shape ``(R, S)``."""
    rows = np.diff(np.r_[starts, len(scaled)])
    position = np.arange(len(scaled)) - np.repeat(starts, rows)
    first = np.where((position < BASELINE_READINGS)[:, None], scaled, 0.0)
    total = np.cumsum(first, axis=0)
    before = np.repeat(total[starts] - first[starts], rows, axis=0)
    return (total - before) / np.minimum(position + 1, BASELINE_READINGS)[:, None]
