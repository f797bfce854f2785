"""What an error costs."""

import pytest
import torch

from rul_platform.learning.fitting.batch import Batch
from rul_platform.learning.fitting.losses import plain, squared_error


def batch(labels: list[float], at_least: list[bool] | None) -> Batch:
    bounds = None if at_least is None else torch.tensor(at_least)
    return Batch(torch.zeros(len(labels), 1, 1), torch.tensor(labels), bounds)


def loss_of(output_B: torch.Tensor, given: Batch) -> torch.Tensor:
    """The squared error of these answers."""
    return plain(lambda _: output_B, squared_error)(given)


def test_beside_a_lower_bound_only_predicting_less_costs():
    """Errors of -0.2 and +0.2 beside bounds of 0.5, and +0.2 beside a label that is known."""
    output = torch.tensor([0.25, 0.75, 0.75])
    found = loss_of(output, batch([0.5, 0.5, 0.5], [True, True, False]))
    assert found.item() == pytest.approx((0.0625 + 0.0 + 0.0625) / 3)


def test_a_bound_that_is_met_gives_no_gradient():
    output = torch.tensor([0.25, 0.75], requires_grad=True)
    loss_of(output, batch([0.5, 0.5], [True, True])).backward()
    assert output.grad is not None
    assert output.grad.tolist() == [-0.25, 0.0]


def test_without_bounds_the_loss_is_the_squared_error_to_the_last_bit():
    generator = torch.Generator().manual_seed(0)
    output, labels = torch.rand(2, 64, generator=generator)
    plain = torch.nn.functional.mse_loss(output, labels)
    for at_least in (None, [False] * 64):
        assert torch.equal(loss_of(output, batch(labels.tolist(), at_least)), plain)
