"""Plants whose readings are too many to hold: found by the size of their files, made part by part.

Which way a plant is read changes no byte of what is stored. Readings of a database are always held.

Belongs here: which way, and finding the files. Does not belong here: the passes (``reading_build``), a
plant's file (``plant_source``).
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rul_platform.core.outcomes import NOTHING, Beside
from rul_platform.core.plant_sections import FileSource
from rul_platform.errors import PlantFileError
from rul_platform.storage.artifacts import ArtifactStore
from rul_platform.storage.builds import Build
from rul_platform.storage.plant_source import PlantReader, SourceFile, load_plant, match_files
from rul_platform.storage.reading_build import USUAL, BuiltReadings, Sizes, Sources, build_readings
from rul_platform.storage.source_blocks import held_bytes, identify
from rul_platform.storage.window_build import Told

HELD_BYTES = 2**26
"""Files of so many bytes in all are read at once; that takes about ten times as much memory."""


def is_long(path: Path) -> bool:
    """Whether a plant's files are too large to be read at once.

    Raises:
        PlantFileError: Lists every problem of the plant file.
    """
    plant = load_plant(path)
    if not isinstance(plant.source, FileSource):
        return False
    files = match_files(path.parent, plant.source.files)
    return sum(held_bytes(file) for file in files) > HELD_BYTES


class LongPlant:
    """A plant, and everything that is read for it.

    Attributes:
        plant: What its file says.
        sources: Every byte that its file names, in the order of ``plant_source.read_plant``.
    """

    def __init__(
        self, path: Path, *, environ: Mapping[str, str] | None = None, beside: Beside = NOTHING
    ) -> None:
        """Find and hash all files.

        Args:
            path: The plant file.
            environ: As of ``read_plant``.
            beside: Landed readings, outcomes and predictions.

        Raises:
            PlantFileError: Lists every problem of the plant file, and of the failure table.
            SourceChangedError: A file is being written to.
        """
        secrets = os.environ if environ is None else environ  # noqa: TID251  as of read_plant
        self._path, self.plant = path, load_plant(path)
        reader = PlantReader(self.plant, path.parent, secrets)
        reader.note(path.name, path.read_bytes())
        failures = reader.failures()
        pattern = self.plant.source.files if isinstance(self.plant.source, FileSource) else ""
        found = reader.matched("source", pattern, "readings")
        if reader.problems:
            raise PlantFileError(str(path), reader.problems)
        files = {label: (file, identify(file)) for label, file in found.items() if _opens(file)}
        closed = [f"{label}: cannot be read." for label in found.keys() - files.keys()]
        if closed:
            raise PlantFileError(str(path), sorted(closed))
        self._made_from = Sources(self.plant, files, failures, beside)
        readings = [
            SourceFile(f"readings/{label}", identity.sha256, identity.size)
            for label, (_, identity) in files.items()
        ]
        self.sources = (*reader.sources, *readings)

    @property
    def identity(self) -> dict[str, Any]:
        """What tells this work from any other."""
        return {
            "plant": self.plant.model_dump(mode="json"),
            "sources": [[source.name, source.sha256] for source in self.sources],
        }

    def build(
        self, store: ArtifactStore, work: Build, *, told: Told | None = None, sizes: Sizes = USUAL
    ) -> BuiltReadings:
        """As ``reading_build.build_readings``.

        Raises:
            PlantFileError: As there; names the plant file.
            TooFewUnitsError: As there.
            SourceChangedError: As there.
        """
        try:
            return build_readings(store, work, self._made_from, told=told, sizes=sizes)
        except PlantFileError as error:
            raise PlantFileError(str(self._path), error.problems) from error


def _opens(path: Path) -> bool:
    return os.access(path, os.R_OK)
