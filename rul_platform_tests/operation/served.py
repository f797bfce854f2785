"""A plant with models in service, small and made within seconds, without Dagster."""

import json
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pandas as pd

from rul_platform.core.calibration import Calibration
from rul_platform.core.canonical import canonical_json
from rul_platform.core.fleet import Fleet, summarise_units
from rul_platform.core.plant import Plant
from rul_platform.core.preparation import Preparation
from rul_platform.core.recipe import FitConfig
from rul_platform.core.resampling import resample
from rul_platform.core.windows import Windows
from rul_platform.learning.fitting import training
from rul_platform.learning.networks import models
from rul_platform.learning.trained import packaging
from rul_platform.learning.trained.learned import Learned, NetworkModel, predictions
from rul_platform.storage.home import Home
from rul_platform.storage.models import ModelVersion
from rul_platform_tests.core.plants import plant
from rul_platform_tests.fleets import wearing_fleet

PRESS = "press"
NOW = datetime(2024, 3, 1, 8, tzinfo=UTC)
STEP_HOURS = 2.0
CAP_HOURS = 50.0


def described() -> Plant:
    """Two sensors, and a mean over every two hours."""
    sensors = '[sensors]\ns0 = "Vibration"\ns1 = "Heat"'
    return plant(
        sensors=sensors,
        label=f"[label]\ncap = {CAP_HOURS:g}",
        resample=f"[resample]\nstep = {STEP_HOURS:g}",
    )


@cache
def model_files(seed: int) -> dict[str, bytes]:
    """A model that was trained for a moment; another seed, another model."""
    lives = {f"u{unit}": 60 + 6 * unit for unit in range(6)}
    readings = resample(wearing_fleet(lives).readings, STEP_HOURS)
    fleet = Fleet(readings, summarise_units(readings, 0.0))
    roles = pd.Series({unit: "valid" if unit == "u5" else "train" for unit in lives})
    preparation = Preparation.fit(fleet, fleet.sensors, window=8, cap=CAP_HOURS, life_unit="hours")
    windows = preparation.windows(fleet, roles)
    config = models.default_config("gru", len(preparation.channels), hidden_size=8)
    network = models.build(config, seed=seed)
    training.fit(
        network,
        windows.select("train"),
        windows.select("valid"),
        FitConfig(seed=seed, steps=30, validate_every=10),
        cap=CAP_HOURS,
    )
    model = NetworkModel(network, config, preparation.channels, preparation.window)
    return packaging.package(
        model,
        preparation,
        windows=windows,
        interval=calibrated(model, windows.select("valid"), cap=CAP_HOURS),
        facts={},
    )


def calibrated(model: Learned, windows: Windows, *, cap: float) -> dict[str, Any]:
    """The interval that these windows support, as it stands on a card."""
    said = predictions(model, windows, cap=cap)
    return Calibration.from_errors(windows.units(), said, windows.rul(), cap=cap).to_json()


def add_version(home: Home, seed: int, *, name: str = PRESS) -> ModelVersion:
    """A candidate whose files are in the store, with what it learned from."""
    learned_from = home.store.write(
        {"plant.json": canonical_json(described().model_dump(mode="json"))}
    )
    card = with_source(model_files(seed)["card.json"], windows=learned_from.sha256)
    made = home.store.write(model_files(seed) | {"card.json": card})
    return home.registry.register(name, made.sha256, now=NOW)


def with_source(card: bytes, *, windows: str) -> bytes:
    """The card with the artifact that the model learned from, as ``finetuned_model`` writes it."""
    return canonical_json(json.loads(card) | {"windows": windows})


def serve(home: Home, *, name: str = PRESS) -> ModelVersion:
    """Version 1 in charge of the plant."""
    version = add_version(home, seed=0, name=name)
    home.registry.deploy(name, version.number, expected_champion=None, evidence={}, now=NOW)
    return version


def table(hours: int = 40, *units: str) -> pd.DataFrame:
    """Readings of machines at work, with the plant's own columns, one each hour."""
    readings = wearing_fleet(dict.fromkeys(units or ("m1",), 60)).readings
    readings = readings[readings["life"] <= hours].reset_index(drop=True)
    frame = readings.drop(columns="condition").rename(
        columns={"unit": "pump", "life": "hours", "s0": "Vibration", "s1": "Heat"}
    )
    return frame.set_axis(pd.RangeIndex(2, len(frame) + 2, name="line"), axis=0)
