"""What a person should know about a plant before anything is learned from it.

Belongs here: reading one plant and putting its problems, or its figures, into plain values.
Does not belong here: how they are shown (``cli.plant``).
"""

from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from rul_platform.core.plant import Plant
from rul_platform.core.splits import assign_units
from rul_platform.errors import DataError, PlantFileError
from rul_platform.storage.artifacts import ArtifactStore
from rul_platform.storage.builds import build
from rul_platform.storage.long_plant import LongPlant, is_long
from rul_platform.storage.plant_source import read_plant


@dataclass(frozen=True, slots=True)
class PlantFigures:
    """A plant in numbers; lives are those of units that failed, in ``life_unit``.

    Attributes:
        notes: What is allowed, but probably not meant.
    """

    title: str
    life_unit: str
    sensors: tuple[str, ...]
    conditions: tuple[str, ...]
    source_files: int
    readings: int
    units: int
    failed: int
    censored: int
    shortest_life: float
    median_life: float
    longest_life: float
    label_cap: float
    roles: dict[str, int]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlantCheck:
    """One plant: its problems, or its figures where it has none.

    Attributes:
        open_choices: How many places of the file a draft has marked CHOOSE, and nobody has decided.
    """

    name: str
    file: str
    problems: tuple[str, ...]
    open_choices: int
    figures: PlantFigures | None

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        figures = asdict(self.figures) if self.figures else {}
        head = {"plant": self.name, "file": self.file, "ok": not self.problems}
        body = {"problems": list(self.problems), "open_choices": self.open_choices}
        return {**head, **body, **figures}


def check_plant(path: Path) -> PlantCheck:
    """Read a plant as the platform would, and refuse nothing: problems are the answer."""
    name, file, choices = path.stem, str(path), open_choices(path)
    try:
        return PlantCheck(name, file, (), choices, _looked_at(path))
    except PlantFileError as error:
        return PlantCheck(name, file, error.problems, choices, None)
    except DataError as error:
        return PlantCheck(name, file, (str(error),), choices, None)


def open_choices(path: Path) -> int:
    """How many places of a plant file are marked CHOOSE; 0 without a readable file."""
    return path.read_bytes().count(b"CHOOSE") if path.is_file() else 0


def _looked_at(path: Path) -> PlantFigures:
    """Read a plant; a long one in a folder that is removed again."""
    if not is_long(path):
        data = read_plant(path)
        conditions = tuple(sorted(set(data.fleet.readings["condition"])))
        return _figures(data.plant, data.fleet.units, conditions, len(data.sources))
    plant = LongPlant(path)
    with (
        TemporaryDirectory() as folder,
        build(Path(folder) / "build", plant.identity) as work,
    ):
        built = plant.build(ArtifactStore(Path(folder) / "store"), work)
    return _figures(plant.plant, built.units, built.conditions, len(plant.sources))


def _figures(
    plant: Plant, units: pd.DataFrame, conditions: tuple[str, ...], sources: int
) -> PlantFigures:
    rul_at_end = units["rul_at_end"].to_numpy(dtype=np.float64)
    has_failed = np.isfinite(rul_at_end)
    lives = (units["end_life"].to_numpy(dtype=np.float64) + rul_at_end)[has_failed]
    roles = assign_units(units, plant.split.policy(seed=0), source=f"plant {plant.name}")
    return PlantFigures(
        title=plant.title,
        life_unit=plant.columns.life_unit,
        sensors=tuple(plant.sensors),
        conditions=conditions,
        source_files=sources - 1,  # the first is the plant file
        readings=int(units["rows"].sum()),
        units=len(has_failed),
        failed=int(has_failed.sum()),
        censored=int((~has_failed).sum()),
        shortest_life=round(float(lives.min()), 9),
        median_life=round(float(np.median(lives)), 9),
        longest_life=round(float(lives.max()), 9),
        label_cap=plant.label.cap,
        roles=dict(sorted(Counter(roles.values()).items())),
        notes=_notes(plant.label.cap, round(float(np.median(lives)), 9), plant.columns.life_unit),
    )


def _notes(cap: float, median_life: float, life_unit: str) -> tuple[str, ...]:
    if cap <= median_life:
        return ()
    return (
        f"[label] cap: {cap:g} {life_unit} is above the median life {median_life:g}, so most labels "
        f"follow from the age alone; give the horizon in which wear shows.",
    )
