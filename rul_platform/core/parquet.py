"""Tables as Parquet bytes and back; equal tables give equal bytes for one pyarrow version."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from rul_platform.core.parts import in_parts, part_name
from rul_platform.core.windows import Windows

if TYPE_CHECKING:
    import pandas as pd

IDENTITY = ("unit", "life", "condition")
EXPORTED = ("unit", "life", "rul", "at_least", "split")
EXPORT_ROWS = 16_384
"""Windows in one row group: 30 x 29 float32 values of each make 57 MB before compression."""


def to_parquet(table: "pd.DataFrame | pa.Table") -> bytes:
    """Encode with zstd; a dictionary only for text, since measurements hardly repeat."""
    if not isinstance(table, pa.Table):
        table = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
    text = [f.name for f in table.schema if not pa.types.is_primitive(f.type)]
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", use_dictionary=text)  # pyright: ignore[reportArgumentType]
    return sink.getvalue().to_pybytes()


def in_files(table: str, rows: "pd.DataFrame") -> dict[str, bytes]:
    """A table as the files of its parts, by name."""
    whole = pa.Table.from_pandas(rows, preserve_index=False).replace_schema_metadata(None)
    parts = list(in_parts([whole])) or [whole]
    return {
        part_name(table, number, len(parts)): to_parquet(part) for number, part in enumerate(parts)
    }


def from_parquet(source: str | BinaryIO) -> "pd.DataFrame":
    """Decode a file."""
    return pq.read_table(source).to_pandas()


def scaled_cycles(readings: "pd.DataFrame", windows: Windows, channels: Sequence[str]) -> pa.Table:
    """The scaled per-cycle table: who and when, then one float32 column for each channel."""
    identity = {name: pa.array(readings[name]) for name in IDENTITY}
    values = {name: pa.array(windows.table[:, at]) for at, name in enumerate(channels)}
    return pa.table(identity | values)


def read_windows(cycles: str, index: str, *, channels: Sequence[str], length: int) -> Windows:
    """Windows over stored tables: each row is read once, and no window is copied before its use.

    Args:
        cycles: Path of a table written from :func:`scaled_cycles`.
        index: Path of the window index.
        channels: Names of the F channels, in order.
        length: W.
    """
    stored = pq.read_table(cycles, columns=list(channels))
    table: NDArray[np.float32] = np.stack([c.to_numpy() for c in stored.columns], axis=1)
    return Windows(table, from_parquet(index), length)


def export_windows(parts: Iterable[Windows], channels: Sequence[str], target: Path) -> int:
    """Write every window with its values, in pieces, complete or not at all.

    Args:
        parts: One or more, of the same length W over F channels.
        channels: Names of the F channels.
        target: The Parquet file. Its column ``at_least`` says where ``rul`` is only a lower bound;
            ``window`` is a fixed-size list of W x F float32 values, oldest reading first. ``length``
            and ``channels`` are in the file's metadata.

    Returns:
        How many windows there are.
    """
    partial = target.with_name(target.name + ".partial")
    count, writer = 0, None
    try:
        for windows in parts:
            writer = writer or _writer(windows, channels, partial)
            _export(windows, writer)
            count += len(windows)
        if writer is not None:
            writer.close()
            partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return count


def _writer(windows: Windows, channels: Sequence[str], target: Path) -> pq.ParquetWriter:
    kind = pa.list_(pa.float32(), windows.length * len(channels))
    identity = pa.Schema.from_pandas(_exported(windows), preserve_index=False)
    about = {"length": str(windows.length), "channels": ",".join(channels)}
    schema = identity.append(pa.field("window", kind)).with_metadata(about)
    return pq.ParquetWriter(target, schema, compression="zstd", use_dictionary=False)


def _export(windows: Windows, writer: pq.ParquetWriter) -> None:
    exported = _exported(windows)
    kind = writer.schema.field("window").type
    for at in range(0, len(windows), EXPORT_ROWS):
        piece = Windows(windows.table, windows.index.iloc[at : at + EXPORT_ROWS], windows.length)
        here = exported.iloc[at : at + EXPORT_ROWS]
        rows = pa.Table.from_pandas(here, preserve_index=False)
        values = pa.FixedSizeListArray.from_arrays(piece.features().ravel(), kind.list_size)
        whole = rows.append_column("window", values.cast(kind))
        writer.write_table(whole.cast(writer.schema))


def _exported(windows: Windows) -> "pd.DataFrame":
    """What the file says of windows beside their values."""
    return windows.index.assign(at_least=windows.at_least())[list(EXPORTED)]
