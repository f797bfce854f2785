"""The three families."""

import pytest
import torch

from rul_platform.core.architectures import ARCHITECTURES, architecture
from rul_platform.errors import NetworkError
from rul_platform.learning.networks.models import ModelConfig, build, default_config
from rul_platform.learning.networks.presets import PRESETS, preset


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_windows_go_in_and_one_number_each_comes_out(name: str):
    network = build(default_config(architecture(name), 5, hidden_size=8), seed=0)
    assert network(torch.zeros(3, 10, 5)).shape == (3,)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_evaluation_is_repeatable(name: str):
    """Dropout is off, and stays off, when a network predicts."""
    network = build(default_config(architecture(name), 5, hidden_size=8), seed=0).eval()
    x_BWF = torch.randn(4, 10, 5, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert torch.equal(network(x_BWF), network(x_BWF))


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_same_seed_gives_the_same_weights(name: str):
    config = default_config(architecture(name), 5, hidden_size=8)
    first, second, other = (build(config, seed=seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert not all(torch.equal(first[key], other[key]) for key in first)


def test_a_tcn_sees_the_oldest_reading_of_its_window():
    """Four convolutions reach back 31 readings, one more than the default window."""
    network = build(default_config("tcn", 2, hidden_size=8), seed=0).eval()
    x_BWF = torch.zeros(1, 30, 2, requires_grad=True)
    network(x_BWF).sum().backward()
    assert x_BWF.grad is not None
    assert x_BWF.grad[0, 0].abs().sum() > 0


def test_an_unknown_family_is_refused_by_name():
    with pytest.raises(ValueError, match="'rnn' is none of lstm, gru, tcn"):
        architecture("rnn")


@pytest.mark.parametrize("name", PRESETS)
def test_a_named_network_can_be_built(name: str):
    network = build(preset(name, 5, hidden_size=8), seed=0)
    assert network(torch.zeros(3, 10, 5)).shape == (3,)


def test_the_advanced_lstm_reads_both_ways_and_is_trained_with_huber():
    assert preset("advanced_lstm", 5).bidirectional
    assert PRESETS["advanced_lstm"].loss == "huber"


def test_an_unknown_named_network_is_refused():
    with pytest.raises(NetworkError, match="no network is called 'huge', expected lstm, stacked"):
        preset("huge", 5)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"name": "tcn", "bidirectional": True}, "a tcn cannot be bidirectional"),
        ({"bidirectional": True, "reads": "history"}, "because it looks at later readings"),
        ({"far": 0.5}, "far is 0.5, expected 0 or more than 1"),
        ({"bins": 1}, "bins is 1, expected 0 or 2 and more"),
        ({"reads": "all"}, "reads is 'all', expected 'window' or 'history'"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options: dict, problem: str):
    with pytest.raises(NetworkError, match=problem):
        ModelConfig(**({"name": "lstm", "input_size": 5} | options))


def test_a_bidirectional_network_has_seen_the_whole_window_both_ways():
    """The oldest reading moves the forward state, the newest the backward one."""
    config = ModelConfig(name="gru", input_size=2, hidden_size=4, bidirectional=True)
    network = build(config, seed=0).eval()
    x_BWF = torch.zeros(1, 6, 2)
    states = []
    for at in (None, 0, 5):
        moved = x_BWF.clone()
        if at is not None:
            moved[0, at] = 3.0
        with torch.no_grad():
            states.append(network.encoder(network.input_layer(moved))[0])
    for moved in states[1:]:
        assert bool((moved[:4] != states[0][:4]).any())
        assert bool((moved[4:] != states[0][4:]).any())


def history(readings: int) -> torch.Tensor:
    """A whole history of three channels, the last one its age."""
    x_BTF = torch.randn(1, readings, 3, generator=torch.Generator().manual_seed(0))
    x_BTF[..., -1] = torch.arange(1, readings + 1) / 200
    return x_BTF


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("readings", [1, 4, 9])
def test_a_history_that_is_filled_up_counts_as_it_is(name: str, readings: int):
    """Filled up to 9 rows, it gives what it gives after its last reading by itself."""
    config = ModelConfig(
        name=architecture(name), input_size=3, hidden_size=6, reads="history", normalise=True
    )
    network = build(config, seed=0).eval()
    x_BTF = history(readings)
    filled = torch.cat([x_BTF[:, :1].expand(-1, 9 - readings, -1), x_BTF], dim=1)
    with torch.no_grad():
        wanted = network.every_reading(x_BTF)[:, -1]
        assert torch.allclose(network(filled), wanted, atol=1e-6)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_an_answer_at_a_reading_knows_nothing_of_later_ones(name: str):
    config = ModelConfig(name=architecture(name), input_size=3, hidden_size=6, reads="history")
    network = build(config, seed=0).eval()
    with torch.no_grad():
        whole, cut = network.every_reading(history(8)), network.every_reading(history(8)[:, :5])
        assert torch.allclose(whole[:, :5], cut, atol=1e-6)


def test_an_lstm_of_histories_begins_with_long_memories():
    """Forget biases are log U(1, 100), input biases their negatives, the others zero."""
    config = ModelConfig(name="lstm", input_size=3, hidden_size=50, num_layers=2, reads="history")
    state = build(config, seed=0).state_dict()
    for layer in (0, 1):
        bias = state[f"encoder.layers.bias_ih_l{layer}"]
        assert torch.equal(bias[:50], -bias[50:100])
        assert 0 <= float(bias[50:100].min()) < 2 < 4 < float(bias[50:100].max()) <= 4.6052
        assert not bias[100:].any()
        assert not state[f"encoder.layers.bias_hh_l{layer}"].any()


def test_the_far_answer_is_the_second_output_in_units_of_the_cap():
    config = ModelConfig(name="gru", input_size=3, hidden_size=4, far=2.5)
    network = build(config, seed=0)
    assert network.far_of(torch.tensor([[0.2, 0.4]])).item() == pytest.approx(1.0)
    assert network.rul_of(torch.tensor([[0.2, 0.4]])).item() == pytest.approx(0.2)
    assert network.far(torch.zeros(3, 6, 3)).shape == (3,)
