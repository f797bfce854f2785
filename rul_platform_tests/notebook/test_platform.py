"""What a notebook reads of a home folder."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from rul_platform.core.canonical import canonical_json
from rul_platform.core.parquet import scaled_cycles, to_parquet
from rul_platform.core.preparation import Preparation
from rul_platform.errors import (
    NoChampionError,
    NotMaterializedError,
    PlantFileError,
    SettingsError,
    UnknownPlantError,
)
from rul_platform.learning.networks import checkpoints, models
from rul_platform.notebook import Platform, load_pretrained
from rul_platform.operation.answering import answer
from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform_tests.fleets import wearing_fleet
from rul_platform_tests.operation.served import NOW, PRESS, serve, table

ROLES = {"a": "train", "b": "valid", "c": "test"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A home with windows, a checkpoint and a model in charge."""
    home = Home(Settings.read({"RUL_HOME": str(tmp_path), "RUL_CMAPSS_URL": ""}))
    serve(home)
    keep(home, "plant_windows", PRESS, windows_files())
    config = models.default_config("gru", 2, hidden_size=4)
    network = models.build(config, seed=0)
    keep(
        home,
        "pretrained_checkpoint",
        "gru",
        {"checkpoint.pt": checkpoints.dump(network, config, ("heat", "noise"))},
    )
    home.engine.dispose()
    return tmp_path


def windows_files() -> dict[str, bytes]:
    fleet = wearing_fleet(dict.fromkeys(ROLES, 20))
    prepared = Preparation.fit(
        fleet.take(["a"]), fleet.sensors, window=4, cap=15.0, life_unit="hours"
    )
    windows = prepared.windows(fleet, pd.Series(ROLES))
    cycles = scaled_cycles(fleet.readings, windows, prepared.channels)
    return {
        "cycles.parquet": to_parquet(cycles),
        "windows.parquet": to_parquet(windows.index),
        "preparation.json": canonical_json(prepared.to_json()),
    }


def keep(home: Home, asset: str, partition: str, files: dict[str, bytes]) -> None:
    made = home.store.write(files)
    home.lineage.record(
        asset=asset, partition=partition, sha256=made.sha256, run_id="run", code_version="1",
        parameters={}, environment={}, inputs=(), now=NOW,
    )  # fmt: skip


def test_windows_come_as_arrays_without_the_test_units(folder: Path):
    arrays = Platform(folder).windows(PRESS)
    assert set(arrays.units) == {"a", "b"}
    assert set(arrays.split) == {"train", "valid"}
    assert arrays.x.shape == (40, 4, len(arrays.channels))
    assert arrays.y.min() == 0
    assert (arrays.cap, arrays.life_unit) == (15.0, "hours")


def test_test_units_come_only_when_they_are_asked_for(folder: Path):
    arrays = Platform(folder).windows(PRESS, include_test=True)
    assert set(arrays.units[arrays.split == "test"]) == {"c"}


def test_the_champion_answers(folder: Path):
    champion = Platform(folder).champion(PRESS)
    (said,) = champion.predict(table(30))
    assert champion.number == 1
    assert 0 <= said.rul_low <= said.rul <= said.rul_high <= said.cap


def test_the_champion_answers_as_rul_predict_does_but_logs_nothing(folder: Path, tmp_path: Path):
    """Raw readings with the plant's own columns, in a file or a table: read as in training."""
    now = table(41, "m1", "m2")
    now.to_csv(tmp_path / "now.csv", index=False)
    champion = Platform(folder).champion(PRESS)
    given = [champion.predict(now, 0.8), champion.predict(tmp_path / "now.csv", 0.8)]

    home = Home(Settings.read({"RUL_HOME": str(folder)}))
    before = counted(home)
    logged = [each.prediction for each in answer(home, PRESS, {"now.csv": now}, level=0.8)]
    home.engine.dispose()

    assert given == [logged, logged]
    assert before == 0


def counted(home: Home) -> int:
    with home.engine.connect() as connection:
        return connection.execute(sa.text("SELECT count(*) FROM prediction")).scalar_one()


def test_readings_with_other_columns_are_refused(folder: Path):
    with pytest.raises(PlantFileError, match="Vibration"):
        Platform(folder).champion(PRESS).predict(table().rename(columns={"Vibration": "s0"}))


def test_what_is_no_home_is_refused_and_not_made(tmp_path: Path):
    with pytest.raises(SettingsError, match=r"nothome', but must be .* there is no such home"):
        Platform(tmp_path / "nothome")
    with pytest.raises(SettingsError, match="there is no such home: nothing was made"):
        Platform(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_its_own_checkpoint_can_be_loaded(folder: Path):
    file = Platform(folder).checkpoint_path("gru")
    assert load_pretrained("gru", file).channels == ("heat", "noise")


def test_what_is_not_there_is_said(folder: Path):
    platform = Platform(folder)
    with pytest.raises(UnknownPlantError, match="nope"):
        platform.windows("nope")
    with pytest.raises(NotMaterializedError, match=r"pretrained_checkpoint\[lstm\] has not been"):
        platform.checkpoint_path("lstm")


def test_a_plant_without_a_model_has_no_champion(folder: Path):
    (folder / "plants").mkdir(exist_ok=True)
    (folder / "plants" / "idle.toml").write_text("")
    with pytest.raises(NoChampionError, match="idle"):
        Platform(folder).champion("idle")


def test_the_door_opens_without_dagster():
    asked = "import rul_platform.notebook, sys, json; print(json.dumps('dagster' in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=120
    )
    assert json.loads(done.stdout) is False


def test_arrays_are_what_the_models_see(folder: Path):
    """The newest reading of each window is the row of the stored table, scaled."""
    arrays = Platform(folder).windows(PRESS)
    assert arrays.x.dtype == np.float32
    assert abs(arrays.x[arrays.split == "train"][:, -1, 0].mean()) < 0.2
