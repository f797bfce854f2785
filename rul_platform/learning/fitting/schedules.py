"""Which weights learn how fast, and how the learning rate moves.

Belongs here: optimizer and schedules. Does not belong here: the loop that steps them (``loop``).

AdamW: I. Loshchilov, F. Hutter, "Decoupled Weight Decay Regularization", ICLR 2019. One cycle:
L. N. Smith, N. Topin, "Super-Convergence", arXiv:1708.07120. Cosine: I. Loshchilov, F. Hutter, "SGDR:
Stochastic Gradient Descent with Warm Restarts", ICLR 2017, without restarts.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import nn
from torch.optim import lr_scheduler as torch_schedules

from rul_platform.core.recipe import FitConfig

STEP_PARTS, STEP_FACTOR = 4, 0.5
"""``step`` lowers the rate to this factor each time that this part of the steps is over."""

PLATEAU_PATIENCE, PLATEAU_FACTOR = 2, 0.5
"""``plateau`` lowers the rate after more than this many looks without a better one: at the validation
error where that stops the training, else at the training loss, so that nothing held out has a part."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A learning rate that moves.

    Attributes:
        optimizer: Whose rate it is.
        by_step: Moves after each step; None: it does not.
        by_score: Moves after each look; None: it does not.
    """

    optimizer: torch.optim.Optimizer
    by_step: torch_schedules.LRScheduler | None = None
    by_score: torch_schedules.ReduceLROnPlateau | None = None

    def stepped(self) -> None:
        """A step was taken."""
        if self.by_step:
            self.by_step.step()

    def validated(self, score: float) -> None:
        """A look gave ``score``, the lower the better."""
        if self.by_score:
            self.by_score.step(score)

    @property
    def rate(self) -> float:
        """Of the parts that learn fastest."""
        return max(float(group["lr"]) for group in self.optimizer.param_groups)


def optimizer_of(
    network: nn.Module, config: FitConfig, factors: Mapping[str, float]
) -> torch.optim.AdamW:
    """AdamW over all weights that may learn, one group for each rate.

    Args:
        network: Parameters with ``requires_grad=False`` are left out.
        config: Peak rate and weight decay.
        factors: Beginning of a weight's name to a factor on the rate; the longest that matches counts,
            1 where none does.
    """
    by_factor: dict[float, list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            matching = [prefix for prefix in factors if name.startswith(prefix)]
            factor = factors[max(matching, key=len)] if matching else 1.0
            by_factor.setdefault(factor, []).append(parameter)
    groups = [
        {"params": parameters, "lr": config.learning_rate * factor}
        for factor, parameters in by_factor.items()
    ]
    return torch.optim.AdamW(groups, lr=config.learning_rate, weight_decay=config.weight_decay)


def schedule_of(optimizer: torch.optim.Optimizer, config: FitConfig) -> Schedule:
    """The schedule that ``config`` names, over all its steps; each group's rate is its peak."""
    peaks = [float(group["lr"]) for group in optimizer.param_groups]
    match config.schedule:
        case "one_cycle":
            moved = torch_schedules.OneCycleLR(optimizer, max_lr=peaks, total_steps=config.steps)
        case "cosine":
            moved = torch_schedules.CosineAnnealingLR(optimizer, T_max=config.steps)
        case "step":
            each = max(1, -(-config.steps // STEP_PARTS))
            moved = torch_schedules.StepLR(optimizer, step_size=each, gamma=STEP_FACTOR)
        case "plateau":
            on_plateau = torch_schedules.ReduceLROnPlateau(
                optimizer, factor=PLATEAU_FACTOR, patience=PLATEAU_PATIENCE
            )
            return Schedule(optimizer, by_score=on_plateau)
        case "constant":
            return Schedule(optimizer)
    return Schedule(optimizer, by_step=moved)
