"""Copies of a data set that has NASA's file names and our simulator's content."""

import io
import zipfile
from pathlib import Path

from rul_platform.core.cmapss import SIMULATED, SUBSETS, file_names
from rul_platform.storage.cmapss_source import CmapssSource, SubsetFiles

SAMPLE = Path(__file__).parents[1] / "data"
FOLDER = "6. Turbofan Engine Degradation Simulation Data Set"
"""The folder inside NASA's outer zip."""

TEXTS = {
    name: (SAMPLE / sample).read_bytes()
    for subset in SUBSETS
    for name, sample in zip(file_names(subset), file_names(SIMULATED), strict=True)
}
"""The twelve files."""


def zipped(members: dict[str, bytes]) -> bytes:
    """The bytes of a zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


INNER = zipped(TEXTS | {"readme.txt": b"lies"})
OUTER = zipped({f"{FOLDER}/CMAPSSData.zip": INNER, f"{FOLDER}/paper.pdf": b"%PDF"})
"""The zip in a zip, nested as NASA nests it."""


def fetched(source: CmapssSource, subset: str = "FD001") -> SubsetFiles:
    """A subset that is allowed to be another data set."""
    return source.fetch(subset, accept_other_data=True)


def is_the_sample(files: SubsetFiles) -> bool:
    """Whether the files have the right content in the right places."""
    return (files.train, files.test, files.rul) == tuple(TEXTS[n] for n in file_names("FD001"))
