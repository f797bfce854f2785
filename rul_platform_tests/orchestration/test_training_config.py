"""What the launchpad offers of a training."""

from dataclasses import fields

import dagster as dg
import pytest
from pydantic import ValidationError

from rul_platform.core.recipe import AVERAGINGS, DEVICES, LOSSES, SCHEDULES, FitConfig
from rul_platform.learning.networks.models import ModelConfig
from rul_platform.orchestration.assets.edge_model import EdgeModelConfig
from rul_platform.orchestration.benchmark_config import BenchmarkConfig
from rul_platform.orchestration.training_config import (
    AveragingName,
    DeviceName,
    LossName,
    NetworkConfig,
    ScheduleName,
    ShapedNetworkConfig,
)


def test_the_launchpad_trains_by_default_as_everything_else_does():
    assert NetworkConfig().fit() == FitConfig(seed=0)


def test_every_field_of_a_training_is_offered_but_early_stopping():
    """Whether a training stops early is no choice of a person: some have nothing to stop on."""
    offered = set(NetworkConfig.model_fields) - {"hidden_size", "bins", "logs"}
    assert offered == {each.name for each in fields(FitConfig)} - {"early_stopping"}


@pytest.mark.parametrize(
    ("offered", "known"),
    [
        (LossName, LOSSES),
        (ScheduleName, SCHEDULES),
        (AveragingName, AVERAGINGS),
        (DeviceName, DEVICES),
    ],
)
def test_every_name_is_offered(offered: type, known: tuple[str, ...]):
    assert tuple(offered) == known


def test_what_was_chosen_is_what_trains():
    config = NetworkConfig(loss=LossName.huber, augment=["jitter", "mixup"], patience=3, l1=1e-6)
    fit = config.fit()
    assert (fit.loss, fit.augment, fit.patience, fit.l1) == ("huber", ("jitter", "mixup"), 3, 1e-6)


def test_a_network_is_shaped_as_chosen():
    config = ShapedNetworkConfig(hidden_size=8, layers=2, normalise=True, far=2.0)
    assert config.model("lstm", 5) == ModelConfig(
        name="lstm", input_size=5, hidden_size=8, num_layers=2, normalise=True, far=2.0
    )
    assert ShapedNetworkConfig().model("tcn", 5).num_layers == 4


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"augment": ["flip"]}, "any of jitter, scaling, time_warp, mixup, cutmix, not flip"),
        ({"far": 0.5}, "0 or more than 1"),
        ({"loss": "distribution"}, "bins is 0, expected 2 or more for the loss 'distribution'"),
        ({"bins": 1}, "bins is 1, expected 2 or more"),
        ({"dropout": 1.0}, "less than 1"),
        ({"patience": 0}, "greater than or equal to 1"),
    ],
)
def test_what_cannot_work_is_refused_in_the_launchpad(options: dict, problem: str):
    with pytest.raises(ValidationError, match=problem):
        ShapedNetworkConfig(**options)


@pytest.mark.parametrize("launchpad", [BenchmarkConfig, EdgeModelConfig])
def test_wherever_a_network_is_built_anew_a_distribution_needs_bins(launchpad: type[dg.Config]):
    assert launchpad(loss="distribution", bins=32).model_dump()["bins"] == 32
    with pytest.raises(ValidationError, match="expected 2 or more for the loss 'distribution'"):
        launchpad(loss="distribution")
