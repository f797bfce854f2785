"""Averages of a network's weights over the steps, which often predict better than the last ones.

Belongs here: which average. Does not belong here: when to validate it (``loop``).
"""

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from rul_platform.core.recipe import FitConfig

EMA_DECAY = 0.99
"""Share of the old average that is kept at each step: a mean over about 100 steps. Source of averaging:
B. T. Polyak, A. B. Juditsky, SIAM Journal on Control and Optimization 30 (1992)."""

SWA_SHARE = 0.25
"""The last part of the steps over which weights are averaged. Source: P. Izmailov et al., "Averaging
Weights Leads to Wider Optima and Better Generalization", UAI 2018, section 3, who average from 75 %
of the budget on."""


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
            self._average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(EMA_DECAY))
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
        if self._average is None or not int(torch.as_tensor(self._average.n_averaged)):
            return self._network
        return self._average.module
