"""Lengths of gradients."""

import math

import pandas as pd
import pytest
import torch

from rul_platform.learning.fitting.gradients import GradientMonitor, worst
from rul_platform.learning.networks.models import ModelConfig, build


def test_a_layer_is_as_long_as_all_its_gradients_together():
    """3 on one weight and 4 on another one: 5."""
    network = build(ModelConfig(name="gru", input_size=2, hidden_size=2, num_layers=2), seed=0)
    for parameter in network.parameters():
        parameter.grad = torch.zeros_like(parameter)
    for name, value in (("weight_ih_l1", 3.0), ("bias_hh_l1", 4.0)):
        network.get_parameter(f"encoder.layers.{name}").grad.view(-1)[0] = value  # pyright: ignore[reportOptionalMemberAccess]
    monitor = GradientMonitor(network)
    monitor.note(7)
    assert monitor.newest() == {"input_layer": 0, "encoder.0": 0, "encoder.1": 5, "head": 0}
    assert set(monitor.table()["step"]) == {7}


def test_a_layer_that_does_not_learn_is_not_noted():
    network = build(ModelConfig(name="tcn", input_size=2, hidden_size=2), seed=0)
    network.head.requires_grad_(requires_grad=False)
    network(torch.zeros(1, 4, 2)).sum().backward()
    monitor = GradientMonitor(network)
    monitor.note(1)
    monitor.note(2)
    assert set(monitor.newest()) == {"input_layer", "encoder.0"}


@pytest.mark.parametrize(
    ("norm", "vanishing", "exploding"), [(1e-8, 1, 0), (1.0, 0, 0), (101.0, 0, 1), (math.inf, 0, 1)]
)
def test_lengths_outside_of_what_is_healthy_are_counted(
    norm: float, vanishing: int, exploding: int
):
    table = pd.DataFrame({"step": [1], "layer": ["head"], "norm": [norm]})
    assert worst(table) == {"gradients_vanishing": vanishing, "gradients_exploding": exploding}
