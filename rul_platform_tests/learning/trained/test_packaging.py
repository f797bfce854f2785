"""A trained model as files, and the same answers from all of them."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from rul_platform.core.architectures import ARCHITECTURES, architecture
from rul_platform.core.calibration import Calibration
from rul_platform.core.preparation import Preparation
from rul_platform.core.terms import terms_of
from rul_platform.core.windows import Windows
from rul_platform.errors import FidelityError
from rul_platform.inference.predictor import Predictor
from rul_platform.learning.networks import checkpoints, models
from rul_platform.learning.trained import fidelity, packaging
from rul_platform.learning.trained.boosting import fit_boosting
from rul_platform.learning.trained.learned import Learned, MeanModel, NetworkModel, predictions
from rul_platform_tests.fleets import wearing_fleet

Prepared = tuple[Preparation, Windows]
INTERVAL = Calibration.from_errors(["a", "b"], [9.0, 9.0], [7.0, 12.0], cap=60.0).to_json()


def network(prepared: Prepared, name: str = "lstm", seed: int = 0) -> NetworkModel:
    preparation, _ = prepared
    config = models.default_config(architecture(name), len(preparation.channels), hidden_size=8)
    built = models.build(config, seed=seed)
    return NetworkModel(built, config, preparation.channels, preparation.window)


def packed(prepared: Prepared, model: Learned, **more: object) -> dict[str, bytes]:
    preparation, windows = prepared
    return packaging.package(
        model, preparation, windows=windows, interval=INTERVAL, facts={"plant": "p"} | more
    )


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_predictor_says_what_the_checkpoint_says(prepared: Prepared, name: str):
    """To a thousandth of a cycle, on every window."""
    preparation, windows = prepared
    files = packed(prepared, network(prepared, name))
    loaded = checkpoints.load(files["checkpoint.pt"], source="x")
    again = NetworkModel(loaded.network(), loaded.config, loaded.channels, preparation.window)
    by_torch = predictions(again, windows, cap=preparation.cap)
    assert np.abs(by_torch - Predictor.from_files(files).score(windows)).max() < 1e-3


def test_its_networks_say_on_what_terms_they_learned(prepared: Prepared):
    preparation, windows = prepared
    short = dataclasses.replace(network(prepared), window=6)
    files = packed((preparation, windows), MeanModel((short, network(prepared))))
    loaded = [checkpoints.load(files[f"checkpoint_{n}.pt"], source="x").terms for n in (0, 1)]
    assert loaded == [dataclasses.replace(terms_of(preparation), window=6), terms_of(preparation)]


def test_packing_again_gives_the_same_files_to_the_last_byte(prepared: Prepared):
    first, again = (packed(prepared, network(prepared)) for _ in range(2))
    assert first == again


def test_the_card_says_who_taught_and_how_the_graph_compares(prepared: Prepared):
    card = json.loads(packed(prepared, network(prepared))["card.json"])
    assert card["plant"] == "p"
    assert card["units"] == {"train": ["u0", "u2", "u3", "u4", "u6", "u7"], "valid": ["u1", "u5"]}
    assert card["interval"] == json.loads(json.dumps(INTERVAL))
    assert card["onnx"]["windows"] == len(prepared[1])
    assert card["onnx"]["largest_difference"] < 1e-5


def test_units_among_the_facts_stand_on_the_card(prepared: Prepared):
    card = packed(prepared, network(prepared), units={"train": ["other"]})["card.json"]
    assert json.loads(card)["units"] == {"train": ["other"]}


def test_every_network_of_a_mean_is_kept_and_trees_live_in_the_graph(prepared: Prepared):
    trees = fit_boosting(prepared[1], cap=60.0, seed=0)
    model = MeanModel((network(prepared), trees, network(prepared, seed=1)))
    files = packed(prepared, model)
    assert {name for name in files if name.endswith(".pt")} == {
        "checkpoint_0.pt",
        "checkpoint_1.pt",
    }
    assert json.loads(files["card.json"])["architecture"] == "ensemble"
    assert not [name for name in packed(prepared, trees) if name.endswith(".pt")]


def test_the_card_cuts_windows_as_long_as_the_model_looks_at(prepared: Prepared):
    preparation, windows = prepared
    model = dataclasses.replace(network(prepared), window=6)
    given = {"windows": windows.shorter(6), "interval": INTERVAL, "facts": {}}
    card = json.loads(packaging.package(model, preparation, **given)["card.json"])
    assert card["preparation"]["window"] == 6


def history_network(prepared: Prepared, window: int) -> NetworkModel:
    channels = prepared[0].channels
    config = models.ModelConfig(
        name="lstm", input_size=len(channels), hidden_size=8, reads="history"
    )
    return NetworkModel(models.build(config, seed=0), config, channels, window)


def warned(prepared: Prepared, model: Learned, readings: int) -> list[str]:
    """What an answer to so many readings warns of about their number."""
    preparation, windows = prepared
    given = (preparation, windows.longer(model.window))
    predictor = Predictor.from_files(packed(given, model))
    (said,) = predictor.predict(wearing_fleet({"m": 90}).readings.head(readings))
    return [note for note in said.warnings if "short history" in note]


def test_a_normal_machine_is_no_short_history_to_a_model_of_whole_lives(prepared: Prepared):
    """The longest life that taught it has 99 readings; a window of the others has 30."""
    model = history_network(prepared, 99)
    assert not warned(prepared, model, 30)
    assert warned(prepared, model, 29) == ["short history: 29 readings, the model counts on 30"]


def test_a_mean_is_content_with_what_one_of_its_members_is(prepared: Prepared):
    windows = prepared[1].longer(60)
    trees = fit_boosting(windows, cap=60.0, seed=0)
    assert trees.window == 60
    model = MeanModel((history_network(prepared, 99), trees))
    assert not warned(prepared, model, 40)
    assert warned(prepared, MeanModel((model, network(prepared))), 9) == [
        "short history: 9 readings, the model counts on 10"
    ]


def test_tables_are_stored_beside(prepared: Prepared):
    preparation, windows = prepared
    files = packaging.package(
        network(prepared),
        preparation,
        windows=windows,
        interval=INTERVAL,
        facts={},
        tables={"history": pd.DataFrame({"step": [0]})},
    )
    assert files["history.parquet"].startswith(b"PAR1")


def test_a_model_that_its_graph_does_not_repeat_is_refused(
    prepared: Prepared, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(fidelity, "TOLERANCE", -1.0)
    with pytest.raises(FidelityError, match="expected at most"):
        packed(prepared, network(prepared))
