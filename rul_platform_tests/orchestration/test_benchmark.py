"""`cmapss_benchmark`: one architecture on one subset, judged by the book."""

import json
from pathlib import Path

import pytest
import torch

from rul_platform.core.artifact_files import CARD_FILE, MODEL_FILE
from rul_platform.core.benchmark import beyond_cap
from rul_platform.core.labels import to_life
from rul_platform.core.windows import last_of_each_unit
from rul_platform.errors import OptionsError
from rul_platform.inference.predictor import Predictor
from rul_platform.orchestration.benchmark_cell import Cell
from rul_platform.orchestration.benchmark_config import BenchmarkConfig
from rul_platform.orchestration.benchmark_facts import STOPPED_ON_LEFT_OUT
from rul_platform.orchestration.instance import open_instance
from rul_platform.orchestration.pipeline import Pipeline, Stage
from rul_platform.orchestration.step import current
from rul_platform.orchestration.stored_windows import cmapss_test, preparation_of
from rul_platform.orchestration.training_config import LossName
from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform_tests.orchestration.conftest import SMALL, Works

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
LOSSES = [
    ("lstm", None, "mse"),
    ("advanced_lstm", None, "huber"),
    ("advanced_lstm", LossName.mse, "mse"),
    ("lstm", LossName.huber, "huber"),
]


def scores(home: Home, cell: str) -> dict[str, dict]:
    rows = json.loads(current(home, "cmapss_benchmark", cell).read("scores.json"))
    return {row["model"]: row for row in rows}


def test_every_test_engine_is_scored_beside_boosting_and_a_constant(finished: Works):
    """Forty engines, one row each: the last one."""
    finished.run(Stage(("cmapss_benchmark",), "gru|SIM", {"cmapss_benchmark": SMALL}))
    found = scores(finished.home, "gru|SIM")
    assert set(found) == {"gru", "boosting", "constant"}
    assert {row["clipped_count"] for row in found.values()} == {40}
    table = current(finished.home, "cmapss_benchmark", "gru|SIM").table("predictions.parquet")
    assert table["unit"].is_unique
    assert found["gru"]["clipped_rmse"] < found["constant"]["clipped_rmse"]


def test_with_a_far_head_the_raw_figures_are_of_the_graph_that_would_serve(finished: Works):
    """And the card says what was chosen, what it was trained on, and what to keep in mind."""
    config = {**SMALL, "far": 1.6, "loss": "huber"}
    finished.run(Stage(("cmapss_benchmark",), "tcn|SIM", {"cmapss_benchmark": config}))
    made = current(finished.home, "cmapss_benchmark", "tcn|SIM")
    row, told = json.loads(made.read("benchmark.json")), json.loads(made.read("card.json"))
    found = scores(finished.home, "tcn|SIM")
    assert set(found) == {"tcn", "tcn, beyond the cap", "boosting", "constant"}
    assert row["rmse_raw"] == pytest.approx(found["tcn, beyond the cap"]["raw_rmse"])
    windows = cmapss_test(current(finished.home, "cmapss_windows", "SIM"))
    said = Predictor.from_files({name: made.read(name) for name in (MODEL_FILE, CARD_FILE)})
    table = made.table("predictions.parquet")
    outputs = said.outputs(last_of_each_unit(windows))
    assert outputs.far is not None
    cap = said.preparation.cap
    expected = beyond_cap(to_life(outputs.rul, cap), outputs.far, cap=cap)
    assert table["predicted_tcn,_beyond_the_cap"].to_numpy() == pytest.approx(expected)
    assert (told["training"]["loss"], told["training"]["device_used"]) == ("huber", DEVICE)
    assert told["notes"] == [STOPPED_ON_LEFT_OUT]
    assert STOPPED_ON_LEFT_OUT in made.read("report.html").decode().replace("&#39;", "'")


@pytest.mark.parametrize(("name", "chosen", "used"), LOSSES)
def test_a_named_network_has_a_loss_of_its_own_until_another_is_chosen(
    finished: Works, name: str, chosen: LossName | None, used: str
):
    stored = current(finished.home, "cmapss_windows", "SIM")
    config = BenchmarkConfig(loss=chosen)
    bench = Cell("SIM", name, config, stored, preparation_of(stored), None)
    assert bench.lesson().fit.loss == used


def trained_with(works: Works, cell: str, **config: object) -> dict:
    """What the card says of a training of this cell."""
    works.run(Stage(("cmapss_benchmark",), cell, {"cmapss_benchmark": config}))
    return json.loads(current(works.home, "cmapss_benchmark", cell).read("card.json"))["training"]


def test_the_card_of_a_network_tells_also_what_its_name_decides(finished: Works):
    told = trained_with(finished, "stacked_lstm|SIM", **SMALL | {"steps": 2})
    assert (told["steps"], told["layers"], told["dropout"], told["loss"]) == (2, 2, 0.2, "mse")
    assert "ensemble_steps" not in told


def test_the_card_of_boosting_tells_nothing_of_networks(finished: Works):
    told = trained_with(finished, "boosting|SIM", far=1.6)
    assert told == {"seed": 0, "seeds": 1, "far": 1.6, "window": 60, "device_used": "cpu"}


@pytest.mark.long
def test_the_card_of_an_ensemble_tells_its_own_recipe(finished: Works):
    """Sixty engines in five folds; it takes far fewer batches than a network of its own would."""
    told = trained_with(finished, "ensemble|SIM", ensemble_steps=2)
    assert told["steps"] == [2] * 5
    assert (told["hidden_size"], told["num_layers"], told["batch_size"]) == (64, 2, 10)
    assert told["far"] == 1.6
    assert not {"augment", "loss", "patience", "schedule"} & set(told)


@pytest.mark.parametrize(
    ("name", "config", "problem"),
    [
        (
            "boosting",
            {"steps": 300},
            "steps is 300, which has no meaning here: boosting takes seed",
        ),
        ("ensemble", {"far": 2.0}, "far is 2.0, which has no meaning here: ensemble takes seed"),
        ("constant", {"augment": ["jitter"]}, "augment is .*leave it out, or ask for a network"),
        ("lstm", {"ensemble_steps": 9}, "ensemble_steps is 9.*or ask for the ensemble"),
    ],
)
def test_what_an_architecture_does_not_take_is_refused(
    finished: Works, name: str, config: dict, problem: str
):
    stage = Stage(("cmapss_benchmark",), f"{name}|SIM", {"cmapss_benchmark": config})
    with pytest.raises(OptionsError, match=problem):
        finished.run(stage)


def test_with_bins_it_learns_a_distribution_and_tells_how_each_seed_goes(finished: Works):
    config = {**SMALL, "steps": 4, "validate_every": 2, "seeds": 2, "logs": "json_lines"}
    told = trained_with(finished, "gru|SIM", **config, loss="distribution", bins=16)
    assert (told["loss"], told["bins"]) == ("distribution", 16)
    written = sorted((finished.home.folder / "training").glob("*/*/progress.jsonl"))
    assert [path.parent.name for path in written] == ["seed_0", "seed_1"]
    assert [len(path.read_text().splitlines()) for path in written] == [3, 3]


@pytest.mark.long
@pytest.mark.data
def test_a_short_training_on_fd001_is_already_useful(tmp_path: Path, real_data: Path):
    """250 steps; the bench of the README trains longer and prints more."""
    home = Home(Settings.read({"RUL_HOME": str(tmp_path / "home"), "RUL_CMAPSS": str(real_data)}))
    with open_instance(home) as instance:
        pipeline = Pipeline(home, instance)
        pipeline.run(Stage(("raw_cmapss", "cmapss_windows"), "FD001"))
        config = {"cmapss_benchmark": {"steps": 250}}
        pipeline.run(Stage(("cmapss_benchmark",), "lstm|FD001", config))
    found = scores(home, "lstm|FD001")
    assert found["lstm"]["clipped_count"] == 100
    assert found["lstm"]["clipped_rmse"] < 13
    assert found["boosting"]["clipped_rmse"] < 13
    assert 38 < found["constant"]["clipped_rmse"] < 46
