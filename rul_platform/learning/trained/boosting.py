"""Gradient boosting: what a network must beat to be worth shipping, and a good partner of one.

A two-second fit beats nearly every published network on C-MAPSS (docs/experiments.md). The channels of
the newest reading already carry each machine's history; beside them the trees see how far each sensor
has moved from the older half of the window to the newer one.

Belongs here: fitting trees, and a fit as a learned model. Does not belong here: its graph (``graphs``).

Shape letters: N windows, W window length in readings, F channels (2 S + 1, as in ``core.features``), S
sensors.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from rul_platform.core.labels import to_target
from rul_platform.core.windows import Windows
from rul_platform.errors import TooFewUnitsError
from rul_platform.learning.trained import graphs
from rul_platform.learning.trained.graphs import DRIFT_GRID, DRIFT_LIMIT

MIN_LEAF = 100
"""Windows in a leaf, at least; fewer where there are few windows."""

READINGS = 60
"""W: the drift is seen between halves of so many readings (docs/experiments.md, sections 13 and 15)."""

LEAVES = 15
"""Of a tree; a large fleet can fill twice as many (``ensemble``)."""

COLUMNS = 0.3
"""Share of the inputs that a split chooses from."""


@dataclass(frozen=True, slots=True)
class BoostingModel:
    """Fitted trees; a :class:`~rul_platform.learning.trained.learned.Learned`.

    Attributes:
        trees: The first predicts RUL up to the cap, a second one up to a higher cap; both in units of
            the cap.
        window: W.
    """

    trees: Sequence[HistGradientBoostingRegressor]
    window: int

    @property
    def architecture(self) -> str:
        """As of :class:`~rul_platform.learning.trained.learned.Learned`."""
        return "boosting"

    def outputs(self, windows: Windows) -> NDArray[np.float32]:
        """As of :class:`~rul_platform.learning.trained.learned.Learned`."""
        return self._said(0, windows)

    def far_outputs(self, windows: Windows) -> NDArray[np.float32] | None:
        """As of :class:`~rul_platform.learning.trained.learned.Learned`."""
        return None if len(self.trees) == 1 else self._said(1, windows)

    def _said(self, fit: int, windows: Windows) -> NDArray[np.float32]:
        seen = inputs(windows.shorter(self.window), self.window)
        with threadpool_limits(limits=1):
            said = self.trees[fit].predict(seen)
        return said.astype(np.float32)

    def graph(self, *, channels: int) -> bytes:
        """As of :class:`~rul_platform.learning.trained.learned.Learned`."""
        return graphs.boosting_graph(self.trees, window=self.window, channels=channels)

    def checkpoints(self) -> tuple[bytes, ...]:
        """None: trees live in their graph alone, and nothing is pickled."""
        return ()


def inputs(windows: Windows, window: int) -> NDArray[np.float32]:
    """What trees see of the last W readings: the newest one, and :func:`drift` where W > 1.

    Returns:
        Shape ``(N, F)``, or ``(N, F + S)`` with drifts.
    """
    newest = windows.newest()
    return newest if window == 1 else np.concatenate([newest, drift(windows, window)], axis=1)


def drift(windows: Windows, window: int) -> NDArray[np.float32]:
    """How far each sensor has moved from the older half of the last W readings to the newer one.

    Histories shorter than W are filled up on the left with their first reading, as everywhere.

    Returns:
        Sum of the newer half minus sum of the older one, shape ``(N, S)``, in steps of 1 / 1024 spreads.
    """
    half, sensors = window // 2, windows.table.shape[1] // 2
    held = np.clip(windows.table[:, :sensors], -DRIFT_LIMIT, DRIFT_LIMIT)
    steps = np.rint(held * np.float32(DRIFT_GRID)).astype(np.int64)
    before = np.concatenate([np.zeros((1, sensors), dtype=np.int64), np.cumsum(steps, axis=0)])
    last = windows.index["last_row"].to_numpy(dtype=np.intp)
    first = np.maximum(windows.index["first_row"].to_numpy(dtype=np.intp), last - window + 1)

    def total(count: int) -> NDArray[np.int64]:
        """Sum of the last ``count`` readings, the first of the history counted as often as needed."""
        begin = np.maximum(first, last - count + 1)
        lacking = count - (last - begin + 1)
        return before[last + 1] - before[begin] + lacking[:, None] * steps[first]

    newer = total(half)
    return (2 * newer - total(2 * half)).astype(np.float32)


def fit_boosting(
    train: Windows, *, cap: float, seed: int, far: float = 0.0, leaves: int = LEAVES
) -> BoostingModel:
    """Fit trees; the same input gives the same trees.

    Args:
        train: Windows to learn from. Those that have only a lower bound for a label are left out.
        cap: Label cap, in life units.
        seed: Of the sampling of columns.
        far: Cap of a second fit, in units of ``cap``; 0: no second fit.
        leaves: Of each tree, at most.

    Raises:
        TooFewUnitsError: No window has an exact label.
    """
    exact = ~train.at_least()
    if not exact.any():
        raise TooFewUnitsError("boosting", found=0, needed=1, what="windows with exact labels")
    known = train.only(exact)
    seen = inputs(known, train.length)
    limits = (cap,) if far == 0 else (cap, far * cap)
    fits: list[HistGradientBoostingRegressor] = []
    for limit in limits:
        target = to_target(known.rul(), limit) * (limit / cap)
        with threadpool_limits(limits=1):  # as torch: two threads on a busy machine are slower
            fits.append(_trees(len(known), leaves, seed).fit(seen, target))
    return BoostingModel(tuple(fits), window=train.length)


def _trees(count: int, leaves: int, seed: int) -> HistGradientBoostingRegressor:
    return HistGradientBoostingRegressor(
        max_iter=200,
        learning_rate=0.05,
        max_leaf_nodes=leaves,
        min_samples_leaf=min(MIN_LEAF, max(1, count // 20)),
        l2_regularization=1.0,
        max_features=COLUMNS,
        # Off, because its own split would be by window. The stub takes only 'auto'.
        early_stopping=False,  # pyright: ignore[reportArgumentType]
        random_state=seed,
    )
