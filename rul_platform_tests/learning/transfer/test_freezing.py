"""Which weights may learn in which phase."""

import pytest

from rul_platform.learning.networks.models import ModelConfig, build
from rul_platform.learning.transfer.freezing import FREEZES, LAYER_DECAY, never_learning, phases

TWO_LAYERS = [
    name
    for name, _ in build(
        ModelConfig(name="lstm", input_size=3, hidden_size=4, num_layers=2), seed=0
    ).named_parameters()
]
CONVOLUTIONS = [
    name
    for name, _ in build(
        ModelConfig(name="tcn", input_size=3, hidden_size=4, num_layers=3), seed=0
    ).named_parameters()
]


def parts(names: tuple[str, ...]) -> set[str]:
    """``encoder.layers.weight_ih_l0`` as ``encoder 0``."""
    found = set()
    for name in names:
        part, *rest = name.split(".")
        digits = [each for each in name if each.isdigit()]
        found.add(f"{part} {digits[-1]}" if rest and digits else part)
    return found


@pytest.mark.parametrize("freeze", FREEZES)
def test_the_phases_of_every_mode_share_out_all_steps_and_the_head_always_learns(freeze):
    found = phases(TWO_LAYERS, freeze, rate=0.2)
    assert sum(phase.share for phase in found) == pytest.approx(1)
    assert all("head" not in parts(phase.frozen) for phase in found)


@pytest.mark.parametrize(
    ("freeze", "frozen"),
    [
        ("nothing", [set()]),
        ("encoder", [{"encoder 0", "encoder 1"}]),
        ("encoder_at_first", [{"encoder 0", "encoder 1"}, set()]),
        ("head_only", [{"input_layer", "encoder 0", "encoder 1"}]),
        ("partial", [{"input_layer", "encoder 0"}]),
        (
            "progressive",
            [{"input_layer", "encoder 0", "encoder 1"}, {"input_layer", "encoder 0"}, set()],
        ),
    ],
)
def test_what_each_mode_freezes(freeze, frozen):
    assert [parts(phase.frozen) for phase in phases(TWO_LAYERS, freeze, rate=0.2)] == frozen


def test_a_convolution_is_a_layer():
    (only,) = phases(CONVOLUTIONS, "partial", rate=0.2)
    assert parts(only.frozen) == {"input_layer", "encoder 0", "encoder 1"}


@pytest.mark.parametrize("freeze", FREEZES)
def test_an_input_layer_of_the_plants_own_is_never_frozen(freeze):
    for phase in phases(TWO_LAYERS, freeze, rate=0.2, own_input=True):
        assert "input_layer" not in parts(phase.frozen)
        assert "input_layer" not in phase.rates


def test_progressive_unfreezing_lowers_the_rate_of_what_was_pretrained():
    _, last, everything = phases(TWO_LAYERS, "progressive", rate=0.2)
    assert last.rates == {"encoder": 0.2}
    assert everything.rates == {"encoder": 0.2, "input_layer": 0.2}


def test_discriminative_rates_fall_with_the_depth():
    (only,) = phases(TWO_LAYERS, "nothing", rate=0.2, discriminative=True)
    assert only.rates["encoder.layers.weight_hh_l1"] == pytest.approx(LAYER_DECAY)
    assert only.rates["encoder.layers.weight_hh_l0"] == pytest.approx(LAYER_DECAY**2)
    assert only.rates["input_layer.weight"] == pytest.approx(LAYER_DECAY**3)
    assert not any(name.startswith("head") for name in only.rates)


def test_only_what_is_frozen_in_every_phase_never_learns():
    assert never_learning(phases(TWO_LAYERS, "progressive", rate=0.2)) == ()
    assert parts(never_learning(phases(TWO_LAYERS, "head_only", rate=0.2))) == {
        "input_layer",
        "encoder 0",
        "encoder 1",
    }
