"""The range test of learning rates."""

import numpy as np
import pandas as pd
import pytest
import torch

from rul_platform.core.preparation import Preparation
from rul_platform.core.recipe import FitConfig
from rul_platform.core.windows import Windows
from rul_platform.errors import TooFewUnitsError
from rul_platform.learning.fitting.rate_finder import find_rate, suggest
from rul_platform.learning.networks import models

CAP = 60.0
Prepared = tuple[Preparation, Windows]


def network_for(windows: Windows) -> models.RulNetwork:
    model = models.default_config("gru", windows.table.shape[1], hidden_size=8)
    return models.build(model, seed=0)


def test_a_sweep_learns_then_breaks_and_gives_the_weights_back(prepared: Prepared):
    _, windows = prepared
    network = network_for(windows)
    network.eval()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    found = find_rate(
        network, windows.select("train"), FitConfig(seed=0), cap=CAP, steps=60, highest=100.0
    )
    assert all(torch.equal(before[name], now) for name, now in network.state_dict().items())
    assert not network.training
    assert found.has_diverged
    assert len(found.table) < 60
    rates = np.log(found.table["learning_rate"].to_numpy())
    assert np.allclose(np.diff(rates), np.diff(rates)[0])
    assert 1e-4 < found.suggestion < found.table["learning_rate"].iloc[-1] / 3
    assert "fell most steeply" in found.sentence
    assert "the loss broke at" in found.sentence
    assert found.peak == found.table["learning_rate"].iloc[-1] / 10


def test_the_same_seed_sweeps_the_same(prepared: Prepared):
    _, windows = prepared
    tables = [
        find_rate(
            network_for(windows), windows.select("train"), FitConfig(seed=3), cap=CAP, steps=10
        ).table
        for _ in range(2)
    ]
    assert tables[0].equals(tables[1])
    calm = find_rate(
        network_for(windows), windows.select("train"), FitConfig(seed=3), cap=CAP, steps=10,
        highest=1e-3,
    )  # fmt: skip
    assert "the loss never broke" in calm.sentence
    assert calm.peak == 10 * calm.suggestion


def test_the_suggestion_is_where_the_loss_falls_most():
    """A loss that falls around 1e-2 only."""
    rates = np.geomspace(1e-5, 1.0, 51)
    smoothed = 1 / (1 + (rates / 1e-2) ** 2)
    table = pd.DataFrame({"learning_rate": rates, "loss": smoothed, "smoothed": smoothed})
    assert suggest(table) == pytest.approx(1e-2, rel=0.3)


def test_a_loss_that_is_no_number_from_the_start_suggests_the_lowest_rate():
    table = pd.DataFrame({"learning_rate": [1e-5, 1e-4], "smoothed": [np.nan, np.nan]})
    assert suggest(table) == 1e-5


def test_without_windows_there_is_nothing_to_sweep(prepared: Prepared):
    _, windows = prepared
    with pytest.raises(TooFewUnitsError, match="rate finder: 0 windows to train on"):
        find_rate(network_for(windows), windows.select("none"), FitConfig(seed=0), cap=CAP)
