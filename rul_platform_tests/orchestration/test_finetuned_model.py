"""Where fine-tuning starts from, and for how long it goes on."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rul_platform.core.preparation import Preparation
from rul_platform.core.scaling import Scaler
from rul_platform.core.terms import terms_of
from rul_platform.errors import CheckFailedError, OptionsError
from rul_platform.learning.networks.checkpoints import load
from rul_platform.orchestration.finetuning_config import (
    ArchitectureName,
    FinetunedModelConfig,
    StartName,
)
from rul_platform.orchestration.lessons import misfit_of, start_of
from rul_platform.orchestration.pipeline import Stage
from rul_platform.orchestration.step import Files, current
from rul_platform.orchestration.stored_windows import preparation_of, splits_of
from rul_platform.storage.artifacts import ArtifactStore
from rul_platform_tests.orchestration.at_work import told
from rul_platform_tests.orchestration.conftest import JUDGEMENT, PUMP_DATA, PUMPS, TUNING, Works

FROM_THE_CHAMPION = "full fine-tuning, from the champion"


def tune(works: Works, **config: object) -> tuple[Files, dict[str, Any]]:
    """The model and its card; what the stage of all other tests says, with changes."""
    chosen = {**TUNING.config["finetuned_model"], **config}
    works.run(Stage(TUNING.assets, PUMPS, {"finetuned_model": chosen}))
    model = current(works.home, "finetuned_model", PUMPS)
    return model, json.loads(model.read("card.json"))


def test_by_default_it_starts_from_the_pretrained_network(finished: Works):
    parent = current(finished.home, "pretrained_checkpoint", "gru")
    card = json.loads(current(finished.home, "finetuned_model", PUMPS).read("card.json"))
    assert card["start"] == {"from": "pretrained", "sha256": parent.sha256}
    assert (card["parent"], card["parent_architecture"]) == (parent.sha256, "gru")


def test_the_model_is_the_mean_of_its_folds_and_says_how_it_was_chosen(finished: Works):
    model = current(finished.home, "finetuned_model", PUMPS)
    card = json.loads(model.read("card.json"))
    known = {u for u, r in splits_of(current(finished.home, "plant_windows", PUMPS)).items()
             if r in ("train", "valid")}  # fmt: skip
    assert set(card["folds"]) == known
    assert card["member_folds"] == [0, 1]
    assert {"checkpoint_0.pt", "checkpoint_1.pt"} <= set(model.artifact.files)
    assert card["approach"] == "full fine-tuning"
    assert card["onnx"]["largest_difference"] < 1e-4
    left_out = model.table("out_of_fold.parquet")
    assert set(left_out["unit"]) == known
    tried = model.table("approaches.parquet")
    assert set(tried["approach"]) == {"boosting", "from scratch", "full fine-tuning"}
    assert "cpu_seconds" not in tried  # the same inputs give the same bytes
    assert set(model.table("history.parquet")["fold"]) == {0, 1}


def test_what_does_not_fit_is_told_with_the_reason(finished: Works):
    """A pump has other channels than a turbofan: nothing to replay."""
    shown = told(finished, "finetuned_model")
    assert str(shown["not_replayed"]).startswith("it has other channels")
    assert shown["approach"] == "full fine-tuning"
    assert "retraining helps here" in str(shown["transfer_verdict"]) or "Pretraining" in str(
        shown["transfer_verdict"]
    )
    assert shown["weights_loaded"]


def test_what_was_different_where_the_checkpoint_learned_is_on_the_card_and_in_the_ui(
    finished: Works,
):
    """A plant always has a scaler of its own; that is a remark, and no error."""
    pretrained = current(finished.home, "pretrained_checkpoint", "gru")
    then = load(pretrained.read("checkpoint.pt"), source="pretrained").terms
    own = preparation_of(current(finished.home, "plant_windows", PUMPS))
    model = current(finished.home, "finetuned_model", PUMPS)
    remarks = json.loads(model.read("card.json"))["transfer"]["remarks"]
    assert then.life_unit == "cycles"
    assert len(then.scalers) == len(json.loads(pretrained.read("card.json"))["subsets"])
    assert remarks == then.differences(terms_of(own))
    assert "scaler" in remarks
    assert load(model.read("checkpoint_0.pt"), source="fold 0").terms == terms_of(own)
    assert "weights_learned_otherwise" in told(finished, "finetuned_model")


def test_an_approach_that_needs_what_the_plant_lacks_is_refused(finished: Works):
    with pytest.raises(OptionsError, match="source_replay needs what this plant lacks"):
        tune(finished, approach="source_replay")


def test_a_retrain_goes_on_from_the_champions_networks_fold_by_fold(finished: Works):
    """Of the start that was asked for; units keep their folds."""
    champion = current(finished.home, "finetuned_model", PUMPS)
    before = json.loads(champion.read("card.json"))
    model, card = tune(finished, start="champion", steps=3, seed=1)
    assert card["choice"]["name"] == "full fine-tuning, from the champion"
    assert card["start"] == {"from": "champion", "sha256": champion.sha256}
    assert card["folds"] == before["folds"]  # with another seed they would be others
    assert card["parent"] == before["parent"]
    made = finished.home.lineage.current("finetuned_model", PUMPS)
    assert made is not None
    assert ("finetuned_model", champion.sha256) in {(r.asset, r.sha256) for r in made.inputs}
    with suppress(CheckFailedError):  # the gate may say no; it was asked
        finished.run(Stage(JUDGEMENT.assets[:1], PUMPS))
    judged = current(finished.home, "evaluation_report", PUMPS)
    assert model.sha256 in judged.read("gate.json").decode()


def test_the_better_of_both_starts_is_kept(finished: Works):
    """Both are judged on the same units left out."""
    model, card = tune(finished, start="best", steps=3)
    tried = model.table("approaches.parquet").set_index("approach")["rmse"]
    own = {name: tried[name] for name in ("full fine-tuning", FROM_THE_CHAMPION)}
    assert card["choice"]["name"] == min(own, key=lambda name: own[name])


@pytest.mark.long
def test_a_model_from_before_there_were_folds_is_told_and_the_pretrained_one_is_used(
    finished: Works,
):
    old = as_before(finished)
    _, card = tune(finished, start="best", steps=3)
    assert card["start"]["from"] == "pretrained"
    assert card["remarks"]["not_from_champion"] == "it was made before units had folds"
    champion = finished.home.registry.champion(PUMPS)
    assert champion is not None
    assert champion.sha256 == old
    with suppress(CheckFailedError):
        finished.run(Stage(JUDGEMENT.assets[:1], PUMPS))
    judged = json.loads(current(finished.home, "evaluation_report", PUMPS).read("gate.json"))
    assert judged["evidence"]["champion_rmse"] > 0


def as_before(works: Works) -> str:
    """The champion with the card that models had before there were folds."""
    home, now = works.home, works.home.now()
    model = current(home, "finetuned_model", PUMPS)
    card = json.loads(model.read("card.json"))
    kept = ("plant", "parent", "windows", "units", "preparation", "training")
    old = {key: card[key] for key in kept} | {"architecture": "gru"}
    old |= {"interval": {"level": 0.9, "half_width": 40.0, "units": 3}, "valid_rmse": 50.0}
    files = {"model.onnx": model.read("model.onnx"), "card.json": json.dumps(old).encode()}
    files |= {"checkpoint.pt": model.read("checkpoint_0.pt")}
    stored = home.store.write(files)
    home.registry.register(PUMPS, stored.sha256, now=now)
    home.registry.deploy(PUMPS, 2, expected_champion=1, evidence={}, now=now)
    return stored.sha256


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
    count = taught["split"].isin(["train", "valid"]).sum()
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
        ({"parent_architecture": "lstm"}, "its architecture is lstm, not gru"),
        ({"training": {"folds": 3}}, "its units have 3 folds, not 5"),
        ({"member_folds": [0, 1, 2]}, "its approach, boosting, trained no network for each fold"),
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
    usual |= {"folds": {"a": 0, "b": 1}, "member_folds": [0, 1], "training": {"folds": 5}}
    usual |= {"approach": "boosting"}
    text = json.dumps(usual | card).encode()
    networks = {f"checkpoint_{fold}.pt": b"a network" for fold in (0, 1)}
    champion = Files(store, store.write({"card.json": text, **networks}))
    windows = stored_as(store, preparation=preparation(), splits={"a": "train", "t": "test"})
    config = FinetunedModelConfig(architecture=ArchitectureName.gru)
    assert misfit_of(config, champion, windows) == message


@pytest.mark.parametrize("windows", [1, 1000])
def test_without_passes_the_steps_count(windows: int):
    assert FinetunedModelConfig(steps=7).fit_on(windows) == FinetunedModelConfig(steps=7).fit()
    assert FinetunedModelConfig(epochs=1).fit_on(windows).steps == max(3, windows // 128)


def test_a_champion_whose_own_start_saw_machines_held_out_since_is_not_gone_on_with(
    finished: Works,
):
    """Also where it went on from another champion that did, and its own parent did not."""
    path = finished.home.plant_file(PUMPS)
    path.write_text(
        path.read_text().replace("[split]", '[transfer]\nheld_out = ["SIM"]\n\n[split]')
    )
    finished.run(PUMP_DATA)
    stored = current(finished.home, "plant_windows", PUMPS)
    first = current(finished.home, "finetuned_model", PUMPS)
    store, card = first.store, json.loads(first.read("card.json"))
    other = stored_as(store, card={"subsets": ["FD001"]})
    files = {name: first.read(name) for name in first.artifact.files}

    def went_on(**changes: object) -> Files:
        text = json.dumps(card | changes).encode()
        return Files(store, store.write(files | {"card.json": text}))

    start = {"from": "champion", "sha256": first.sha256}
    second = went_on(parent=other.sha256, start=start)
    config = FinetunedModelConfig(
        architecture=ArchitectureName.gru, folds=2, start=StartName.champion
    )
    why = "its networks have seen SIM, which this plant holds out since"
    assert start_of(config, first, stored) == (None, why)
    assert start_of(config, second, stored) == (None, why)
    clean = went_on(parent=other.sha256)
    assert start_of(config, clean, stored) == (clean, None)
    unknown = went_on(parent="0" * 64)
    assert start_of(config, unknown, stored) == (
        None,
        "what its networks learned from first is not stored any more",
    )


def test_the_card_says_how_long_networks_were_trained_and_gradients_are_kept(finished: Works):
    model = current(finished.home, "finetuned_model", PUMPS)
    told_there = json.loads(model.read("card.json"))["training"]
    assert (told_there["steps"], told_there["scratch_steps"]) == (90, 90)
    gradients = model.table("gradients.parquet")
    assert set(gradients["fold"]) == {0, 1}
    assert {"step", "layer", "norm"} <= set(gradients.columns)
