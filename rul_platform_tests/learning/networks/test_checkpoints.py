"""The documented format, and everything that is refused."""

import io

import pytest
import torch

from rul_platform.core.terms import UNKNOWN, Terms
from rul_platform.errors import CheckpointError
from rul_platform.learning.networks import checkpoints
from rul_platform.learning.networks.models import ModelConfig, build, default_config

CHANNELS = ("s0", "s1", "age")


def saved(payload: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(payload, buffer)
    return buffer.getvalue()


@pytest.fixture
def payload() -> dict:
    """A good checkpoint, to be spoiled."""
    config = default_config("lstm", 3, hidden_size=4)
    data = checkpoints.dump(build(config, seed=1), config, CHANNELS)
    return torch.load(io.BytesIO(data), weights_only=True)


def test_the_format_is_the_documented_one(payload: dict):
    assert set(payload) == {"model_state_dict", "model_name", "config"}
    assert payload["model_name"] == "lstm"
    sizes = {key: payload["config"][key] for key in ("input_size", "hidden_size", "num_layers")}
    assert sizes == {"input_size": 3, "hidden_size": 4, "num_layers": 1}


def test_a_checkpoint_comes_back_as_it_was(payload: dict):
    loaded = checkpoints.load(saved(payload), source="x")
    x_BWF = torch.ones(2, 5, 3)
    again = checkpoints.dump(loaded.network(), loaded.config, loaded.channels)
    assert loaded.channels == CHANNELS
    assert torch.equal(
        loaded.network()(x_BWF), checkpoints.load(again, source="x").network()(x_BWF)
    )


def test_equal_weights_give_equal_bytes():
    config = default_config("tcn", 3, hidden_size=4)
    first, second = (checkpoints.dump(build(config, seed=1), config, CHANNELS) for _ in range(2))
    assert first == second


def test_another_architecture_is_refused(payload: dict):
    with pytest.raises(CheckpointError, match="model_name: found 'lstm', expected 'gru'"):
        checkpoints.load(saved(payload), source="x", architecture="gru")


def test_every_misfit_is_told_at_once(payload: dict):
    state = payload["model_state_dict"]
    state["head.bias"] = torch.zeros(2)
    del state["head.weight"]
    with pytest.raises(CheckpointError) as refused:
        checkpoints.load(saved(payload), source="plant/model.pt")
    assert "plant/model.pt does not fit" in str(refused.value)
    assert "head.bias: found (2,), expected (1,)" in str(refused.value)
    assert "head.weight: found 'absent', expected (1, 4)" in str(refused.value)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda p: p.pop("config"), "config: found 'NoneType', expected 'dict'"),
        (lambda p: p.update(model_name="rnn"), "model_name: found 'rnn'"),
        (lambda p: p["config"].update(hidden_size="64"), "config.hidden_size: found '64'"),
        (lambda p: p["config"].pop("num_layers"), "config.num_layers: found 'nothing'"),
        (lambda p: p["config"].update(channels=["s0"]), "config.channels: found 1, expected 3"),
        (lambda p: p["config"].update(bins="8"), "config.bins: found '8', expected 'int'"),
        (lambda p: p["config"].update(heads=2), "config.heads: found 2, expected 'no such entry'"),
        (lambda p: p["config"].update(far=0.5), "config: found 'far is 0.5, expected 0 or more"),
        (lambda p: p["config"].update(cap=125), "config.cap: found 125, expected 'float'"),
        (
            lambda p: p["config"].update(cap=-1.0),
            "config.cap: found -1.0, expected 'a number above",
        ),
        (lambda p: p["config"].update(window=0), "config.window: found 0, expected '1 or more'"),
        (lambda p: p["config"].update(scalers=[3]), "config.scalers: found .*list of fingerprints"),
    ],
)
def test_a_spoilt_checkpoint_is_refused(payload: dict, spoil, message: str):
    spoil(payload)
    with pytest.raises(CheckpointError, match=message):
        checkpoints.load(saved(payload), source="x")


def test_the_terms_that_it_learned_on_come_back():
    terms = Terms(cap=60.0, life_unit="hours", window=8, scalers=("one", "two"))
    config = default_config("gru", 3, hidden_size=4)
    data = checkpoints.dump(build(config, seed=1), config, CHANNELS, terms)
    written = torch.load(io.BytesIO(data), weights_only=True)["config"]
    assert {name: written[name] for name in terms.to_json()} == terms.to_json()
    loaded = checkpoints.load(data, source="x")
    assert (loaded.terms, loaded.config) == (terms, config)


def test_a_checkpoint_of_before_loads_and_says_nothing_of_its_terms(payload: dict):
    assert not {"cap", "life_unit", "window", "scalers"} & set(payload["config"])
    assert checkpoints.load(saved(payload), source="x").terms == UNKNOWN


def test_terms_that_are_told_later_change_no_weight_and_keep_the_networks_own_window():
    config = default_config("gru", 3, hidden_size=4)
    plain = checkpoints.dump(build(config, seed=1), config, CHANNELS, Terms(window=8))
    told = checkpoints.load(checkpoints.on_terms(plain, Terms(cap=60.0, window=50)), source="x")
    assert told.terms == Terms(cap=60.0, window=8)
    before = checkpoints.load(plain, source="x").state
    assert list(told.state) == list(before)
    assert all(torch.equal(weight, before[name]) for name, weight in told.state.items())


class Evil:
    """Would run code when unpickled."""

    def __reduce__(self):
        return (print, ("this must never be printed",))


def test_a_checkpoint_that_would_run_code_is_refused(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(
        CheckpointError,
        match=r"which could run code', expected 'a torch\.save archive of plain tens",
    ) as refused:
        checkpoints.load(saved({"model_state_dict": Evil()}), source="x")
    assert "weights_only" not in str(refused.value)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("data", [b"", b"garbage", b"PK\x03\x04 cut off"])
def test_bytes_that_are_no_checkpoint_are_refused(data: bytes):
    with pytest.raises(CheckpointError, match=f"file: found '{len(data)} bytes that are no whole"):
        checkpoints.load(data, source="x")


def test_a_checkpoint_is_shown_without_its_weights(payload: dict):
    assert "tensor" not in repr(checkpoints.load(saved(payload), source="x"))


def test_what_a_network_is_beyond_the_default_comes_back(payload: dict):
    assert set(payload["config"]).isdisjoint(checkpoints.OPTIONAL_TYPES)
    config = ModelConfig(name="lstm", input_size=3, hidden_size=4, far=2.0, reads="history")
    data = checkpoints.dump(build(config, seed=1), config, CHANNELS)
    assert checkpoints.load(data, source="x").config == config
