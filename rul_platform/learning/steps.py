"""One batch, what an error on it costs, and one step that lowers it.

Belongs here: the loss. Does not belong here: which batches, and how many (``training``).

Shape letters: B batch, W window length, F channels.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn


class Batch(NamedTuple):
    """What one step learns from.

    Attributes:
        x_BWF: Windows.
        y_B: Labels, in units of the cap.
        at_least_B: Which labels are only lower bounds; None where none is.
    """

    x_BWF: Tensor  # noqa: N815  shape letters
    y_B: Tensor  # noqa: N815
    at_least_B: Tensor | None = None  # noqa: N815


def loss_of(output_B: Tensor, batch: Batch) -> Tensor:
    """Mean squared error; beside a lower bound, only predicting less than it is an error."""
    if batch.at_least_B is None:
        return nn.functional.mse_loss(output_B, batch.y_B)
    is_met = batch.at_least_B & (output_B >= batch.y_B)
    return nn.functional.mse_loss(torch.where(is_met, batch.y_B, output_B), batch.y_B)


def take_step(
    network: nn.Module, optimizer: torch.optim.Optimizer, batch: Batch, clip_norm: float
) -> float:
    """Change the weights once; gives the loss from before."""
    network.train()
    optimizer.zero_grad(set_to_none=True)
    loss = loss_of(network(batch.x_BWF), batch)
    loss.backward()
    nn.utils.clip_grad_norm_(network.parameters(), clip_norm)
    optimizer.step()
    return float(loss.detach())
