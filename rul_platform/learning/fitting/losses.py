"""What an error costs.

Belongs here: losses as functions of a network's answers. Does not belong here: steps (``steps``).

Beside a lower bound only predicting less than it is an error: an answer that meets the bound counts as
exact, whatever the loss.

Shape letters: B batch (of whole histories batch and readings), O outputs of the head, K bins.
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from rul_platform.core.recipe import Loss
from rul_platform.errors import NetworkError
from rul_platform.learning.fitting.batch import Batch
from rul_platform.learning.networks.models import RulNetwork, bin_centres

PointLoss = Callable[[Tensor, Tensor, Tensor | None], Tensor]
"""Of answers, labels and, where they differ, how much each counts."""

HUBER_DELTA = 0.1
"""Errors above this, in units of the cap, cost linearly: 12.5 cycles under a cap of 125. Labels are at
most 1, so torch's own default of 1 would never be reached. Source of the loss: P. J. Huber, "Robust
Estimation of a Location Parameter", Annals of Mathematical Statistics 35 (1964)."""

LABEL_SPREAD = 0.04
"""Standard deviation of a smoothed label, in units of the cap: 5 cycles under a cap of 125."""


def squared_error(answer_B: Tensor, y_B: Tensor, weight_B: Tensor | None = None) -> Tensor:
    """Mean squared error."""
    if weight_B is None:
        return nn.functional.mse_loss(answer_B, y_B)
    return _weighted(nn.functional.mse_loss(answer_B, y_B, reduction="none"), weight_B)


def huber(answer_B: Tensor, y_B: Tensor, weight_B: Tensor | None = None) -> Tensor:
    """Twice the Huber loss: small errors cost exactly their square."""
    each_B = nn.functional.huber_loss(answer_B, y_B, reduction="none", delta=HUBER_DELTA)
    return 2 * (each_B.mean() if weight_B is None else _weighted(each_B, weight_B))


def bounded(
    loss: PointLoss,
    answer_B: Tensor,
    y_B: Tensor,
    at_least_B: Tensor | None,
    weight_B: Tensor | None = None,
) -> Tensor:
    """``loss``, where a lower bound that is met costs nothing."""
    if at_least_B is not None:
        is_met = at_least_B & (answer_B >= y_B)
        answer_B = torch.where(is_met, y_B, answer_B)
    return loss(answer_B, y_B, weight_B)


def distribution(
    logits_BK: Tensor, y_B: Tensor, at_least_B: Tensor | None, weight_B: Tensor | None = None
) -> Tensor:
    """Divergence of the predicted shares of K bins from a Gaussian around each label.

    Label smoothing that knows that bins have an order. Source: B. Gao et al., "Deep Label Distribution
    Learning with Label Ambiguity", IEEE Transactions on Image Processing 26 (2017), equation 3. Lower
    bounds have no such distribution and count nothing here.
    """
    centres_K = bin_centres(logits_BK.shape[-1]).to(logits_BK)
    log_wanted = torch.log_softmax(-0.5 * ((centres_K - y_B[..., None]) / LABEL_SPREAD) ** 2, -1)
    log_said = torch.log_softmax(logits_BK, dim=-1)
    each_B = (log_wanted.exp() * (log_wanted - log_said)).sum(dim=-1)
    if at_least_B is not None:
        exact_B = (~at_least_B).to(each_B)
        weight_B = exact_B if weight_B is None else exact_B * weight_B
    return each_B.mean() if weight_B is None else _weighted(each_B, weight_B)


def absolute(parameters: Iterable[nn.Parameter]) -> Tensor:
    """Sum of absolute weights; biases and what normalises are no weights."""
    return torch.stack([p.abs().sum() for p in parameters if p.dim() > 1]).sum()


def plain(ask: Callable[[Tensor], Tensor], loss: PointLoss) -> "Callable[[Batch], Tensor]":
    """What a network's one number costs."""

    def cost(batch: Batch) -> Tensor:
        answer_B = ask(batch.x_BWF)
        return bounded(loss, answer_B, batch.y_B, batch.at_least_B, batch.weight_B)

    return cost


def of_answers(
    network: RulNetwork, ask: Callable[[Tensor], Tensor], name: Loss
) -> "Callable[[Batch], Tensor]":
    """What all outputs of a head cost together: RUL, its distribution, and RUL under the far cap.

    Args:
        network: Whose answers they are.
        ask: Its ``answers`` or ``every_answer``.
        name: Of the loss.
    """
    loss, config = point_loss(name), network.config

    def cost(batch: Batch) -> Tensor:
        answers = ask(batch.x_BWF)
        rul_B, weight_B = network.rul_of(answers), batch.weight_B
        total = bounded(loss, rul_B, batch.y_B, batch.at_least_B, weight_B)
        if name == "distribution":
            logits = answers[..., : config.bins]
            total = total + distribution(logits, batch.y_B, batch.at_least_B, weight_B)
        if batch.far_B is not None:
            far_B = network.far_of(answers) / config.far
            is_bound = batch.far_at_least_B
            total = total + bounded(loss, far_B, batch.far_B / config.far, is_bound, weight_B)
        return total

    return cost


def point_loss(name: Loss) -> PointLoss:
    """The loss of one number; of a distribution it is that of its expectation."""
    return huber if name == "huber" else squared_error


def refuse_misfit(network: nn.Module, name: Loss) -> None:
    """Refuse a loss that this network has no outputs for.

    Raises:
        NetworkError: A label distribution needs bins.
    """
    if name == "distribution" and not (isinstance(network, RulNetwork) and network.config.bins):
        raise NetworkError(["the loss 'distribution' needs a network with bins, for example 32"])


def _weighted(each_B: Tensor, weight_B: Tensor) -> Tensor:
    return (each_B * weight_B).sum() / weight_B.sum().clamp(min=1e-12)
