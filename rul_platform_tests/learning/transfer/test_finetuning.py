"""What a plant inherits."""

from dataclasses import replace

import pytest
import torch

from rul_platform.core.architectures import ARCHITECTURES, architecture
from rul_platform.core.preparation import Preparation
from rul_platform.core.recipe import FitConfig
from rul_platform.core.terms import Terms
from rul_platform.core.windows import Windows
from rul_platform.learning.fitting.batch_size import FittingBatch
from rul_platform.learning.networks.checkpoints import Checkpoint
from rul_platform.learning.networks.models import ModelConfig, build, default_config
from rul_platform.learning.transfer.finetuning import FinetuneConfig, _joined, finetune, transfer
from rul_platform.learning.transfer.freezing import Freeze

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


def test_a_checkpoint_of_other_terms_is_loaded_with_a_remark_on_each():
    learned_on = Terms(cap=125.0, life_unit="cycles", window=30, scalers=("turbofans",))
    source = replace(parent(), terms=learned_on)
    here = Terms(cap=60.0, life_unit="hours", window=20, scalers=("pumps",))
    network, _, report = transfer(source, KNOWN, seed=0, terms=here)
    assert list(report.remarks) == ["cap", "life_unit", "window", "scaler"]
    assert report.to_json()["remarks"] == dict(report.remarks)
    alike, _, plain = transfer(source, KNOWN, seed=0, terms=learned_on)
    assert plain.remarks == {}
    assert all(torch.equal(t, alike.state_dict()[n]) for n, t in network.state_dict().items())


def test_to_a_network_that_reads_whole_histories_their_length_is_no_remark():
    config = ModelConfig(name="lstm", input_size=3, hidden_size=5, reads="history")
    state = build(config, seed=4).state_dict()
    source = Checkpoint(config, KNOWN, state, Terms(cap=125.0, window=362))
    _, _, report = transfer(source, KNOWN, seed=0, terms=Terms(cap=60.0, window=99))
    assert list(report.remarks) == ["cap"]


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


def known_to(preparation: Preparation, *, layers: int = 2) -> Checkpoint:
    """A network that knows all of a plant's channels, with several encoder layers."""
    channels = preparation.channels
    config = ModelConfig(name="lstm", input_size=len(channels), hidden_size=5, num_layers=layers)
    return Checkpoint(config, channels, build(config, seed=4).state_dict())


def moved_by(
    prepared: tuple[Preparation, Windows], config: FinetuneConfig, *, valid: bool = True
) -> dict[str, float]:
    """How far each weight moves in a fine-tuning from a network that knows the plant's channels."""
    preparation, windows = prepared
    network, _, report = transfer(
        known_to(preparation), preparation.channels, seed=0, freeze=config.freeze
    )
    before = {name: weight.clone() for name, weight in network.state_dict().items()}
    judges = windows.select("valid") if valid else None
    result = finetune(
        network,
        windows.select("train"),
        judges,
        config,
        cap=preparation.cap,
        own_input=report.has_own_input,
    )
    assert result.history["step"].iloc[-1] == config.fit.steps
    assert all(weight.requires_grad for weight in network.parameters())
    after = network.state_dict()
    return {name: float((after[name] - before[name]).abs().max()) for name in before}


FIXED = FitConfig(seed=0, steps=8, validate_every=4, early_stopping=False, weight_decay=0.0)


@pytest.mark.parametrize(
    ("freeze", "stays"),
    [
        ("nothing", ()),
        ("head_only", ("input_layer", "encoder")),
        ("partial", ("input_layer", "encoder.layers.weight_ih_l0")),
        ("progressive", ()),
    ],
)
def test_frozen_weights_stay_to_the_last_bit_and_all_others_learn(
    prepared: tuple[Preparation, Windows], freeze: Freeze, stays: tuple[str, ...]
):
    moved = moved_by(prepared, FinetuneConfig(fit=FIXED, freeze=freeze))
    if freeze == "partial":
        assert moved["encoder.layers.weight_hh_l0"] == 0
        assert moved["encoder.layers.weight_hh_l1"] > 0
    for name, distance in moved.items():
        is_frozen = name.startswith(stays) or (freeze == "partial" and name.endswith("_l0"))
        assert (distance == 0) == is_frozen, name


def test_fixed_steps_need_no_unit_to_watch(prepared: tuple[Preparation, Windows]):
    """And a unit that is watched all the same changes nothing."""
    config = FinetuneConfig(fit=FIXED, freeze="progressive")
    assert moved_by(prepared, config, valid=False) == moved_by(prepared, config, valid=True)


def test_discriminative_rates_move_deep_layers_less(prepared: tuple[Preparation, Windows]):
    one_step = replace(FIXED, steps=1, schedule="constant")
    config = FinetuneConfig(fit=one_step, freeze="nothing", discriminative=True)
    moved = moved_by(prepared, config)
    depths = ["input_layer.bias", "encoder.layers.bias_hh_l0", "encoder.layers.bias_hh_l1"]
    distances = [moved[name] for name in (*depths, "head.bias")]
    assert distances == sorted(distances)
    assert distances[0] < 0.5 * distances[1] < 0.25 * distances[2] < 0.125 * distances[3]


def test_the_report_names_what_is_frozen_in_each_phase(prepared: tuple[Preparation, Windows]):
    preparation, _ = prepared
    _, _, report = transfer(
        known_to(preparation), preparation.channels, seed=0, freeze="progressive"
    )
    assert list(report.phases) == ["head", "last encoder layer", "everything"]
    assert "encoder.layers.weight_hh_l1" in report.phases["head"]
    assert "encoder.layers.weight_hh_l1" not in report.phases["last encoder layer"]
    assert report.phases["everything"] == ()
    assert report.frozen == ()
    assert not report.has_own_input


def test_a_fine_tuning_in_phases_tells_the_smallest_batch_and_every_note(
    prepared: tuple[Preparation, Windows],
):
    """What a single phase had to halve, or could not do, is true of the whole."""
    preparation, windows = prepared
    network, _, _ = transfer(known_to(preparation), preparation.channels, seed=0)
    config = FinetuneConfig(fit=replace(FIXED, batch_size=32), freeze="progressive")
    train = windows.select("train")
    whole = finetune(network, train, None, config, cap=preparation.cap)
    assert whole.batch == FittingBatch(32, 32)
    halved = replace(whole, batch=FittingBatch(32, 16, ((32, "too much"),)), notes=("one",))
    untried = replace(whole, batch=None, notes=("two",))
    assert _joined(whole, halved).batch == _joined(halved, whole).batch == halved.batch
    assert _joined(halved, untried).batch == halved.batch
    assert _joined(untried, untried).batch is None
    assert _joined(halved, untried).notes == ("one", "two")


def test_an_input_layer_that_has_to_be_learned_is_not_frozen_with_the_head_only():
    network, _, report = transfer(parent(), ("flow", "T24"), seed=0, freeze="head_only")
    assert report.has_own_input
    assert report.frozen == tuple(
        name for name in network.state_dict() if name.startswith("encoder.")
    )
