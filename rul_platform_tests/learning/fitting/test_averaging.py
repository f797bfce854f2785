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


def test_an_exponential_mean_keeps_little_of_its_beginning():
    """It begins with the first: 1, then 2/11 · 1 + 9/11 · 3 = 29/11."""
    assert averaged("ema", [1.0, 3.0], steps=2) == pytest.approx(29 / 11)


def test_an_exponential_mean_of_a_plants_60_steps_is_not_their_beginning():
    """With 0.99 from the start on, the first 30 would have three parts of four."""
    assert averaged("ema", [0.0] * 30 + [1.0] * 30, steps=60) > 0.99


def test_an_exponential_mean_keeps_99_parts_of_100_in_the_long_run():
    """0.99 · 1 + 0.01 · 3 = 1.02."""
    assert averaged("ema", [1.0] * 900 + [3.0], steps=901) == pytest.approx(1.02)


def test_a_stochastic_average_is_the_mean_of_the_last_quarter():
    assert averaged("swa", [9.0] * 6 + [1.0, 2.0], steps=8) == pytest.approx(1.5)


def test_before_the_last_quarter_the_network_itself_is_judged():
    assert averaged("swa", [9.0, 7.0], steps=8) == 7.0


@pytest.mark.parametrize("kind", ["none", "ema", "swa"])
def test_an_average_that_never_began_is_missing(kind: Averaging):
    average = Average(torch.nn.Linear(1, 1), FitConfig(seed=0, steps=8, averaging=kind))
    if kind == "ema":
        average.stepped(1)
    said = average.missing(6)
    assert said is None if kind != "swa" else "from step 7 on, but training stopped early" in said
    average.stepped(7)
    assert average.missing(7) is None


def test_without_averaging_the_weights_are_the_last():
    assert averaged("none", [1.0, 3.0], steps=2) == 3.0
