"""What a home folder holds, as arrays and as models that answer.

Belongs here: reading. Does not belong here: anything that changes a home (`rul`, Dagster).
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rul_platform.core import splits
from rul_platform.core.architectures import Architecture
from rul_platform.core.plant import Plant
from rul_platform.core.preparation import Preparation
from rul_platform.core.readings import recent_readings
from rul_platform.core.terms import scaler_fingerprint
from rul_platform.errors import NoChampionError, NotMaterializedError, SettingsError
from rul_platform.inference.prediction import Prediction
from rul_platform.inference.predictor import Predictor
from rul_platform.operation.answering import columns_of, load
from rul_platform.operation.known_plants import require_plant
from rul_platform.settings import Settings
from rul_platform.storage.artifacts import Artifact
from rul_platform.storage.home import Home
from rul_platform.storage.plant_source import read_readings
from rul_platform.storage.stored_fleet import held_windows


@dataclass(frozen=True, slots=True)
class PlantArrays:
    """A plant's windows as arrays, scaled as its models see them. N windows of W readings, F channels.

    Attributes:
        x: Shape ``(N, W, F)``.
        y: Shape ``(N,)``, true RUL in ``life_unit``.
        units: Shape ``(N,)``.
        split: Shape ``(N,)``: ``train``, ``valid`` or ``test``.
        channels: Names of the F channels.
        cap: Limit of labels, in ``life_unit``.
        life_unit: ``cycles``, ``hours`` or ``seconds``.
        scaler: Fingerprint of what scaled them, for ``RulModel``.
    """

    x: NDArray[np.float32]
    y: NDArray[np.float64]
    units: NDArray[np.str_]
    split: NDArray[np.str_]
    channels: tuple[str, ...]
    cap: float
    life_unit: str
    scaler: str


@dataclass(frozen=True, slots=True)
class Champion:
    """The model in charge of a plant; it answers as `rul predict` does, but nothing is logged.

    Attributes:
        number: Which version.
        plant: What the plant's columns meant when it learned.
        predictor: The model itself, for readings in the fleet's format, resampled as in training.
    """

    number: int
    plant: Plant
    predictor: Predictor

    def predict(
        self, readings: pd.DataFrame | str | Path, level: float | None = None
    ) -> list[Prediction]:
        """Answer for every unit, after its newest reading; resampled as the plant's file says.

        Args:
            readings: A CSV or Parquet file, or a table, with the columns of the plant's own source
                files: unit, life, sensors, as often as they were read. Where the unit is the name of
                a file, a table is one unit, called ``readings``.
            level: Coverage of the intervals; None for the model's own.

        Raises:
            PlantFileError: Lists every problem of the readings.
            CalibrationError: The interval was not calibrated for this level.
            ReadingsError: The model cannot use the readings.
            InferenceError: The model did not run.
        """
        if isinstance(readings, pd.DataFrame):
            label, table = "readings", readings.set_axis(pd.RangeIndex(1, len(readings) + 1))
        else:
            label, table = Path(readings).name, read_readings(Path(readings), self.plant)
        return self.predictor.predict(recent_readings({label: table}, self.plant), level)


class Platform:
    """A home folder, to read."""

    def __init__(self, home: str | Path | None = None) -> None:
        """Open ``home``; without it the one that ``RUL_HOME`` names, or ``.rul``.

        Raises:
            SettingsError: There is no such home; none is made.
        """
        chosen = {} if home is None else {"RUL_HOME": str(home)}
        settings = Settings.read({**os.environ, **chosen})  # noqa: TID251  a door
        _require_home(settings)
        self._home = Home(settings)

    def windows(self, plant: str, *, include_test: bool = False) -> PlantArrays:
        """The newest windows of a plant, but those whose RUL is only a lower bound.

        Args:
            plant: Its name.
            include_test: Test units too: to judge a finished model with, never to choose one by.

        Raises:
            UnknownPlantError: There is no such plant.
            NotMaterializedError: It has no windows yet; `rul train PLANT` makes them.
            LongUnitError: Units are too long to be held; of a plant with more than four million readings
                only some of its units are.
            StoreError: They are missing or changed.
        """
        require_plant(self._home, plant)
        artifact = self._current("plant_windows", plant)
        store = self._home.store
        prepared = Preparation.from_json(json.loads(store.read(artifact, "preparation.json")))
        cut = held_windows(
            store, artifact, channels=prepared.channels, length=prepared.window
        ).exact()
        wanted = (splits.TRAIN, splits.VALID, *((splits.TEST,) if include_test else ()))
        cut = cut.select(*wanted)
        split = cut.index["split"].to_numpy(dtype=np.str_)
        return PlantArrays(
            cut.features(), cut.rul(), cut.units(), split,
            prepared.channels, prepared.cap, prepared.life_unit,
            scaler_fingerprint(prepared.scaler.to_json()),
        )  # fmt: skip

    def champion(self, plant: str) -> Champion:
        """The model in charge.

        Raises:
            UnknownPlantError: There is no such plant.
            NoChampionError: None is in charge.
            StoreError: Its files are missing or changed.
        """
        require_plant(self._home, plant)
        version = self._home.registry.champion(plant)
        if version is None:
            raise NoChampionError(plant)
        predictor = load(self._home, version)
        return Champion(version.number, columns_of(self._home, plant), predictor)

    def checkpoint_path(self, architecture: Architecture) -> Path:
        """The newest checkpoint that was pretrained here, for :func:`load_pretrained`; hash verified.

        Raises:
            NotMaterializedError: None yet; `rul demo` or `rul train PLANT` makes one.
            StoreError: It is missing or changed.
        """
        artifact = self._current("pretrained_checkpoint", architecture)
        return self._home.store.path(artifact, "checkpoint.pt")

    def _current(self, asset: str, partition: str) -> Artifact:
        made = self._home.lineage.current(asset, partition)
        if made is None:
            raise NotMaterializedError(asset, partition)
        return self._home.store.artifact(made.sha256)


def _require_home(settings: Settings) -> None:
    """Refuse what is no home yet: opening it would make one."""
    has_tables = settings.database_url is not None or (settings.home / "rul.db").is_file()
    if not (settings.home.is_dir() and has_tables):
        expected = (
            "the folder of a home that `rul` has worked in, and there is no such home: nothing was "
            "made. Give its whole path"
        )
        raise SettingsError("RUL_HOME", found=str(settings.home), expected=expected)
