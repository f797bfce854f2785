"""One batch, and one step that lowers what an error on it costs.

Belongs here: how one batch changes the weights. Does not belong here: what an error costs
(``losses``), which batches, and how many (``batches``, ``loop``).

Shape letters: B batch, W window length, F channels. Of whole histories B stands for batch and
readings, ``(B, T)``.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rul_platform.learning.fitting import losses
from rul_platform.learning.fitting.batch import Batch

Objective = Callable[[Batch], Tensor]
"""What an error on a batch costs."""


@dataclass(slots=True)
class Stepper:
    """Changes the weights, batch after batch.

    Attributes:
        parameters: That may change.
        optimizer: Over ``parameters``.
        objective: What to lower.
        clip_norm: Gradients longer than this are shortened to it.
        l1: Factor on the sum of absolute weights.
        precision: What the objective is computed in.
    """

    parameters: list[nn.Parameter]
    optimizer: torch.optim.Optimizer
    objective: Objective
    clip_norm: float
    l1: float = 0.0
    precision: Callable[[], AbstractContextManager[object]] = nullcontext

    def take(self, batch: Batch, look: Callable[[], None] | None = None) -> Tensor:
        """Change the weights once.

        Args:
            batch: What to learn from.
            look: Called once when the gradients are there, before they are clipped.

        Returns:
            The loss from before, without the penalty on weights.
        """
        self.optimizer.zero_grad(set_to_none=True)
        with self.precision():
            loss = self.objective(batch)
        total = loss + self.l1 * losses.absolute(self.parameters) if self.l1 else loss
        total.backward()
        if look:
            look()
        nn.utils.clip_grad_norm_(self.parameters, self.clip_norm)
        self.optimizer.step()
        return loss.detach()


def take_step(
    network: nn.Module, optimizer: torch.optim.Optimizer, batch: Batch, clip_norm: float
) -> float:
    """One step on the squared error; gives the loss from before."""
    network.train()
    objective = losses.plain(network, losses.squared_error)
    stepper = Stepper(list(network.parameters()), optimizer, objective, clip_norm)
    return float(stepper.take(batch))
