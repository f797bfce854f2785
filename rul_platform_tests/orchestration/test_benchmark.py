"""`cmapss_benchmark`: one architecture on one subset, judged by the book."""

import json
from pathlib import Path

import pytest

from rul_platform.orchestration.instance import open_instance
from rul_platform.orchestration.pipeline import Pipeline, Stage
from rul_platform.orchestration.step import current
from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform_tests.orchestration.conftest import SMALL, Works


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
