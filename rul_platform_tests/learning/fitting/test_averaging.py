"""Averages of weights."""

import pytest
import torch

from rul_platform.core.recipe import Averaging, FitConfig
from rul_platform.learning.fitting.averaging import Average


def averaged(kind: Averaging, weights: list[float], steps: int) -> float:
    """The average after a weight was each of these in turn."""
    network = torch.nn.Linear(1, 1)
    average = Average(network, FitConfig(seed=0, steps=steps, averaging=kind))
    for step, weight in enumerate(weights, start=1):
        torch.nn.init.constant_(network.weight, weight)
        average.stepped(step)
    return float(average.network.get_parameter("weight").detach())


def test_an_exponential_mean_keeps_99_parts_of_100():
    """It begins with the first: 1, then 0.99 · 1 + 0.01 · 3 = 1.02."""
    assert averaged("ema", [1.0, 3.0], steps=2) == pytest.approx(1.02)


def test_a_stochastic_average_is_the_mean_of_the_last_quarter():
    assert averaged("swa", [9.0] * 6 + [1.0, 2.0], steps=8) == pytest.approx(1.5)


def test_before_the_last_quarter_the_network_itself_is_judged():
    assert averaged("swa", [9.0, 7.0], steps=8) == 7.0


def test_without_averaging_the_weights_are_the_last():
    assert averaged("none", [1.0, 3.0], steps=2) == 3.0
