"""A plant whose model in charge comes with the windows that it learned from, to be looked into."""

import json

import pandas as pd

from rul_platform.core.canonical import canonical_json
from rul_platform.core.fleet import Fleet, summarise_units
from rul_platform.core.parquet import scaled_cycles, to_parquet
from rul_platform.core.preparation import Preparation
from rul_platform.core.resampling import resample
from rul_platform.storage.home import Home
from rul_platform_tests.fleets import wearing_fleet
from rul_platform_tests.operation.served import (
    NOW,
    PRESS,
    STEP_HOURS,
    described,
    model_files,
    with_source,
)


def serve_with_windows(home: Home) -> str:
    """Put version 1 of the press in charge; gives its sha256."""
    files = model_files(0)
    card = json.loads(files["card.json"])
    windows = home.store.write(learned_from(Preparation.from_json(card["preparation"])))
    made = home.store.write(
        files | {"card.json": with_source(files["card.json"], windows=windows.sha256)}
    )
    number = home.registry.register(PRESS, made.sha256, now=NOW).number
    home.registry.deploy(PRESS, number, expected_champion=None, evidence={}, now=NOW)
    return made.sha256


def learned_from(preparation: Preparation) -> dict[str, bytes]:
    """The plant's windows as their asset stores them, of the fleet that the model knows."""
    lives = {f"u{unit}": 60 + 6 * unit for unit in range(6)}
    readings = resample(wearing_fleet(lives).readings, STEP_HOURS)
    fleet = Fleet(readings, summarise_units(readings, 0.0))
    roles = dict.fromkeys(lives, "train") | {"u3": "test", "u4": "test", "u5": "valid"}
    windows = preparation.windows(fleet, pd.Series(roles))
    cycles = scaled_cycles(fleet.readings, windows, preparation.channels)
    return {
        "plant.json": canonical_json(described().model_dump(mode="json")),
        "preparation.json": canonical_json(preparation.to_json()),
        "splits.json": canonical_json(roles),
        "cycles.parquet": to_parquet(cycles),
        "windows.parquet": to_parquet(windows.index),
        "readings.parquet": to_parquet(fleet.readings),
        "units.parquet": to_parquet(fleet.units),
    }
