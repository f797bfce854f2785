"""A small plant for drills, and as many versions of its model as are wanted, each signed.

A network is trained for a moment, once (``network``); versions differ by a number on their card, so that
each has bytes, a hash, a lineage and a signature of its own. Nothing here is about real machines.

Belongs here: making them. Does not belong here: what happens to them (``scenarios``).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from rul_platform.core.artifact_files import CARD_FILE
from rul_platform.core.canonical import canonical_json
from rul_platform.core.fleet import Fleet, summarise_units
from rul_platform.core.parquet import to_parquet
from rul_platform.core.plant import Plant, parse_plant
from rul_platform.operation.provenance import ensure_signed
from rul_platform.storage.database import writing
from rul_platform.storage.home import Home
from rul_platform.storage.lineage import Input, environment
from rul_platform.storage.models import ModelVersion

ACTOR = "d" * 64
"""Pseudonym of the drill: nobody's name is needed for it."""

SENSORS = ("Vibration", "Heat")
CAP_HOURS = 50.0

PLANT_FILE = f"""
title = "A drill's presses"
[source]
files = "*.csv"
[columns]
unit = "press"
life = "hours"
life_unit = "hours"
[sensors]
s0 = "{SENSORS[0]}"
s1 = "{SENSORS[1]}"
[failure]
kind = "last_row"
[label]
cap = {CAP_HOURS:g}
"""

LIVES_HOURS = (60, 66, 72, 78, 84, 90)
QUESTION_HOURS = 30


def described(name: str) -> Plant:
    """The plant file's content."""
    return parse_plant(PLANT_FILE, name)


def readings(life: int, *, until: int | None = None, seed: int = 0) -> pd.DataFrame:
    """Hourly readings of one press, as its plant sends them; wear shows in both sensors.

    Args:
        life: How long it lasts, in hours.
        until: How many hours of that are told; None for all.
        seed: Of the noise.
    """
    noise, hours = np.random.default_rng(seed), np.arange(1, life + 1)
    wear = (hours / life) ** 2
    table: dict[str, Any] = {"hours": hours.astype(float)}
    for number, sensor in enumerate(SENSORS, start=1):
        table[sensor] = wear * number + noise.normal(0, 0.02, life)
    return pd.DataFrame(table).head(until or life)


def question(plant: str, *units: str) -> dict[str, Any]:
    """The body of a question about presses at work."""
    told = readings(80, until=QUESTION_HOURS)
    columns = {str(name): values.tolist() for name, values in told.items()}
    return {"plant": plant, "units": [{"unit": unit, "readings": columns} for unit in units]}


def fleet() -> Fleet:
    """Presses that ran to failure, as a model learns from them."""
    parts = [
        readings(life, seed=number)
        .rename(columns={"hours": "life", SENSORS[0]: "s0", SENSORS[1]: "s1"})
        .assign(unit=unit_name(number), condition="0")
        for number, life in enumerate(LIVES_HOURS)
    ]
    together = pd.concat(parts, ignore_index=True)
    return Fleet(together, summarise_units(together, 0.0))


def unit_name(number: int) -> str:
    """Of a press that ran to failure, from 0."""
    return f"press-{number}"


@dataclass(slots=True)
class Models:
    """Makes versions.

    Attributes:
        home: Where.
        files: Of the network.
    """

    home: Home
    files: Mapping[str, bytes]
    _made: int = field(default=0)

    def plant(self, name: str, versions: int = 2) -> None:
        """A plant with a plant file and versions that have served, the last one in charge."""
        self.home.plants.mkdir(parents=True, exist_ok=True)
        (self.home.plants / f"{name}.toml").write_text(PLANT_FILE)
        for _ in range(versions):
            self.deploy(self.version(name))

    def version(self, plant: str, *, number: int | None = None) -> ModelVersion:
        """A new candidate: files, lineage and signature.

        Args:
            plant: Whose.
            number: Stands on its card, so that another one gives another version; None for the next.
        """
        home, now = self.home, self.home.now()
        if number is None:
            self._made += 1
            number = self._made
        source = home.store.write({"plant.json": canonical_json(_plain(plant)), **_stored()})
        card = json.loads(self.files[CARD_FILE]) | {"windows": source.sha256, "drill": number}
        made = home.store.write({**self.files, CARD_FILE: canonical_json(card)})
        with writing(home.engine):
            if home.lineage.current("plant_windows", plant) is None:
                self._record(plant, "plant_readings", source.sha256, ("plant_source", "0" * 64))
                self._record(
                    plant, "plant_windows", source.sha256, ("plant_readings", source.sha256)
                )
            self._record(plant, "finetuned_model", made.sha256, ("plant_windows", source.sha256))
            version = home.registry.register(plant, made.sha256, now=now)
        ensure_signed(home, version, now=now)
        return version

    def deploy(self, version: ModelVersion) -> None:
        """Put it in charge, by the drill's word."""
        champion = self.home.registry.champion(version.plant)
        self.home.registry.deploy(
            version.plant,
            version.number,
            expected_champion=champion.number if champion else None,
            evidence={"kind": "forced", "actor": ACTOR, "reason": "drill"},
            now=self.home.now(),
        )

    def _record(self, plant: str, asset: str, sha256: str, read: tuple[str, str]) -> None:
        self.home.lineage.record(
            asset=asset,
            partition=plant,
            sha256=sha256,
            run_id="drill",
            code_version="drill",
            parameters={},
            environment=environment(()),
            inputs=[Input(read[0], plant, read[1])],
            now=self.home.now(),
        )


@cache
def _stored() -> dict[str, bytes]:
    known = fleet()
    return {
        "readings.parquet": to_parquet(known.readings),
        "units.parquet": to_parquet(known.units),
    }


def _plain(plant: str) -> dict[str, Any]:
    return described(plant).model_dump(mode="json")
