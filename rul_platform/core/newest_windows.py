"""The newest windows of machines at work: what a service asks a network about.

The numbers of ``features.channels_of``, equal to rounding, but only where a window is. What it takes
hardly grows from one unit to some: all of them go into the same few products.

Belongs here: channels of newest readings. Does not belong here: those of every reading (``features``).

Shape letters: U units, R readings of all of them, S sensors, W window length in readings, F channels.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from rul_platform.core.features import AGE_CAPS, BASELINE_READINGS, SMOOTHING

MEMORY = 512
"""Readings after which the exponential mean has forgotten: the last one weighs 4e-24."""

TOGETHER = 64
"""Units whose windows are made at once: their readings fit into the processor's caches."""

_DECAY = 1 - SMOOTHING


def newest_windows(
    scaled: NDArray[np.float64],
    bounds: NDArray[np.intp],
    life: NDArray[np.float64],
    window: int,
    *,
    cap: float,
) -> NDArray[np.float32]:
    """The channels of each unit's newest readings.

    Args:
        scaled: Shape ``(R, S)``, ordered by unit, then by life.
        bounds: Shape ``(U + 1,)``: unit u has the rows from ``bounds[u]`` until ``bounds[u + 1]``.
        life: Shape ``(R,)``, in the fleet's unit of life.
        window: W.
        cap: The label cap, in the fleet's unit of life.

    Returns:
        Shape ``(U, W, F)``; a history that is shorter is filled up on the left with its first reading.
    """
    if len(bounds) - 1 <= TOGETHER:
        return _newest(scaled, bounds, life, window, cap)
    parts = [
        _newest(scaled, bounds[at : at + TOGETHER + 1], life, window, cap)
        for at in range(0, len(bounds) - 1, TOGETHER)
    ]
    return np.concatenate(parts)


def _newest(
    scaled: NDArray[np.float64],
    bounds: NDArray[np.intp],
    life: NDArray[np.float64],
    window: int,
    cap: float,
) -> NDArray[np.float32]:
    begins, ends = bounds[:-1, None], bounds[1:, None]
    rows = np.maximum(ends + np.arange(-window, 0), begins)  # (U, W)
    known = rows - begins + 1  # readings until each
    drift = _smoothed_newest(scaled, begins, ends, window)
    drift *= (SMOOTHING / (1 - _DECAY**known))[:, :, None]
    drift -= _baseline_newest(scaled, begins, ends, known)
    age = life[rows] / (AGE_CAPS * cap)
    return np.concatenate([scaled[rows], drift, age[:, :, None]], axis=2, dtype=np.float32)


def _smoothed_newest(
    scaled: NDArray[np.float64], begins: NDArray[np.intp], ends: NDArray[np.intp], window: int
) -> NDArray[np.float64]:
    """What the exponential mean sums up at each unit's newest readings, shape ``(U, W, S)``."""
    lengths = ends - begins
    reach = min(max(int(lengths.max()), window), window + MEMORY)
    at = ends + np.arange(-reach, 0)  # (U, reach)
    past = np.where((at >= begins)[:, :, None], scaled[np.maximum(at, begins)], 0.0)
    total = _weights(window)[:, -reach:] @ past
    lacking = window - lengths
    if (lacking <= 0).all():
        return total
    return np.take_along_axis(total, np.maximum(np.arange(window), lacking)[:, :, None], axis=1)


@cache
def _weights(window: int) -> NDArray[np.float64]:
    """What each reading still weighs at each of the newest, shape ``(W, W + MEMORY)``."""
    age = np.subtract.outer(np.arange(MEMORY, window + MEMORY), np.arange(window + MEMORY))
    return np.where(age >= 0, _DECAY ** np.maximum(age, 0), 0.0)


def _baseline_newest(
    scaled: NDArray[np.float64],
    begins: NDArray[np.intp],
    ends: NDArray[np.intp],
    known: NDArray[np.intp],
) -> NDArray[np.float64]:
    """What was normal for each unit by its newest readings, shape ``(U, W, S)``."""
    first = scaled[np.minimum(begins + np.arange(BASELINE_READINGS), ends - 1)]
    means = np.cumsum(first, axis=1) / np.arange(1, BASELINE_READINGS + 1)[:, None]
    return means[np.arange(len(begins))[:, None], np.minimum(known, BASELINE_READINGS) - 1]
