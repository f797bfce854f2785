"""How fast which weights learn."""

import numpy as np
import pytest
import torch

from rul_platform.core.recipe import FitConfig
from rul_platform.core.windows import Windows
from rul_platform.learning.fitting.schedules import optimizer_of, schedule_of
from rul_platform.learning.fitting.training import fit
from rul_platform.learning.networks.models import ModelConfig, build
from rul_platform_tests.learning.by_hand import windows_of
from rul_platform_tests.learning.conftest import CAP


def rates(schedule: str, steps: int = 8) -> list[float]:
    """The rate after each step."""
    network = torch.nn.Linear(1, 1)
    config = FitConfig(seed=0, steps=steps, learning_rate=1.0, schedule=schedule)  # pyright: ignore[reportArgumentType]
    optimizer = optimizer_of(network, config, {})
    moved = schedule_of(optimizer, config)
    found = []
    for _ in range(steps):
        optimizer.step()
        moved.stepped()
        found.append(moved.rate)
    return found


def test_a_cosine_is_half_way_down_in_the_middle():
    found = rates("cosine")
    assert found[3] == pytest.approx(0.5)
    assert found[-1] == pytest.approx(0.0)


def test_steps_halve_the_rate_after_each_quarter():
    assert rates("step") == [1.0, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125, 0.0625]


def test_a_constant_rate_stays():
    assert rates("constant") == [1.0] * 8


def test_one_cycle_goes_up_and_ends_near_nothing():
    """The peak comes after 30 % of the steps; the end is a ten-thousandth of the beginning."""
    found = rates("one_cycle", steps=10)
    assert max(found) == pytest.approx(1.0)
    assert found[1] == max(found)
    assert found[8] < 1e-4


def test_a_plateau_halves_the_rate_after_three_looks_without_a_better_one():
    network = torch.nn.Linear(1, 1)
    config = FitConfig(seed=0, learning_rate=1.0, schedule="plateau")
    moved = schedule_of(optimizer_of(network, config, {}), config)
    found = []
    for score in (5.0, 4.0, 4.5, 4.2, 4.1, 3.0):
        moved.validated(score)
        moved.stepped()
        found.append(moved.rate)
    assert found == [1.0, 1.0, 1.0, 1.0, 0.5, 0.5]


def test_a_plateau_sees_nothing_that_is_held_out_where_nothing_stops_the_training():
    """The rate follows the training loss, whatever is validated on and whether anything is."""
    random = np.random.default_rng(0)
    train, held = (
        windows_of(random.normal(size=(40, 5, 1)).astype(np.float32), random.uniform(0, CAP, 40))
        for _ in range(2)
    )
    config = FitConfig(
        seed=0, steps=12, batch_size=8, validate_every=1, schedule="plateau", early_stopping=False
    )

    def rates(valid: Windows | None) -> list[float]:
        network = build(ModelConfig(name="gru", input_size=1, hidden_size=3), seed=0)
        fitted = fit(network, train, valid, config, cap=CAP)
        return fitted.history["learning_rate"].tolist()

    assert rates(held) == rates(None)
    assert min(rates(held)[1:]) < config.learning_rate


def test_the_longest_beginning_of_a_name_says_how_fast_it_learns():
    network = build(ModelConfig(name="tcn", input_size=2, hidden_size=3, num_layers=2), seed=0)
    network.head.bias.requires_grad = False
    factors = {"encoder": 0.5, "encoder.convs.0": 0.1}
    optimizer = optimizer_of(network, FitConfig(seed=0, learning_rate=1.0), factors)
    names = {id(p): name for name, p in network.named_parameters()}
    found = {names[id(p)]: g["lr"] for g in optimizer.param_groups for p in g["params"]}
    assert found == {
        "input_layer.weight": 1.0,
        "input_layer.bias": 1.0,
        "encoder.convs.0.weight": 0.1,
        "encoder.convs.0.bias": 0.1,
        "encoder.convs.1.weight": 0.5,
        "encoder.convs.1.bias": 0.5,
        "head.weight": 1.0,
    }
