"""A plant's histories and windows as artifacts hold them, in one file or in many parts.

Belongs here: reading the parts of a table, all of them piece by piece or those of some units.
Does not belong here: which units fit into memory (``core.held_units``), making parts (``window_build``).
"""

import json
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from rul_platform.core.fleet import FIXED_COLUMNS, Fleet
from rul_platform.core.held_units import HELD_READINGS, held_units
from rul_platform.core.long_fleet import PIECE_ROWS, LongFleet
from rul_platform.core.parquet import read_windows
from rul_platform.core.parts import part_names
from rul_platform.core.splits import TEST, TRAIN, VALID
from rul_platform.core.windows import Windows
from rul_platform.storage.artifacts import Artifact, ArtifactStore
from rul_platform.storage.manifests import FileEntry

READINGS, UNITS, CYCLES, INDEX = "readings", "units.parquet", "cycles", "windows"
SHOWN_READINGS = 2000
LABELLED = (TRAIN, VALID, TEST)
"""Roles of the units of which windows are cut."""


def part_entries(artifact: Artifact, table: str) -> dict[str, FileEntry]:
    """The files of one table of an artifact, by name, in their order."""
    return {name: artifact.files[name] for name in part_names(artifact.files, table)}


def long_fleet(
    store: ArtifactStore, artifact: Artifact, *, piece_rows: int = PIECE_ROWS
) -> LongFleet:
    """The histories that an artifact holds, to be read piece by piece.

    Raises:
        StoreError: Files are not there or changed; also while they are read.
    """
    units = pq.read_table(store.path(artifact, UNITS)).to_pandas()
    names = part_names(artifact.files, READINGS)
    schema = pq.read_schema(store.path(artifact, names[0]))
    sensors = tuple(name for name in schema.names if name not in FIXED_COLUMNS)
    columns = ["life", "condition", *sensors]

    def read(begin: int) -> Iterator[pd.DataFrame]:
        for batch in _batches(store, artifact, READINGS, columns, begin, piece_rows):
            yield pa.table(batch).to_pandas()

    return LongFleet(units, sensors, read)


def pieces_of(
    store: ArtifactStore, artifact: Artifact, table: str, columns: Sequence[str] | None = None
) -> Iterator[pd.DataFrame]:
    """The rows of one table, piece by piece."""
    for batch in _batches(store, artifact, table, columns, 0, PIECE_ROWS):
        yield pa.table(batch).to_pandas()


def row_count(store: ArtifactStore, artifact: Artifact, table: str) -> int:
    """How many rows the parts of a table have together."""
    names = part_names(artifact.files, table)
    return sum(pq.read_metadata(store.path(artifact, name)).num_rows for name in names)


def held_fleet(store: ArtifactStore, artifact: Artifact, *, most: int = HELD_READINGS) -> Fleet:
    """A plant's histories before scaling: all, or those of the units that fit into memory.

    Args:
        store: Where they are.
        artifact: Of the plant's windows, or of its readings.
        most: Readings that are held at most, where the table has several parts.

    Raises:
        LongUnitError: The units are too long.
    """
    units = pq.read_table(store.path(artifact, UNITS)).to_pandas()
    names = part_names(artifact.files, READINGS)
    if len(names) == 1:
        return Fleet(pq.read_table(store.path(artifact, names[0])).to_pandas(), units)
    held = _held(store, artifact, units, most)
    chosen = units["unit"].isin(list(held)).to_numpy(dtype=np.bool_)
    readings = _rows_of(store, artifact, READINGS, units["rows"].to_numpy(np.int64), chosen)
    return Fleet(readings.to_pandas(), units[chosen].reset_index(drop=True))


def held_windows(
    store: ArtifactStore,
    artifact: Artifact,
    *,
    channels: Sequence[str],
    length: int,
    most: int = HELD_READINGS,
) -> Windows:
    """A plant's windows: all, or those of the units that fit into memory.

    Args:
        store: Where they are.
        artifact: Of the plant's windows.
        channels: Names of the F channels, in order.
        length: W.
        most: Readings that are held at most, where the table has several parts.

    Raises:
        LongUnitError: The units are too long.
    """
    cycles, indexes = (part_names(artifact.files, table) for table in (CYCLES, INDEX))
    if len(cycles) == 1:
        paths = (str(store.path(artifact, names[0])) for names in (cycles, indexes))
        return read_windows(*paths, channels=channels, length=length)
    units = pq.read_table(store.path(artifact, UNITS)).to_pandas()
    held = _held(store, artifact, units, most)
    roles = json.loads(store.read(artifact, "splits.json"))
    units = units[units["unit"].map(roles).isin(LABELLED)]
    rows = units["rows"].to_numpy(np.int64)
    chosen = units["unit"].isin(list(held)).to_numpy(dtype=np.bool_)
    stored = _rows_of(store, artifact, CYCLES, rows, chosen, columns=channels)
    table = np.stack([column.to_numpy() for column in stored.columns], axis=1)
    index = _rows_of(store, artifact, INDEX, rows, chosen).to_pandas()
    begins = np.cumsum(rows) - rows
    moved = np.repeat(begins[chosen] - (np.cumsum(rows[chosen]) - rows[chosen]), rows[chosen])
    index["first_row"] -= moved
    index["last_row"] -= moved
    return Windows(table, index, length)


def shown_fleet(
    store: ArtifactStore, artifact: Artifact, units: pd.DataFrame, *, most: int = 8
) -> Fleet:
    """Some units that failed, evenly chosen, each with ``SHOWN_READINGS`` of its readings: for plots."""
    failed = np.flatnonzero(units["rul_at_end"].notna())
    chosen = failed[np.unique(np.linspace(0, len(failed) - 1, most).round().astype(int))]
    ends = np.cumsum(units["rows"].to_numpy(np.int64))
    begins = ends - units["rows"].to_numpy(np.int64)
    wanted = [
        np.unique(np.linspace(begins[at], ends[at] - 1, SHOWN_READINGS).round().astype(np.int64))
        for at in chosen
    ]
    rows, offset = np.concatenate(wanted), 0
    kept: list[pa.Table] = []
    for name in part_names(artifact.files, READINGS):
        part = pq.ParquetFile(store.path(artifact, name))
        until = offset + part.metadata.num_rows
        here = rows[(rows >= offset) & (rows < until)] - offset
        if len(here):
            kept.append(part.read(use_threads=False).take(pa.array(here)))
        offset = until
    counts = [len(each) for each in wanted]
    shown = units.iloc[chosen].assign(rows=counts).reset_index(drop=True)
    return Fleet(pa.concat_tables(kept).to_pandas(), shown)


def window_parts_of(
    store: ArtifactStore, artifact: Artifact, *, channels: Sequence[str], length: int
) -> Iterator[Windows]:
    """All windows of a plant, part by part, each with the earlier readings that it reaches back to."""
    tables, indexes = (part_names(artifact.files, table) for table in (CYCLES, INDEX))
    before = np.empty((0, len(channels)), dtype=np.float32)
    begin = 0
    for cycles, windows in zip(tables, indexes, strict=True):
        paths = (str(store.path(artifact, name)) for name in (cycles, windows))
        part = read_windows(*paths, channels=channels, length=length)
        table = np.concatenate([before, part.table])
        offset = begin - len(before)
        rows = {name: part.index[name] - offset for name in ("first_row", "last_row")}
        yield Windows(table, part.index.assign(**rows), length)
        begin += len(part.table)
        before = table[len(table) - min(len(table), length - 1) :]


def _held(
    store: ArtifactStore, artifact: Artifact, units: pd.DataFrame, most: int
) -> frozenset[str]:
    """The units that are held; an artifact without roles has one for all."""
    rows = dict(zip(units["unit"].tolist(), units["rows"].tolist(), strict=True))
    if "splits.json" not in artifact.files:
        return held_units(rows, dict.fromkeys(rows, TRAIN), most=most)
    roles = json.loads(store.read(artifact, "splits.json"))
    labelled = {unit: count for unit, count in rows.items() if roles.get(unit) in LABELLED}
    return held_units(labelled, roles, most=most)


def _rows_of(
    store: ArtifactStore,
    artifact: Artifact,
    table: str,
    rows: np.ndarray,
    chosen: np.ndarray,
    columns: Sequence[str] | None = None,
) -> pa.Table:
    """The rows of the chosen units of a table in which units have so many ``rows`` each."""
    ends = np.cumsum(rows)
    spans = list(zip((ends - rows)[chosen].tolist(), ends[chosen].tolist(), strict=True))
    kept: list[pa.Table] = []
    offset = 0
    for name in part_names(artifact.files, table):
        path = store.path(artifact, name)
        until = offset + pq.read_metadata(path).num_rows
        here = [(max(a, offset), min(b, until)) for a, b in spans if a < until and b > offset]
        if here:
            part = pq.read_table(path, columns=None if columns is None else list(columns))
            taken = pa.concat_tables([part.slice(a - offset, b - a) for a, b in here])
            kept.append(taken.take(pa.array(np.arange(taken.num_rows))))  # lets go of the part
        offset = until
    return pa.concat_tables(kept)


def _batches(
    store: ArtifactStore,
    artifact: Artifact,
    table: str,
    columns: Sequence[str] | None,
    begin: int,
    piece_rows: int,
) -> Iterator[pa.RecordBatch]:
    """Rows of a table from ``begin`` on; of a part that lies before it, nothing is decoded."""
    for name in part_names(artifact.files, table):
        stored = pq.ParquetFile(store.path(artifact, name))
        rows = stored.metadata.num_rows
        if begin >= rows:
            begin -= rows
            continue
        wanted = None if columns is None else list(columns)
        for batch in stored.iter_batches(piece_rows, columns=wanted, use_threads=False):
            if begin < batch.num_rows:
                yield batch.slice(begin)
            begin = max(0, begin - batch.num_rows)
