"""The three families."""

import pytest
import torch

from rul_platform.core.architectures import ARCHITECTURES, architecture
from rul_platform.learning.models import build, default_config


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
