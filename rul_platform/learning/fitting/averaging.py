"""Averages of a network's weights over the steps, which often predict better than the last ones.

Belongs here: which average. Does not belong here: when to validate it (``loop``).
"""

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from rul_platform.core.recipe import FitConfig

EMA_DECAY = 0.99
"""Most of the old average that is kept at each step: a mean over about 100 steps. Source of averaging:
B. T. Polyak, A. B. Juditsky, SIAM Journal on Control and Optimization 30 (1992)."""

EMA_WARM_UP = 10
"""After t averaged steps no more than (1 + t) / (10 + t) is kept, or a training of 60 steps would answer
mostly with its beginning. Source: TensorFlow's ``ExponentialMovingAverage`` with ``num_updates``."""

SWA_SHARE = 0.25
"""The last part of the steps over which weights are averaged. Source: P. Izmailov et al., "Averaging
Weights Leads to Wider Optima and Better Generalization", UAI 2018, section 3, who average from 75 %
of the budget on."""

NEVER_BEGAN = (
    "Weights were to be averaged from step {begin} on, but training stopped early at step {step}: there "
    "is no average, and the weights are those of single steps. Ask for fewer steps, or averaging=ema."
)


def ema_decay(averaged: int) -> float:
    """Share of the old average that is kept, when so many steps are in it.

    >>> [round(ema_decay(averaged), 2) for averaged in (1, 10, 60, 890, 9000)]
    [0.18, 0.55, 0.87, 0.99, 0.99]
    """
    return min(EMA_DECAY, (1 + averaged) / (EMA_WARM_UP + averaged))


class Average:
    """The average of a network's weights so far.

    Args:
        network: What is trained.
        config: Its ``averaging`` and ``steps``.
    """

    def __init__(self, network: nn.Module, config: FitConfig) -> None:
        self._network = network
        self._begin = 0
        self._average: AveragedModel | None = None
        if config.averaging == "ema":
            self._average = AveragedModel(network, multi_avg_fn=_warmed_up)
        elif config.averaging == "swa":
            self._average = AveragedModel(network)
            self._begin = config.steps - max(1, round(SWA_SHARE * config.steps))

    def stepped(self, step: int) -> None:
        """The weights of ``step`` are there."""
        if self._average is not None and step > self._begin:
            self._average.update_parameters(self._network)

    @property
    def network(self) -> nn.Module:
        """With the average as its weights; the trained one itself as long as there is no average."""
        if self._average is None or not self._steps:
            return self._network
        return self._average.module

    def missing(self, step: int) -> str | None:
        """Why there is no average, though one was asked for, when training ends at ``step``."""
        if self._average is None or self._steps:
            return None
        return NEVER_BEGAN.format(step=step, begin=self._begin + 1)

    @property
    def _steps(self) -> int:
        """In the average."""
        return 0 if self._average is None else int(torch.as_tensor(self._average.n_averaged))


def _warmed_up(
    average: tuple[Tensor, ...] | list[Tensor],
    weights: tuple[Tensor, ...] | list[Tensor],
    averaged: Tensor | int,
) -> None:
    """Move the average towards the weights."""
    get_ema_multi_avg_fn(ema_decay(int(averaged)))(average, weights, averaged)
