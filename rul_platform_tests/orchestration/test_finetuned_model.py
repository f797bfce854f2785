"""Where fine-tuning starts from, and for how long it goes on."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rul_platform.core.preparation import Preparation
from rul_platform.core.scaling import Scaler
from rul_platform.errors import CheckFailedError
from rul_platform.orchestration.assets.finetuned_model import (
    ArchitectureName,
    FinetunedModelConfig,
    misfit_of,
)
from rul_platform.orchestration.pipeline import Stage
from rul_platform.orchestration.step import Files, current
from rul_platform.storage.artifacts import ArtifactStore
from rul_platform_tests.orchestration.at_work import told
from rul_platform_tests.orchestration.conftest import JUDGEMENT, PUMP_DATA, PUMPS, TUNING, Works


def tune(works: Works, **config: object) -> tuple[Files, dict[str, Any]]:
    """The model and its card; what the stage of all other tests says, with changes."""
    chosen = {**TUNING.config["finetuned_model"], **config}
    works.run(Stage(TUNING.assets, PUMPS, {"finetuned_model": chosen}))
    model = current(works.home, "finetuned_model", PUMPS)
    return model, json.loads(model.read("card.json"))


def test_by_default_it_starts_from_the_pretrained_network(finished: Works):
    parent = current(finished.home, "pretrained_checkpoint", "gru")
    card = json.loads(current(finished.home, "finetuned_model", PUMPS).read("card.json"))
    assert card["start"]["from"] == "pretrained"
    assert card["start"]["sha256"] == card["parent"] == parent.sha256
    assert card["start"]["valid_rmse"] == {"pretrained": card["valid_rmse"]}


def test_the_better_of_both_starts_is_kept_and_can_be_judged(finished: Works):
    """Three steps are too few from the pretrained network; the parent stays the chain's root."""
    champion = current(finished.home, "finetuned_model", PUMPS)
    model, card = tune(finished, start="best", steps=3)
    start = card["start"]
    assert set(start["valid_rmse"]) == {"champion", "pretrained"}
    assert card["valid_rmse"] == min(start["valid_rmse"].values())
    assert start["from"] == min(start["valid_rmse"], key=lambda name: start["valid_rmse"][name])
    assert start["valid_rmse"]["champion"] < start["valid_rmse"]["pretrained"]
    assert start["sha256"] == champion.sha256
    assert card["parent"] == current(finished.home, "pretrained_checkpoint", "gru").sha256
    made = finished.home.lineage.current("finetuned_model", PUMPS)
    assert made is not None
    assert ("finetuned_model", champion.sha256) in {(r.asset, r.sha256) for r in made.inputs}
    with suppress(CheckFailedError):  # the gate may say no; it was asked
        finished.run(Stage(JUDGEMENT.assets[:1], PUMPS))
    judged = current(finished.home, "evaluation_report", PUMPS)
    assert model.sha256 in judged.read("gate.json").decode()


def test_a_champion_with_another_label_cap_is_not_started_from(finished: Works):
    path = finished.home.plants / f"{PUMPS}.toml"
    path.write_text(path.read_text().replace("cap = 580.0", "cap = 500.0"))
    finished.run(PUMP_DATA)
    _, card = tune(finished, start="champion", steps=3)
    assert card["start"]["from"] == "pretrained"
    assert told(finished, "finetuned_model")["not_from_champion"] == "its label cap is 580, not 500"


def test_passes_over_the_windows_become_steps(finished: Works):
    _, card = tune(finished, epochs=2, batch_size=256)
    windows = card["training"]["steps"] * 256 / 2
    taught = current(finished.home, "plant_windows", PUMPS).table("windows.parquet")
    count = (taught["split"] == "train").sum()
    assert count - 256 < windows <= count
    assert card["training"]["epochs"] == 2


def stored_as(store: ArtifactStore, **files: object) -> Files:
    return Files(store, store.write({f"{n}.json": json.dumps(files[n]).encode() for n in files}))


def preparation(cap: float = 60.0, sensor: str = "flow") -> dict[str, Any]:
    """As it stands on a card."""
    scaler = Scaler((sensor,), ("0",), np.zeros((1, 1)), np.ones((1, 1)), ("a",))
    made = Preparation(window=5, cap=cap, life_unit="hours", scaler=scaler, first_life=0.0)
    return made.to_json()


@pytest.mark.parametrize(
    ("card", "message"),
    [
        ({}, None),
        ({"architecture": "lstm"}, "its architecture is lstm, not gru"),
        (
            {"preparation": preparation(sensor="heat")},
            "its channels are heat, heat_dev, age, not flow, flow_dev, age",
        ),
        ({"preparation": preparation(cap=50.0)}, "its label cap is 50, not 60"),
        ({"units": {"train": ["c"], "valid": ["t"]}}, "units t taught it, and now they test"),
    ],
)
def test_a_champion_that_does_not_fit_is_told_with_the_reason(
    tmp_path: Path, card: dict[str, Any], message: str | None
):
    store = ArtifactStore(tmp_path)
    units = {"train": ["a"], "valid": ["b"]}
    usual = {"architecture": "gru", "preparation": preparation(), "units": units}
    champion = stored_as(store, card=usual | card)
    windows = stored_as(store, preparation=preparation(), splits={"a": "train", "t": "test"})
    config = FinetunedModelConfig(architecture=ArchitectureName.gru)
    assert misfit_of(config, champion, windows) == message


@pytest.mark.parametrize("windows", [1, 1000])
def test_without_passes_the_steps_count(windows: int):
    assert FinetunedModelConfig(steps=7).fit_on(windows) == FinetunedModelConfig(steps=7).fit()
    assert FinetunedModelConfig(epochs=1).fit_on(windows).steps == 3
