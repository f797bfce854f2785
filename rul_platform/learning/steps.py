"""One batch, and one step that lowers what an error on it costs.

Belongs here: how one batch changes the weights. Does not belong here: what an error costs
(``losses``), which batches, and how many (``batches``, ``loop``).

Shape letters: B batch, W window length, F channels. Of whole histories B stands for batch and
readings, ``(B, T)``.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from rul_platform.learning import losses


class Labels(NamedTuple):
    """Labels, in units of the cap.

    Attributes:
        y_B: At most 1.
        at_least_B: Which of them are only lower bounds; None where none is.
        far_B: At most the far cap; None without one.
        far_at_least_B: Which of these are only lower bounds; None where none is.
    """

    y_B: Tensor  # noqa: N815  shape letters
    at_least_B: Tensor | None = None  # noqa: N815
    far_B: Tensor | None = None  # noqa: N815
    far_at_least_B: Tensor | None = None  # noqa: N815

    def take(self, chosen_B: Tensor) -> "Labels":
        """Some of them."""
        return self.changed(lambda each: each[chosen_B])

    def to(self, device: str) -> "Labels":
        """All of them on ``device``."""
        return self.changed(lambda each: each.to(device))

    def changed(self, change: Callable[[Tensor], Tensor]) -> "Labels":
        """``change`` done to each of them."""
        near, *others = self
        return Labels(change(near), *(None if each is None else change(each) for each in others))


class Batch(NamedTuple):
    """What one step learns from.

    Attributes:
        x_BWF: Windows, or whole histories.
        y_B: As of :class:`Labels`, like the next three.
        weight_B: How much each label counts; None: all the same.
    """

    x_BWF: Tensor  # noqa: N815  shape letters
    y_B: Tensor  # noqa: N815
    at_least_B: Tensor | None = None  # noqa: N815
    far_B: Tensor | None = None  # noqa: N815
    far_at_least_B: Tensor | None = None  # noqa: N815
    weight_B: Tensor | None = None  # noqa: N815


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
