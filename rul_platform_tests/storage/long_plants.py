"""A plant's histories in small parts, as a long one's are, and their windows being made.

``python -m rul_platform_tests.storage.long_plants FOLDER PARTS`` makes the windows of
:func:`machines` in FOLDER and kills itself, for real, once PARTS parts are done.
"""

import os
import signal
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa

from rul_platform.core.canonical import canonical_json
from rul_platform.core.fleet import Fleet
from rul_platform.core.parquet import to_parquet
from rul_platform.core.parts import in_parts, part_name
from rul_platform.core.splits import CENSORED, TEST, TRAIN, VALID
from rul_platform.storage.artifacts import Artifact, ArtifactStore
from rul_platform.storage.builds import build
from rul_platform.storage.stored_fleet import long_fleet, part_entries
from rul_platform.storage.window_build import BuiltWindows, Told, WindowRecipe, build_windows
from rul_platform_tests.fleets import wearing_fleet

LIVES = {"a": 40, "b": 23, "c": 31, "d": 17, "e": 28, "f": 9}
ROLES = {"a": TRAIN, "b": CENSORED, "c": VALID, "d": TEST, "e": TRAIN, "f": TEST}
RECIPE = WindowRecipe(roles=ROLES, window=6, cap=20.0, life_unit="hours", source="plant long")
PART_ROWS = 25


def machines() -> Fleet:
    return wearing_fleet(LIVES)


def store_readings(store: ArtifactStore, fleet: Fleet, part_rows: int = PART_ROWS) -> Artifact:
    """As ``plant_readings`` stores them."""
    whole = pa.Table.from_pandas(fleet.readings, preserve_index=False)
    parts = list(in_parts([whole.replace_schema_metadata(None)], part_rows))
    names = [part_name("readings", number, len(parts)) for number in range(len(parts))]
    files = dict(zip(names, map(to_parquet, parts), strict=True))
    return store.write({**files, "units.parquet": to_parquet(fleet.units)})


def make_windows(folder: Path, *, told: Told | None = None, piece_rows: int = 10) -> Artifact:
    """As ``plant_windows`` makes them."""
    store = ArtifactStore(folder / "store")
    stored = store_readings(store, machines())
    fleet = long_fleet(store, stored, piece_rows=piece_rows)
    with build(folder / "builds" / "long", {"readings": stored.sha256}) as work:
        built: BuiltWindows = build_windows(
            store, work, fleet, RECIPE, told=told, part_rows=PART_ROWS
        )
        return store.write(
            {
                **built.files,
                **part_entries(stored, "readings"),
                "units.parquet": stored.files["units.parquet"],
                "splits.json": canonical_json(ROLES),
                "preparation.json": canonical_json(built.preparation.to_json()),
            }
        )


def main(folder: str, parts: str) -> None:
    journal = Path(folder) / "builds" / "long" / "journal.jsonl"

    def told(_done: int, _of: int) -> None:
        if journal.read_bytes().count(b'"kind":"part"') == int(parts):
            os.kill(os.getpid(), signal.SIGKILL)

    sys.stdout.write(make_windows(Path(folder), told=told).sha256)


def labelled(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of units of which windows are cut."""
    return table[table["unit"].map(ROLES) != CENSORED].reset_index(drop=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
