"""`cmapss_benchmark`: one architecture on one subset, judged by the book."""

import json
from pathlib import Path

import pytest
import torch

from rul_platform.core.artifact_files import CARD_FILE, MODEL_FILE
from rul_platform.core.benchmark import beyond_cap
from rul_platform.core.labels import to_life
from rul_platform.core.windows import last_of_each_unit
from rul_platform.inference.predictor import Predictor
from rul_platform.orchestration.benchmark_cell import STOPPED_ON_LEFT_OUT, Cell
from rul_platform.orchestration.benchmark_config import BenchmarkConfig
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
