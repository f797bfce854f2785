"""Sorted runs of readings as files, until they are merged.

Belongs here: their bytes. Does not belong here: order (``core.sorted_runs``).
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rul_platform.core.sorted_runs import Rows

BATCH_ROWS = 2**16
"""Readings of each run that the merge holds at once."""

_NUMBERS = ("unit", "condition", "file", "place")
_OPTIONS = pa.ipc.IpcWriteOptions(compression="zstd", use_threads=False)


def write_run(path: Path, rows: Rows) -> str:
    """Write readings that are in order; gives the sha256 of the file."""
    columns = {name: pa.array(getattr(rows, name)) for name in _NUMBERS}
    sensors = {f"s{at}": pa.array(column) for at, column in enumerate(rows.values.T)}
    table = pa.table(columns | {"life": pa.array(rows.life)} | sensors)
    with (
        path.open("wb") as stream,
        pa.ipc.new_file(stream, table.schema, options=_OPTIONS) as writer,
    ):
        writer.write_table(table, max_chunksize=BATCH_ROWS)
    return digest(path)


def digest(path: Path) -> str:
    """The sha256 of a file, empty where there is none."""
    if not path.is_file():
        return ""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_run(path: Path, rank: NDArray[np.int64]) -> Iterator[Rows]:
    """The readings batch by batch, their units numbered by ``rank``."""
    with path.open("rb") as stream, pa.ipc.open_file(stream) as run:
        for number in range(run.num_record_batches):
            yield _rows(run.get_batch(number)).ranked(rank)


def _rows(batch: pa.RecordBatch) -> Rows:
    numbers = {name: batch.column(name).to_numpy() for name in _NUMBERS}
    sensors = [name for name in batch.schema.names if name.startswith("s")]
    values = np.stack([batch.column(name).to_numpy() for name in sensors], axis=1)
    return Rows(**numbers, life=batch.column("life").to_numpy(), values=values)
