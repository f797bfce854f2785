"""A plant's checked readings, ready to be stored: of a plant in memory, or of a long one in parts.

Belongs here: the choice between both ways. Does not belong here: either of them (``plant_source``,
``long_plant``).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from rul_platform.core.fleet import Fleet
from rul_platform.core.outcomes import Beside
from rul_platform.core.parquet import in_files
from rul_platform.core.plant import Plant
from rul_platform.storage.long_plant import LongPlant, is_long
from rul_platform.storage.manifests import Artifact, FileEntry
from rul_platform.storage.plant_source import SourceFile, read_plant
from rul_platform.storage.stored_fleet import READINGS, shown_fleet

if TYPE_CHECKING:
    from rul_platform.storage.home import Home


@dataclass(frozen=True, slots=True)
class MadeReadings:
    """What there is to store.

    Attributes:
        plant: What its file says.
        files: The readings by file name: content, or what the store says of a part that it holds.
        units: As of a fleet.
        shown: All of the fleet, or of a long one some machines to plot.
        sources: Every byte that the plant file names.
        counts: How the readings came together, for people.
    """

    plant: Plant
    files: Mapping[str, bytes | FileEntry]
    units: pd.DataFrame
    shown: Fleet
    sources: tuple[SourceFile, ...]
    counts: Mapping[str, int | str]


@contextmanager
def made_readings(home: "Home", plant: str, beside: Beside, *, code: str) -> Iterator[MadeReadings]:
    """Make a plant's readings; of a long one, work that stopped is gone on with.

    Once the block is left, the work is over, and what it made has to be stored.

    Args:
        home: Where the plant is.
        plant: Its name.
        beside: Landed readings, outcomes and predictions.
        code: Version of the code that computes: other code begins anew.

    Raises:
        PlantFileError: Lists problems of the plant file and of what it points to.
        TooFewUnitsError: Too few units ran to failure.
        SourceChangedError: A file was written to while it was read.
    """
    path = home.plant_file(plant)
    if not is_long(path):
        data = read_plant(path, beside=beside)
        files = in_files(READINGS, data.fleet.readings)
        yield MadeReadings(
            data.plant, files, data.fleet.units, data.fleet, data.sources, data.counts
        )
        return
    found = LongPlant(path, beside=beside)
    with home.build("plant_readings", plant, {"code": code, **found.identity}) as work:
        built = found.build(home.store, work, told=home.progress)
        shown = shown_fleet(home.store, Artifact("", built.files), built.units)
        yield MadeReadings(
            found.plant, built.files, built.units, shown, found.sources, built.counts
        )
