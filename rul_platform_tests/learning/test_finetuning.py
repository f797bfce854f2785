"""What a plant inherits."""

import pytest
import torch

from rul_platform.core.architectures import ARCHITECTURES, architecture
from rul_platform.core.preparation import Preparation
from rul_platform.core.recipe import FitConfig
from rul_platform.core.windows import Windows
from rul_platform.learning.checkpoints import Checkpoint
from rul_platform.learning.finetuning import (
    FinetuneConfig,
    Freeze,
    finetune,
    finetune_from,
    transfer,
)
from rul_platform.learning.models import build, default_config

KNOWN = ("T24", "T30", "age")


def parent(name: str = "lstm") -> Checkpoint:
    config = default_config(architecture(name), len(KNOWN), hidden_size=6)
    return Checkpoint(config, KNOWN, build(config, seed=9).state_dict())


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_same_channels_inherit_every_weight(name: str):
    source = parent(name)
    network, _, report = transfer(source, KNOWN, seed=0)
    assert report.skipped == ()
    assert all(torch.equal(t, source.state[n]) for n, t in network.state_dict().items())


def test_a_plant_with_other_sensors_inherits_encoder_and_head_and_says_what_it_left_out():
    source = parent()
    network, config, report = transfer(source, ("flow", "flow_dev"), seed=0)
    assert config.input_size == 2
    skipped = {each.name: each for each in report.skipped}
    assert set(skipped) == {"input_layer.weight", "input_layer.bias"}
    weight = skipped["input_layer.weight"]
    assert (weight.found, weight.expected) == ("[6, 3]", "[6, 2]")
    assert "channels that this plant lacks: T24, T30, age" in weight.why
    assert "learned anew: flow, flow_dev" in weight.why
    state = network.state_dict()
    assert all(torch.equal(state[n], source.state[n]) for n in report.loaded)
    assert {n.split(".")[0] for n in report.loaded} == {"encoder", "head"}


def test_shared_channels_are_inherited_by_name_whatever_their_order():
    source = parent()
    network, _, report = transfer(source, ("age", "flow", "T24"), seed=0)
    weight, inherited = network.input_layer.weight, source.state["input_layer.weight"]
    assert torch.equal(weight[:, 0], inherited[:, 2])
    assert torch.equal(weight[:, 2], inherited[:, 0])
    assert "learned anew: flow" in report.skipped[0].why


@pytest.mark.parametrize(
    ("freeze", "encoder_moves"), [("nothing", True), ("encoder", False), ("encoder_at_first", True)]
)
def test_freezing_keeps_the_encoder_and_lets_the_rest_learn(
    prepared: tuple[Preparation, Windows], freeze: Freeze, encoder_moves: bool
):
    preparation, windows = prepared
    network, _, report = transfer(parent(), preparation.channels, seed=0, freeze=freeze)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    result = finetune(
        network,
        windows.select("train"),
        windows.select("valid"),
        FinetuneConfig(fit=FitConfig(seed=0, steps=12, validate_every=4), freeze=freeze),
        cap=preparation.cap,
    )
    after = network.state_dict()
    moved = {name.split(".")[0] for name in after if not torch.equal(after[name], before[name])}
    assert moved == (
        {"input_layer", "encoder", "head"} if encoder_moves else {"input_layer", "head"}
    )
    assert bool(report.frozen) == (freeze == "encoder")
    assert result.history["step"].is_monotonic_increasing
    assert result.history["step"].iloc[-1] == 12


def test_an_inherited_part_learns_slower(prepared: tuple[Preparation, Windows]):
    preparation, windows = prepared
    moves = {}
    for rate in (0.01, 1.0):
        network, _, _ = transfer(parent(), preparation.channels, seed=0)
        before = network.encoder.layers.weight_hh_l0.detach().clone()
        config = FinetuneConfig(
            fit=FitConfig(seed=0, steps=4, validate_every=4, weight_decay=0.0),
            freeze="nothing",
            pretrained_rate=rate,
        )
        finetune(
            network, windows.select("train"), windows.select("valid"), config, cap=preparation.cap
        )
        after = network.encoder.layers.weight_hh_l0.detach()
        moves[rate] = float((after - before).abs().max())
    assert moves[0.01] < 0.1 * moves[1.0]


def own_start(channels: tuple[str, ...], seed: int) -> Checkpoint:
    """A network for the plant's own channels."""
    config = default_config("gru", len(channels), hidden_size=6)
    return Checkpoint(config, channels, build(config, seed=seed).state_dict())


def test_of_several_starts_the_one_that_validates_best_is_kept(
    prepared: tuple[Preparation, Windows],
):
    preparation, windows = prepared
    config = FinetuneConfig(fit=FitConfig(seed=0, steps=30, validate_every=10), freeze="nothing")
    starts = {name: own_start(preparation.channels, seed) for seed, name in enumerate("abc")}
    best, valid_rmse = finetune_from(
        starts, preparation.channels, windows, config, cap=preparation.cap
    )
    assert list(valid_rmse) == ["a", "b", "c"]
    assert best.start == min(valid_rmse, key=lambda name: valid_rmse[name])
    assert best.fitted.best_valid_rmse == valid_rmse[best.start]
    assert len(set(valid_rmse.values())) == 3


def test_a_single_start_gives_what_fine_tuning_alone_gives(prepared: tuple[Preparation, Windows]):
    """To the last bit: nothing changes for whoever does not ask for the champion."""
    preparation, windows = prepared
    config = FinetuneConfig(fit=FitConfig(seed=0, steps=12, validate_every=4))
    best, _ = finetune_from(
        {"only": parent()}, preparation.channels, windows, config, cap=preparation.cap
    )
    network, _, _ = transfer(parent(), preparation.channels, seed=0, freeze=config.freeze)
    train, valid = windows.select("train"), windows.select("valid")
    result = finetune(network, train, valid, config, cap=preparation.cap)
    assert best.fitted.history.equals(result.history)
    weights = network.state_dict()
    assert all(torch.equal(t, weights[n]) for n, t in best.network.state_dict().items())


def test_of_equal_starts_the_first_is_kept(prepared: tuple[Preparation, Windows]):
    preparation, windows = prepared
    config = FinetuneConfig(fit=FitConfig(seed=0, steps=6, validate_every=3))
    same = own_start(preparation.channels, 0)
    best, _ = finetune_from(
        {"first": same, "second": same}, preparation.channels, windows, config, cap=preparation.cap
    )
    assert best.start == "first"
