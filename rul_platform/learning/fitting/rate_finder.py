"""Which learning rate to train with: a range test.

A hundred steps with a rate that grows from far too small to far too large; the loss says where
learning begins and where it breaks. L. N. Smith, "Cyclical Learning Rates for Training Neural Networks",
WACV 2017, section 3.3. The exponential sweep, the smoothing and the end at four times the best loss are
those of fastai's ``lr_find`` (J. Howard and S. Gugger, "fastai: A Layered API for Deep Learning", 2020).

Belongs here: the sweep and its suggestion. Does not belong here: drawing it (``reports.search_plots``).

Shape letters: B batch, N windows, W window length, F channels.
"""

import copy
import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import nn

from rul_platform.core.labels import to_target
from rul_platform.core.recipe import FitConfig
from rul_platform.core.windows import Windows
from rul_platform.errors import TooFewUnitsError
from rul_platform.learning.fitting.batch import Batch, Labels
from rul_platform.learning.fitting.devices import place_of
from rul_platform.learning.fitting.steps import take_step
from rul_platform.learning.fitting.training import one_thread

LOWEST, HIGHEST = 1e-5, 1.0
STEPS = 100
SMOOTHING = 0.9
"""Weight of the past in the moving mean of the loss: fastai's 0.98 needs more than a hundred steps."""
DIVERGED = 4.0
"""The sweep ends where the smoothed loss is this many times its smallest."""
SKIPPED_SHARE = 0.1
"""The first steps are left out of the suggestion: there the moving mean holds too little."""

BELOW_BREAK = 0.1
"""Peak of a one-cycle schedule, as a share of the rate at which the loss breaks: an order of magnitude
below trouble, as fastai's ``lr_find`` stays below the smallest loss. On FD001 it validates better than
the steepest fall and than ten times that (docs/experiments.md, section 17)."""
ABOVE_STEEPEST = 10.0
"""The same as a multiple of the rate of the steepest fall, where the loss never breaks: better than the
steepest fall and than five times that, and still below a tenth of the break (same section)."""


@dataclass(frozen=True, slots=True)
class RateSweep:
    """What a range test found.

    Attributes:
        table: One row per step: ``step``, ``learning_rate``, ``loss`` (mean squared error in units of
            the cap) and ``smoothed``.
        suggestion: The rate at which the smoothed loss fell most steeply per factor of rate: a rate that
            surely learns. A one-cycle schedule can have its peak somewhat above it.
        has_diverged: Whether the loss broke before the highest rate.
    """

    table: pd.DataFrame
    suggestion: float
    has_diverged: bool

    @property
    def peak(self) -> float:
        """The highest rate of a one-cycle schedule: it passes soon, so it may lie far above."""
        highest = float(self.table["learning_rate"].iloc[-1])
        return highest * BELOW_BREAK if self.has_diverged else self.suggestion * ABOVE_STEEPEST

    @property
    def sentence(self) -> str:
        """The result in words."""
        lowest, highest = self.table["learning_rate"].iloc[[0, -1]]
        end = f"the loss broke at {highest:.1g}" if self.has_diverged else "the loss never broke"
        return (
            f"The loss fell most steeply at a learning rate of {self.suggestion:.2g} (tried from "
            f"{lowest:.1g} on; {end})."
        )


def find_rate(
    network: nn.Module,
    train: Windows,
    config: FitConfig,
    *,
    cap: float,
    steps: int = STEPS,
    lowest: float = LOWEST,
    highest: float = HIGHEST,
) -> RateSweep:
    """Sweep the learning rate on training windows; the network gets its weights back, to the bit.

    Args:
        network: Where the sweep begins: its weights matter.
        train: Windows to learn from.
        config: Batch size, weight decay, clipping, seed and device are taken from it.
        cap: Label cap, in life units.
        steps: Of the whole sweep.
        lowest: Rate of the first step.
        highest: Rate of the last step.

    Raises:
        TooFewUnitsError: There is nothing to train on.
        DeviceError: CUDA was asked for and there is none.
    """
    if not len(train):
        raise TooFewUnitsError("rate finder", found=0, needed=1, what="windows to train on")
    one_thread()
    place = place_of(config)
    before = copy.deepcopy(network.state_dict())
    was_training = network.training
    try:
        network.to(place.device)
        rates = np.geomspace(lowest, highest, steps)
        rows = _sweep(network, train, config, cap, rates, place.device)
    finally:
        network.to("cpu")
        network.load_state_dict(before)
        network.zero_grad(set_to_none=True)
        network.train(was_training)
    table = pd.DataFrame(rows, columns=["step", "learning_rate", "loss", "smoothed"])
    return RateSweep(table, suggest(table), has_diverged=len(table) < steps or _broke(table))


def suggest(table: pd.DataFrame) -> float:
    """The rate where the smoothed loss falls most per factor of rate, before its smallest value."""
    first = int(len(table) * SKIPPED_SHARE)
    known = table.iloc[first:]
    known = known[np.isfinite(known["smoothed"])]
    until = max(int(np.argmin(known["smoothed"])) + 1, 2) if len(known) else 0
    known = known.iloc[:until]
    if len(known) < 2:
        return float(table["learning_rate"].iloc[0])
    slope = np.gradient(known["smoothed"].to_numpy(), np.log(known["learning_rate"].to_numpy()))
    return float(known["learning_rate"].iloc[int(np.argmin(slope))])


def _sweep(
    network: nn.Module,
    train: Windows,
    config: FitConfig,
    cap: float,
    rates: np.ndarray,
    device: str,
) -> list[tuple[int, float, float, float]]:
    """Steps with growing rates, until the loss breaks: step, rate, loss, smoothed loss."""
    torch.manual_seed(config.seed)
    generator = np.random.default_rng(config.seed)
    table, rows_NW = torch.from_numpy(train.table), torch.from_numpy(train.rows())
    target_N = torch.from_numpy(to_target(train.rul(), cap))
    at_least_N = torch.from_numpy(train.at_least()) if train.at_least().any() else None
    learning = [p for p in network.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(learning, lr=float(rates[0]), weight_decay=config.weight_decay)
    mean, best, rows = 0.0, math.inf, list[tuple[int, float, float, float]]()
    for step, rate in enumerate(rates.tolist(), start=1):
        for group in optimizer.param_groups:
            group["lr"] = rate
        size = min(config.batch_size, len(train))
        batch_B = torch.from_numpy(generator.choice(len(train), size, replace=False))
        is_bound = None if at_least_N is None else at_least_N[batch_B]
        labels = Labels(target_N[batch_B], is_bound).to(device)
        batch = Batch(table[rows_NW[batch_B]].to(device), *labels)
        loss = take_step(network, optimizer, batch, config.clip_norm)
        mean = SMOOTHING * mean + (1 - SMOOTHING) * loss
        smoothed = mean / (1 - SMOOTHING**step)
        rows.append((step, rate, loss, smoothed))
        best = min(best, smoothed)
        if not math.isfinite(smoothed) or smoothed > DIVERGED * best:
            break
    return rows


def _broke(table: pd.DataFrame) -> bool:
    """Whether the last step of a whole sweep was one too many."""
    smoothed = table["smoothed"]
    last = float(smoothed.iloc[-1])
    return not math.isfinite(last) or last > DIVERGED * float(smoothed.min())
