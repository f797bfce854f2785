"""A trained network as files, and the same answers from all of them."""

import json

import numpy as np
import pytest

from rul_platform.core.architectures import ARCHITECTURES, architecture
from rul_platform.core.preparation import Preparation
from rul_platform.core.recipe import FitConfig
from rul_platform.core.windows import Windows
from rul_platform.inference.predictor import Predictor
from rul_platform.learning import checkpoints, models, packaging, rivals, training

Prepared = tuple[Preparation, Windows]


def packaged(prepared: Prepared, name: str = "lstm") -> dict[str, bytes]:
    preparation, windows = prepared
    model = models.default_config(architecture(name), len(preparation.channels), hidden_size=8)
    network = models.build(model, seed=0)
    result = training.fit(
        network,
        windows.select("train"),
        windows.select("valid"),
        FitConfig(seed=0, steps=30, validate_every=10),
        cap=preparation.cap,
    )
    return packaging.package(
        network, model, preparation, windows=windows, fitted=result, facts={"plant": "p"}
    )


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_onnx_says_what_torch_says(prepared: Prepared, name: str):
    """To a ten-thousandth of a cycle, on every window."""
    preparation, windows = prepared
    files = packaged(prepared, name)
    network = checkpoints.load(files["checkpoint.pt"], source="x").network()
    by_torch = training.predict(network, windows, preparation.cap)
    by_onnx = Predictor.from_files(files).score(windows)
    assert np.abs(by_torch - by_onnx).max() < 1e-4


def test_training_again_gives_the_same_files_to_the_last_byte(prepared: Prepared):
    assert packaged(prepared) == packaged(prepared)


def test_the_card_says_who_taught_and_how_wide_the_interval_is(prepared: Prepared):
    card = json.loads(packaged(prepared)["card.json"])
    assert card["plant"] == "p"
    assert card["units"] == {"train": ["u0", "u2", "u3", "u4", "u6", "u7"], "valid": ["u1", "u5"]}
    assert card["interval"]["units"] == 2
    assert 0 < card["interval"]["half_width"] < 60


def test_the_rivals_learn_from_the_same_units(prepared: Prepared):
    preparation, windows = prepared
    source = checkpoints.load(packaged(prepared)["checkpoint.pt"], source="x")
    test = windows.select("valid")
    config = FitConfig(seed=0, steps=20, validate_every=10)
    found = rivals.score_rivals(
        windows, test, source, preparation.channels, config, cap=preparation.cap
    )
    assert set(found.predictions) == {"from scratch", "boosting", "constant", "zero-shot"}
    assert all(len(predicted) == len(test) for predicted in found.predictions.values())
    expected = training.predict(source.network(), test, preparation.cap)
    assert np.array_equal(found.predictions["zero-shot"], expected)


def test_there_is_no_zero_shot_where_the_parent_lacks_a_channel(prepared: Prepared):
    preparation, windows = prepared
    source = checkpoints.load(packaged(prepared)["checkpoint.pt"], source="x")
    fewer = checkpoints.Checkpoint(source.config, ("other", *source.channels[1:]), source.state)
    found = rivals.score_rivals(
        windows,
        windows.select("valid"),
        fewer,
        preparation.channels,
        FitConfig(seed=0, steps=2, validate_every=2),
        cap=preparation.cap,
    )
    assert "zero-shot" not in found.predictions
