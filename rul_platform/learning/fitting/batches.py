"""Training windows by the batch, without a loader: the scaled table lies in memory once.

Belongs here: what one step is given, and in which order. Does not belong here: what the step does
with it (``steps``), altered windows (``augmentation``), whole histories (``full_history``).

Shape letters: R rows of the table, B batch, N windows, W window length, F channels.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rul_platform.core.labels import to_target
from rul_platform.core.recipe import FitConfig
from rul_platform.core.windows import Windows
from rul_platform.errors import TooFewUnitsError, TrainingDataError
from rul_platform.learning.fitting.batch import Batch, Labels

REPLAYED_SEED = 1
"""Added to the seed for the order of replayed windows."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Windows with their labels, ready to be taken by the batch.

    Attributes:
        rows: Overlapping rows of W readings each, ``(R', W F)``: a view of the table, so that taking a
            window copies one stretch of memory.
        first_N: Which of them each window is.
        labels: Of all N windows.
        shape: ``(W, F)``.
    """

    rows: Tensor
    first_N: Tensor  # noqa: N815  shape letters
    labels: Labels
    shape: tuple[int, int]

    def __len__(self) -> int:
        return len(self.first_N)

    @classmethod
    def of(
        cls, windows: Windows, *, cap: float, far: float = 0.0, device: str = "cpu"
    ) -> "Examples":
        """The windows, on ``device``.

        Raises:
            TrainingDataError: A feature or a label is no finite number.
        """
        refuse_no_numbers(windows)
        table, first = _unpadded(windows)
        wide = torch.from_numpy(table).to(device)
        size, channels = windows.length, table.shape[1]
        rows = wide.as_strided((len(table) - size + 1, size * channels), (channels, 1))
        labels = labels_of(windows, cap=cap, far=far).to(device)
        return cls(rows, torch.from_numpy(first).to(device), labels, (size, channels))

    def batch(self, chosen_B: Tensor) -> Batch:
        """These windows, cut out."""
        x_BWF = self.rows.index_select(0, self.first_N[chosen_B]).view(-1, *self.shape)
        return Batch(x_BWF, *self.labels.take(chosen_B))


def labels_of(windows: Windows, *, cap: float, far: float) -> Labels:
    """Labels in units of the cap.

    Under the far cap a unit's labels are bounds as soon as one of them is, or where none of them is
    below the cap: then nobody saw its end.
    """
    at_least, rul = windows.at_least(), windows.rul()
    bounds = torch.from_numpy(at_least) if at_least.any() else None
    near = torch.from_numpy(to_target(rul, cap))
    if not far:
        return Labels(near, bounds)
    far_y = torch.from_numpy((np.clip(rul, 0.0, far * cap) / cap).astype(np.float32))
    unit = windows.index["unit"]
    is_open = windows.index.assign(open=at_least).groupby(unit)["open"].transform("any")
    is_open |= windows.index["rul"].groupby(unit).transform("min") >= cap
    far_bounds = torch.from_numpy(is_open.to_numpy(dtype=np.bool_, copy=True))
    return Labels(near, bounds, far_y, far_bounds if bool(is_open.any()) else None)


def batches(
    train: Examples, replay: Examples | None = None, *, config: FitConfig
) -> Iterator[Batch]:
    """Shuffled batches, epoch after epoch, as many as ``config`` has steps.

    Args:
        train: What to learn from.
        replay: Where given, half of each batch comes from here.
        config: Its ``seed``, ``steps`` and ``batch_size``.
    """
    size = config.batch_size if replay is None else max(1, config.batch_size // 2)
    own = shuffled(len(train), size, config.steps, seed=config.seed)
    if replay is None:
        yield from map(train.batch, own)
        return
    again = shuffled(len(replay), size, config.steps, seed=config.seed + REPLAYED_SEED)
    for own_B, again_B in zip(own, again, strict=True):
        yield joined(train.batch(own_B), replay.batch(again_B))


def shuffled(count: int, size: int, steps: int, *, seed: int) -> Iterator[Tensor]:
    """Numbers below ``count`` in shuffled batches; an epoch's incomplete last batch is left out."""
    generator = torch.Generator().manual_seed(seed)
    size, step = min(size, count), 0
    for _ in repeat(None):
        order = torch.randperm(count, generator=generator)
        for at in range(0, count - size + 1, size):
            if step == steps:
                return
            yield order[at : at + size]
            step += 1


def joined(first: Batch, second: Batch) -> Batch:
    """Two batches as one; where one of them has bounds, the labels of the other are exact."""
    return Batch(
        torch.cat([first.x_BWF, second.x_BWF]),
        torch.cat([first.y_B, second.y_B]),
        _both(first.at_least_B, first.y_B, second.at_least_B, second.y_B),
        None if first.far_B is None or second.far_B is None
        else torch.cat([first.far_B, second.far_B]),
        _both(first.far_at_least_B, first.y_B, second.far_at_least_B, second.y_B),
    )  # fmt: skip


def _both(
    first: Tensor | None, first_y: Tensor, second: Tensor | None, second_y: Tensor
) -> Tensor | None:
    if first is None and second is None:
        return None
    exact = torch.zeros_like
    return torch.cat(
        [
            exact(first_y, dtype=torch.bool) if first is None else first,
            exact(second_y, dtype=torch.bool) if second is None else second,
        ]
    )


def refuse_empty(windows: Windows, what: str) -> None:
    """Refuse to go on without any window.

    Raises:
        TooFewUnitsError: There is none.
    """
    if not len(windows):
        raise TooFewUnitsError("training", found=0, needed=1, what=what)


def refuse_no_numbers(windows: Windows, what: str = "") -> None:
    """Refuse features and labels that are NaN or infinite.

    Args:
        windows: To be looked through.
        what: They are, where that is not plain: begins each problem.

    Raises:
        TrainingDataError: Says which channels, by their place, and which units.
    """
    problems: list[str] = []
    if not np.isfinite(windows.table).all():
        used = np.unique(windows.rows())
        is_wrong = ~np.isfinite(windows.table[used])
        problems += [
            f"channel {channel + 1} of {windows.table.shape[1]} is NaN or infinite in {count} readings"
            for channel, count in enumerate(is_wrong.sum(axis=0))
            if count
        ]
    wrong_units = sorted(set(windows.units()[~np.isfinite(windows.rul())]))
    if wrong_units:
        problems.append(f"the remaining life of {', '.join(wrong_units[:5])} is not known")
    if problems:
        raise TrainingDataError(f"{what}{problem}" for problem in problems)


def _unpadded(windows: Windows) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """A table in which every window is one stretch of rows, and where each begins.

    Behind the table itself stands, for each beginning of a history, that first row W - 1 times and
    what follows it: windows that reach back further than the history lie in there.
    """
    size, table = windows.length, windows.table
    first = windows.index["first_row"].to_numpy(dtype=np.int64)
    last = windows.index["last_row"].to_numpy(dtype=np.int64)
    start = last - size + 1
    is_short = start < first
    begins, block = np.unique(first[is_short], return_inverse=True)
    offset = np.arange(1 - size, size)
    rows = np.minimum(begins[:, None] + np.maximum(offset, 0), len(table) - 1)
    start[is_short] = len(table) + block * len(offset) + (last - first)[is_short]
    return np.concatenate([table, table[rows].reshape(-1, table.shape[1])]), start
