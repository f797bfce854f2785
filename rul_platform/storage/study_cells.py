"""Finished cells of a study, so that an interrupted one goes on where it was.

Belongs here: one small Parquet file for each cell, in a folder named by all that decides what is in
it. Does not belong here: what a cell says (``core.transfer_study``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from rul_platform.core.canonical import canonical_json, fingerprint
from rul_platform.core.parquet import to_parquet
from rul_platform.storage.plain_files import write_whole


@dataclass(frozen=True, slots=True)
class StudyCells:
    """The cells of one study, and what else it need not make twice."""

    folder: Path

    @classmethod
    def of(cls, root: Path, facts: Mapping[str, Any]) -> "StudyCells":
        """Those of the study that ``facts`` describe; any other fact is another folder."""
        return cls(root / fingerprint({"facts.json": canonical_json(dict(facts))})[:32])

    def cell(self, k: int, draw: int) -> pd.DataFrame | None:
        """A finished cell, or None; a file that cannot be read is none."""
        data = self.kept(_name(k, draw))
        if data is None:
            return None
        try:
            return pq.read_table(pa.BufferReader(data)).to_pandas()
        except pa.ArrowInvalid:
            return None

    def keep(self, k: int, draw: int, cell: pd.DataFrame) -> None:
        """Keep a cell.

        Raises:
            StoreFullError: The disk has no room; what was kept before stays.
        """
        self.keep_file(_name(k, draw), to_parquet(cell))

    def kept(self, name: str) -> bytes | None:
        """A file that was kept, or None."""
        path = self.folder / name
        return path.read_bytes() if path.is_file() else None

    def keep_file(self, name: str, data: bytes) -> None:
        """Keep a file.

        Raises:
            StoreFullError: The disk has no room; what was kept before stays.
        """
        write_whole(self.folder / name, data)


def _name(k: int, draw: int) -> str:
    return f"k{k}_draw{draw}.parquet"
