"""What an error costs, under each loss."""

import math

import pytest
import torch

from rul_platform.core.recipe import FitConfig
from rul_platform.errors import NetworkError
from rul_platform.learning.fitting import losses
from rul_platform.learning.fitting.batch import Batch
from rul_platform.learning.fitting.devices import Place
from rul_platform.learning.fitting.steps import Stepper
from rul_platform.learning.fitting.training import objective_of
from rul_platform.learning.networks.models import ModelConfig, bin_centres, build


def test_small_errors_cost_their_square_and_large_ones_less():
    """Errors of 0.05 and 0.5 under a limit of 0.1: 0.05², and 2 · 0.1 · (0.5 - 0.05)."""
    small, large = (losses.huber(torch.tensor([e]), torch.zeros(1)).item() for e in (0.05, 0.5))
    assert small == pytest.approx(0.0025)
    assert large == pytest.approx(0.09)


def test_labels_without_weight_cost_nothing():
    """Errors of 0.1 and 0.9, of which only the first counts."""
    answer, weight = torch.tensor([0.1, 0.9]), torch.tensor([1.0, 0.0])
    for loss in (losses.squared_error, losses.huber):
        assert loss(answer, torch.zeros(2), weight).item() == pytest.approx(0.01)


def test_the_right_distribution_costs_nothing_and_another_one_costs():
    centres = bin_centres(26)
    logits = -0.5 * ((centres - 0.4) / losses.LABEL_SPREAD) ** 2
    right = losses.distribution(logits[None], torch.tensor([0.4]), None)
    wrong = losses.distribution(logits[None], torch.tensor([0.6]), None)
    assert right.item() == pytest.approx(0.0, abs=1e-6)
    assert wrong.item() == pytest.approx((0.2 / losses.LABEL_SPREAD) ** 2 / 2, rel=0.01)


def test_lower_bounds_have_no_distribution():
    logits, labels = torch.zeros(2, 8), torch.tensor([0.2, 0.9])
    one = losses.distribution(logits[:1], labels[:1], None)
    both = losses.distribution(logits, labels, torch.tensor([False, True]))
    assert both.item() == pytest.approx(one.item())


def test_bins_answer_with_their_expectation():
    """Half of the share in the bin at 0 and half in that at 0.5."""
    network = build(ModelConfig(name="gru", input_size=3, hidden_size=4, bins=3), seed=0)
    logits = torch.tensor([[0.0, 0.0, -math.inf]])
    assert network.rul_of(logits).item() == pytest.approx(0.25)


def test_the_far_output_is_trained_beside_the_other_one():
    """Labels 0.5 and, under a far cap of 2, 1.5: errors 0.5² and (1.5 / 2)² of an answer of 0."""
    network = build(ModelConfig(name="gru", input_size=3, hidden_size=4, far=2.0), seed=0).eval()
    torch.nn.init.zeros_(network.head.weight)
    torch.nn.init.zeros_(network.head.bias)
    cost = objective_of(network, FitConfig(seed=0), Place("cpu"))
    batch = Batch(torch.zeros(1, 2, 3), torch.tensor([0.5]), None, torch.tensor([1.5]))
    assert cost(batch).item() == pytest.approx(0.25 + 0.5625)


def test_a_distribution_needs_bins():
    network = build(ModelConfig(name="gru", input_size=3, hidden_size=4), seed=0)
    with pytest.raises(NetworkError, match="the loss 'distribution' needs a network with bins"):
        objective_of(network, FitConfig(seed=0, loss="distribution"), Place("cpu"))


def test_l1_pulls_weights_to_zero_and_leaves_biases():
    """Without any error, the gradient is the factor times the sign: one plain step of rate 1."""
    layer = torch.nn.Linear(2, 1)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[0.5, -0.5]]))
        layer.bias.fill_(0.0)
    parameters = list(layer.parameters())
    stepper = Stepper(
        parameters,
        torch.optim.SGD(parameters, lr=1.0),
        losses.plain(lambda x: layer(x).squeeze(-1), losses.squared_error),
        clip_norm=9.0,
        l1=0.1,
    )
    loss = stepper.take(Batch(torch.zeros(1, 2), torch.zeros(1)))
    assert loss.item() == 0.0
    assert layer.weight.tolist() == [[pytest.approx(0.4), pytest.approx(-0.4)]]
    assert layer.bias.item() == 0.0
