"""A plant's CSV and Parquet files block by block, for those that are too long to hold.

The blocks of a file depend on its bytes alone, and reading can begin at any of them. A type that pyarrow
sees in a CSV block follows from the cells of the block; what a cell must be is asked of each cell later.

Belongs here: where blocks begin and end. Does not belong here: one block's bytes (``plant_tables``).
"""

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from rul_platform.errors import SourceChangedError
from rul_platform.storage.partial_files import chunks
from rul_platform.storage.plant_tables import PARQUET_SUFFIXES, read_table

CSV_BLOCK_BYTES = 2**23
"""A block of a CSV file; it goes on to the end of its last line."""

PARQUET_BLOCK_ROWS = 2**17


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows of a file.

    Attributes:
        table: As ``plant_tables.read_table`` gives them, with the places in the whole file as index.
        goes_on: Where the next block begins, for :func:`blocks`.
    """

    table: pd.DataFrame
    goes_on: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells one content of a file from another.

    Attributes:
        sha256: Of its bytes.
        size: In bytes.
        changed: When the file was last written to, in nanoseconds.
    """

    sha256: str
    size: int
    changed: int

    def require_unchanged(self, path: Path) -> None:
        """Refuse a file that was written to since.

        Raises:
            SourceChangedError: It was.
        """
        stat = path.stat()
        if (stat.st_size, stat.st_mtime_ns) != (self.size, self.changed):
            raise SourceChangedError(str(path))


def identify(path: Path) -> Identity:
    """Hash a file in small memory.

    Raises:
        SourceChangedError: It is being written to.
    """
    before, digest = path.stat(), hashlib.sha256()
    for chunk in chunks(path):
        digest.update(chunk)
    found = Identity(digest.hexdigest(), before.st_size, before.st_mtime_ns)
    found.require_unchanged(path)
    return found


def held_bytes(path: Path) -> int:
    """About how much memory a file's table takes at least: its text, or its numbers unpacked."""
    if path.suffix.lower() not in PARQUET_SUFFIXES:
        return path.stat().st_size
    try:
        about = pq.read_metadata(path)
    except (pa.ArrowException, OSError):
        return 0  # who reads it will say what is wrong
    return about.num_rows * about.num_columns * 8


def blocks(
    path: Path,
    *,
    text: Collection[str],
    decimal: str,
    problems: list[str],
    begin: tuple[int, int] = (0, 0),
) -> Iterator[Block]:
    """The rows of a file from a block on; at least one block, without rows where the file has none.

    Args:
        path: The file.
        text: Columns that are names.
        decimal: Decimal mark of a CSV file.
        problems: Grows by what is wrong; there is no block after that.
        begin: ``goes_on`` of the block before; ``(0, 0)`` for the first one.
    """
    if path.suffix.lower() in PARQUET_SUFFIXES:
        yield from _parquet_blocks(path, text, problems, begin[0])
        return
    with path.open("rb") as stream:
        header = stream.readline()
        offset, lines = begin
        stream.seek(offset or len(header))
        while data := _lines(stream):
            table = read_table(
                header.rstrip(b"\r\n") + b"\n" + data,
                path.name,
                text=text,
                decimal=decimal,
                problems=problems,
                lines_before=lines,
            )
            if table is None:
                return
            lines += data.count(b"\n") + (not data.endswith(b"\n"))
            yield Block(table, (stream.tell(), lines))
            offset = stream.tell()
        if offset == 0:
            table = read_table(header, path.name, text=text, decimal=decimal, problems=problems)
            if table is not None:
                yield Block(table, (len(header), 0))


def _lines(stream: BinaryIO) -> bytes:
    """About a block, up to the end of a line that is not within quotes."""
    data = stream.read(CSV_BLOCK_BYTES)
    if not data:
        return data
    pieces = [data, stream.readline()]
    quotes = sum(piece.count(b'"') for piece in pieces)
    while quotes % 2 and (more := stream.readline()):
        pieces.append(more)
        quotes += more.count(b'"')
    return b"".join(pieces)


def _parquet_blocks(
    path: Path, text: Collection[str], problems: list[str], begin: int
) -> Iterator[Block]:
    try:
        stored = pq.ParquetFile(path)
        fractional = [name for name in text if _has_fractions(stored, name)]
        row, offset = 0, begin
        if not stored.metadata.num_rows:
            empty = stored.schema_arrow.empty_table().to_pandas(ignore_metadata=True)
            yield Block(empty.rename_axis("row"), (0, 0))
        for batch in stored.iter_batches(PARQUET_BLOCK_ROWS, use_threads=False):
            row += batch.num_rows
            if row <= offset:
                continue
            table = pa.table(batch).to_pandas(ignore_metadata=True)
            for name in fractional:
                table[name] = table[name].astype(str)
            index = pd.RangeIndex(row - batch.num_rows + 1, row + 1, name="row")
            yield Block(table.set_axis(index, axis=0), (row, 0))
    except (pa.ArrowException, OSError) as error:
        said = str(error).partition("\n")[0][:200]
        problems.append(f"not a Parquet file ({said}). Is the copy complete?")


def _has_fractions(stored: pq.ParquetFile, name: str) -> bool:
    """Whether names are numbers of which one is not whole: then 3.0 is not 3 anywhere in the file."""
    schema = stored.schema_arrow
    if name not in schema.names or not pa.types.is_floating(schema.field(name).type):
        return False
    return any(
        bool(np.any(batch.column(0).drop_null().to_numpy() % 1 != 0))
        for batch in stored.iter_batches(PARQUET_BLOCK_ROWS, columns=[name], use_threads=False)
    )
