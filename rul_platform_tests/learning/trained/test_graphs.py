"""Graphs: what ONNX Runtime says of them is what their models say."""

import dataclasses
from typing import Any

import numpy as np
import onnx
import pytest
import torch

from rul_platform.core.preparation import Preparation
from rul_platform.core.windows import Windows, last_of_each_unit
from rul_platform.errors import FidelityError
from rul_platform.learning.networks import models
from rul_platform.learning.trained import graphs
from rul_platform.learning.trained.boosting import BoostingModel, drift, fit_boosting
from rul_platform.learning.trained.fidelity import fidelity
from rul_platform.learning.trained.learned import Learned, MeanModel, NetworkModel
from rul_platform_tests.learning.conftest import CAP

Prepared = tuple[Preparation, Windows]


def network(prepared: Prepared, name: str = "lstm", window: int = 10, **sizes: Any) -> NetworkModel:
    channels = prepared[0].channels
    base = models.ModelConfig(name="lstm", input_size=len(channels), hidden_size=8)
    config = dataclasses.replace(base, name=name, **sizes)
    return NetworkModel(models.build(config, seed=0), config, channels, window)


def trees(windows: Windows, seed: int = 0, far: float = 0.0) -> BoostingModel:
    return fit_boosting(windows.select("train"), cap=CAP, seed=seed, far=far)


def says_the_same(model: Learned, windows: Windows, channels: int) -> dict[str, np.ndarray]:
    said = graphs.run(model.graph(channels=channels), windows)
    assert np.abs(said["rul"] - model.outputs(windows)).max() < 1e-5
    far = model.far_outputs(windows)
    assert ("far" in said) == (far is not None)
    if far is not None:
        assert np.abs(said["far"] - far).max() < 1e-5
    return said


@pytest.mark.parametrize("name", ["lstm", "gru", "tcn"])
@pytest.mark.parametrize("far", [0.0, 1.6])
def test_a_network_and_its_graph_agree(prepared: Prepared, name: str, far: float):
    says_the_same(network(prepared, name, far=far), prepared[1], 5)


def test_a_network_that_reads_histories_agrees_however_short_they_are(prepared: Prepared):
    windows = prepared[1].longer(prepared[1].longest_history())
    says_the_same(network(prepared, window=windows.length, reads="history"), windows, 5)


def test_short_and_long_histories_in_one_batch_are_answered_as_alone():
    """A graph runs only as far as the longest history of a batch goes."""
    windows = _one_unit(np.sin(np.arange(300)).tolist()).longer(400)
    age = np.arange(300, dtype=np.float32) / 100
    windows = dataclasses.replace(windows, table=np.column_stack([windows.table[:, :2], age]))
    config = models.ModelConfig(name="lstm", input_size=3, hidden_size=8, reads="history")
    model = NetworkModel(models.build(config, seed=0), config, ("s0", "s1", "age"), 400)
    at = windows.index["last_row"].isin([0, 4, 49, 299])
    together = windows.only(at)
    graph = model.graph(channels=3)
    said = graphs.run(graph, together)["rul"]
    assert np.abs(said - model.outputs(together)).max() < 1e-6
    for number, row in enumerate((0, 4, 49, 299)):
        alone = windows.only(windows.index["last_row"] == row)
        assert np.abs(graphs.run(graph, alone)["rul"] - said[number]).max() < 1e-6
        with torch.no_grad():
            real = torch.from_numpy(windows.table[None, : row + 1])
            assert model.network.every_reading(real)[0, -1].item() == pytest.approx(
                float(said[number]), abs=1e-6
            )
    assert np.unique(said.round(5)).size == 4


@pytest.mark.parametrize("window", [1, 9, 10])
def test_trees_and_their_graph_agree_on_every_window(prepared: Prepared, window: int):
    windows = prepared[1].shorter(window)
    says_the_same(trees(windows, far=1.6), windows, 5)


def test_a_mean_of_members_with_other_windows_looks_at_their_last_readings(prepared: Prepared):
    windows = prepared[1]
    members = (network(prepared, window=6), trees(windows, far=1.6), trees(windows.shorter(4)))
    model = MeanModel(members, weights=(0.5, 0.3, 0.2))
    assert model.window == 10
    said = says_the_same(model, windows, 5)
    own = 0.5 * members[0].outputs(windows) + 0.3 * members[1].outputs(windows)
    assert np.allclose(said["rul"], own + 0.2 * members[2].outputs(windows), atol=1e-5)
    assert np.allclose(said["far"], members[1].far_outputs(windows), atol=1e-5)


def test_a_mean_of_means_is_one_checked_graph(prepared: Prepared):
    inner = MeanModel((network(prepared), network(prepared, "tcn", window=7)))
    model = MeanModel((inner, trees(prepared[1])))
    says_the_same(model, prepared[1], 5)
    onnx.checker.check_model(onnx.load_from_string(model.graph(channels=5)), full_check=True)


def test_fidelity_names_how_far_apart_they_are(prepared: Prepared):
    model, windows = trees(prepared[1]), prepared[1]
    found = fidelity(model, model.graph(channels=5), windows)
    assert found.windows == len(windows)
    assert found.largest_difference < 1e-5
    assert found.lowest == pytest.approx(model.outputs(windows).min(), abs=1e-5)


def test_a_graph_of_another_model_is_refused(prepared: Prepared):
    ours, theirs = network(prepared), network(prepared, "gru")
    expected = r"differ by up to .* on \d+ windows, expected at most 0.0001.*Nothing was stored"
    with pytest.raises(FidelityError, match=expected):
        fidelity(ours, theirs.graph(channels=5), prepared[1])


def test_a_graph_that_says_no_number_is_refused(prepared: Prepared):
    model = network(prepared)
    model.network.head.bias.data.fill_(float("nan"))
    with pytest.raises(FidelityError, match="nan of the label cap"):
        fidelity(model, model.graph(channels=5), prepared[1])


def test_a_drift_is_the_newer_half_minus_the_older_one_with_the_first_reading_before_the_beginning():
    history = last_of_each_unit(_one_unit([1.0, 2.0, 5.0]))
    assert drift(history, 2).tolist() == [[3 * 1024.0]]
    assert drift(history, 3).tolist() == [[3 * 1024.0]]
    assert drift(history, 4).tolist() == [[(2 + 5 - 1 - 1) * 1024.0]]


def _one_unit(values: list[float]) -> Windows:
    from rul_platform.core.windows import window_index
    from rul_platform_tests.fleets import wearing_fleet

    fleet = wearing_fleet({"a": len(values)})
    table = np.zeros((len(values), 3), dtype=np.float32)
    table[:, 0] = values
    return Windows(table, window_index(fleet, "train", length=9), 9)


def test_equal_input_gives_equal_trees(prepared: Prepared):
    first, again = (trees(prepared[1], seed=4).graph(channels=5) for _ in range(2))
    assert first == again


def test_learned_numbers_of_a_network_are_its_weights(prepared: Prepared):
    model = network(prepared)
    weights = sum(each.numel() for each in model.network.parameters())
    assert graphs.learned_numbers(model.graph(channels=5)) == weights
