"""A student of the model in charge, made by its asset and by the command."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from rul_platform.errors import NoChampionError
from rul_platform.inference.predictor import Predictor
from rul_platform.orchestration.pipeline import Stage
from rul_platform.orchestration.step import current
from rul_platform_tests.cli.terminal import Terminal
from rul_platform_tests.operation.looked_into import serve_with_windows
from rul_platform_tests.operation.served import PRESS
from rul_platform_tests.orchestration.conftest import Works

EDGE = Stage(("edge_model",), PRESS, {"edge_model": {"steps": 50, "hidden_size": 4}})


def told_of(works: Works) -> Mapping[str, dg.MetadataValue]:
    """What the UI is told of the student."""
    wanted = dg.AssetRecordsFilter(dg.AssetKey("edge_model"), asset_partitions=[PRESS])
    (record,) = works.instance.fetch_materializations(wanted, limit=1).records
    assert record.asset_materialization is not None
    return record.asset_materialization.metadata


def shown_of(works: Works) -> dict[str, object]:
    """Its plain values."""
    return {name: each.value for name, each in told_of(works).items()}


def shown_table(works: Works) -> dg.TableMetadataValue:
    """The three models side by side."""
    table = told_of(works)["side_by_side"]
    assert isinstance(table, dg.TableMetadataValue)
    return table


def test_the_student_names_its_teacher_and_stands_beside_it(empty: Works):
    champion = serve_with_windows(empty.home)
    empty.run(EDGE)
    made = current(empty.home, "edge_model", PRESS)
    card, shown = json.loads(made.read("card.json")), shown_of(empty)
    assert card["teacher"] == champion
    assert card["student"]["judged_on_units"] == 2
    assert shown["student_rmse_hours"] == card["student"]["rmse"]["student"]
    assert "somewhat optimistic" in str(shown["interval_note"])
    table = shown_table(empty)
    assert [each.name for each in table.schema.columns] == [
        "model", "rmse_hours", "mean", "low", "high", "verdict",
    ]  # fmt: skip
    assert shown["onnx_bytes"] == len(made.read("model.onnx")) < shown["teacher_onnx_bytes"]
    read = empty.home.lineage.current("edge_model", PRESS)
    assert read is not None
    assert {each.asset for each in read.inputs} == {"finetuned_model", "plant_windows"}
    model = Predictor.from_files({name: made.read(name) for name in made.artifact.files})
    assert model.card["interval"]["level"] == 0.9
    assert [v.number for v in empty.home.registry.versions(PRESS)] == [1]  # it is no version


@pytest.fixture
def at_press(tmp_path: Path) -> Terminal:
    """A home with a plant whose model is in charge."""
    terminal = Terminal(tmp_path / "home")
    home = terminal.open()
    serve_with_windows(home)
    home.plants.mkdir(parents=True, exist_ok=True)
    home.plant_file(PRESS).write_text("# only its name is asked for here\n")
    home.engine.dispose()
    return terminal


def test_the_command_writes_its_files_and_says_what_it_costs(at_press: Terminal, tmp_path: Path):
    folder = tmp_path / "edge"
    small = ("--steps", "50", "--hidden-size", "4", "--to", str(folder))
    done = at_press.types("distil", PRESS, *small, "--set", "teacher_share=0.8")
    assert done.code == 0, done.err
    told = json.loads((folder / "card.json").read_text())["training"]
    assert (told["steps"], told["teacher_share"]) == (50, 0.8)
    assert {path.name for path in folder.iterdir()} == {"model.onnx", "card.json"}
    assert "bytes as ONNX; the teacher has" in done.out
    assert "the student is " in done.out
    assert "It differs from its teacher by " in done.out
    assert "the interval is somewhat optimistic" in done.out


def test_a_folder_with_something_in_it_is_refused_before_anything_is_trained(tmp_path: Path):
    terminal = Terminal(tmp_path / "home")
    home = terminal.open()
    home.plants.mkdir(parents=True, exist_ok=True)
    home.plant_file(PRESS).write_text("# only its name is asked for here\n")
    home.engine.dispose()
    said = terminal.is_refused("distil", PRESS, "--to", str(home.plants))
    assert "there is something already; name a new folder or an empty one" in said


def test_a_student_may_learn_a_distribution_and_be_watched(empty: Works):
    serve_with_windows(empty.home)
    config = {"steps": 4, "validate_every": 2, "hidden_size": 4, "loss": "distribution", "bins": 8}
    empty.run(replace(EDGE, config={"edge_model": {**config, "logs": "json_lines"}}))
    made = current(empty.home, "edge_model", PRESS)
    assert json.loads(made.read("card.json"))["training"]["bins"] == 8
    (written,) = (empty.home.folder / "training").glob("*/progress.jsonl")
    assert len(written.read_text().splitlines()) == 3  # not of the student without a teacher


def test_options_of_the_command_are_checked_before_anybody_learns(at_press: Terminal):
    typed = ("--set", "teacher_shar=1", "--seed", "1", "--set", "seed=2")
    said = at_press.is_refused("distil", PRESS, *typed, "--set", "loss=mae")
    assert "Options of edge_model do not fit; nothing was started." in said
    assert "'teacher_shar' is no option; did you mean 'teacher_share'?" in said
    assert "seed is given 2 times, expected once" in said
    assert "loss is 'mae', expected 'mse', 'huber' or 'distribution'" in said
    said = at_press.is_refused("distil", PRESS, "--set", "loss=distribution")
    assert "bins is 0, expected 2 or more for the loss 'distribution', else 0" in said


def test_without_a_model_in_charge_nobody_teaches(empty: Works):
    with pytest.raises(NoChampionError, match="has no deployed model"):
        empty.run(EDGE)
