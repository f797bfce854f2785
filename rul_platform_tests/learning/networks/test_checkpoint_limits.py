"""A checkpoint that somebody made in order to do harm, or with a network that cannot be one."""

import io
import math
import zipfile
from typing import Any

import pytest
import torch

from rul_platform.core.parents import MAX_CHECKPOINT_BYTES
from rul_platform.errors import CheckpointError
from rul_platform.learning.networks import checkpoints
from rul_platform.learning.networks.models import build, default_config

CHANNELS = ("s0", "s1", "age")


def packed(name: str = "lstm", **config: Any) -> dict[str, Any]:
    """A good checkpoint but for its config."""
    good = default_config(name, 3, hidden_size=4)  # pyright: ignore[reportArgumentType]
    data = checkpoints.dump(build(good, seed=1), good, CHANNELS)
    payload = torch.load(io.BytesIO(data), weights_only=True)
    payload["config"] |= config
    return payload


def saved(payload: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(payload, buffer)
    return buffer.getvalue()


def refused(data: bytes) -> str:
    with pytest.raises(CheckpointError) as found:
        checkpoints.load_given(data, source="x")
    return str(found.value)


def again(data: bytes, **how: Any) -> bytes:
    """The same archive, packed otherwise."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", **how) as new:
        for entry in old.infolist():
            new.writestr(entry.filename, old.read(entry))
    return buffer.getvalue()


def test_a_bomb_is_not_unpacked():
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("archive/data.pkl", "w", force_zip64=True) as entry,
    ):
        for _ in range(MAX_CHECKPOINT_BYTES // 2**24 + 1):
            entry.write(bytes(2**24))
    assert len(buffer.getvalue()) < 2**20
    assert "an archive that unpacks to 285212672 bytes" in refused(buffer.getvalue())


def test_what_torch_never_packs_is_refused():
    good = saved(packed())
    assert "compressed entries" in refused(again(good, compression=zipfile.ZIP_DEFLATED))
    assert "no whole archive" in refused(good[: len(good) // 2])
    buffer = io.BytesIO()
    torch.save(packed(), buffer, _use_new_zipfile_serialization=False)
    assert "no whole archive" in refused(buffer.getvalue())


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"hidden_size": 10**12}, "config.hidden_size: found 1000000000000, expected '1 to 65536'"),
        ({"hidden_size": -4}, "config.hidden_size: found -4"),
        ({"kernel_size": 0}, "config.kernel_size: found 0"),
        ({"bins": 10**9}, "config.bins: found 1000000000, expected '0 to 65536'"),
        ({"num_layers": 60_000}, "at most one for each of 8 weights"),
        ({"hidden_size": 65_536}, "config: found 'the sizes of a larger network'"),
        ({"dropout": math.nan}, "config.dropout: found nan"),
        ({"dropout": 1.5}, "config.dropout: found 1.5"),
        ({"far": math.inf}, "config.far: found inf"),
        ({"channels": ["a", "a", "b"]}, "2 of them names that differ"),
        ({"channels": ["a", "b", 3]}, "a printable name for each channel"),
        ({"channels": ["a", "b", "c\n"]}, "a printable name for each channel"),
        ({"life_unit": "\ud800"}, "a life_unit or scaler that is no such text"),
        ({"scalers": ["x" * 201]}, "a life_unit or scaler that is no such text"),
    ],
)
def test_a_network_that_cannot_be_is_not_built(config: dict[str, Any], message: str):
    assert message in refused(saved(packed(**config)))


def test_convolutions_do_not_reach_back_without_end():
    payload = packed("tcn", kernel_size=40_000)
    assert "convolutions that reach back 65536 readings at most" in refused(saved(payload))


@pytest.mark.parametrize("value", [math.nan, math.inf, 1e300])
def test_weights_that_are_no_finite_numbers_are_refused(value: float):
    payload = packed()
    payload["model_state_dict"]["head.bias"] = torch.tensor([value], dtype=torch.float64)
    assert "head.bias: found 'a value that is NaN or infinite'" in refused(saved(payload))


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (torch.zeros(1, dtype=torch.int64), "found 'torch.int64 on cpu, torch.strided'"),
        (torch.zeros(1, dtype=torch.complex64), "found 'torch.complex64"),
        (torch.zeros(1).to_sparse(), "torch.sparse_coo"),
        (torch.zeros(1, device="meta"), "on meta"),
        ("a text", "found 'str'"),
    ],
)
def test_what_is_no_weight_is_refused(weight: object, message: str):
    payload = packed()
    payload["model_state_dict"]["head.bias"] = weight
    assert message in refused(saved(payload))


def test_tables_whose_keys_are_no_names_are_refused():
    payload = packed()
    payload["model_state_dict"][3] = torch.zeros(1)
    assert "model_state_dict: found 'keys that are no text'" in refused(saved(payload))
