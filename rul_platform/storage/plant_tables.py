"""Bytes of a CSV or Parquet file of a plant, as a table whose index counts lines or rows.

Belongs here: encodings, delimiters, and rows of another length than the header.
Does not belong here: finding files (``plant_source``), what the columns mean (``core.readings``).

Every function appends what is wrong to ``problems`` and then returns None, so that a person sees the
problems of all files at once.
"""

import csv
import io
from collections.abc import Collection
from pathlib import PurePath

import pandas as pd
import pyarrow as pa
from pyarrow import csv as pa_csv
from pyarrow import parquet as pa_parquet

CSV_SUFFIXES = (".csv", ".tsv", ".txt")
PARQUET_SUFFIXES = (".parquet", ".pq")
DELIMITERS = (",", ";", "\t")
LARGEST_BLOCK = 2**31 - 1
"""What pyarrow takes at most in one piece; in one piece, a column's type follows from all its cells."""


def read_table(
    data: bytes,
    name: str,
    *,
    text: Collection[str],
    decimal: str,
    problems: list[str],
    lines_before: int = 0,
) -> pd.DataFrame | None:
    """The table in a file, by the suffix of its name.

    Args:
        data: The whole file; or, of a CSV file, the line with the names and some of the others.
        name: Only its suffix matters.
        text: Columns that are names: kept as they are written, so that ``007`` stays ``007``.
        decimal: Decimal mark of a CSV file.
        problems: Grows by what is wrong.
        lines_before: How many lines were left out between the names and the rest.

    Returns:
        Index as ``core.cells`` describes it: ``line`` of a CSV file, ``row`` of a Parquet file.
    """
    suffix = PurePath(name).suffix.lower()
    if suffix in CSV_SUFFIXES:
        return _read_csv(data, text, decimal, problems, lines_before)
    if suffix in PARQUET_SUFFIXES:
        return _read_parquet(data, problems)
    known = ", ".join((*CSV_SUFFIXES, *PARQUET_SUFFIXES))
    problems.append(
        f"found a file that ends in {suffix or 'no suffix'}, but must be one of {known}."
    )
    return None


def _read_parquet(data: bytes, problems: list[str]) -> pd.DataFrame | None:
    try:
        table = pa_parquet.read_table(io.BytesIO(data)).to_pandas(ignore_metadata=True)
    except (pa.ArrowException, OSError) as error:
        problems.append(f"not a Parquet file ({_first_line(error)}). Is the copy complete?")
        return None
    return table.set_axis(pd.RangeIndex(1, len(table) + 1, name="row"), axis=0)


def _read_csv(
    data: bytes, text: Collection[str], decimal: str, problems: list[str], lines_before: int
) -> pd.DataFrame | None:
    header = _header(data, problems)
    if header is None:
        return None
    delimiter = max(DELIMITERS, key=lambda mark: len(_split(header, mark)))
    if delimiter == decimal:
        problems.append(
            "the columns are divided by commas, so a comma cannot be the decimal mark; divide them by "
            'semicolons, or set decimal = "." in [source].'
        )
        return None
    rows = _Rows()
    try:
        table = pa_csv.read_csv(
            io.BytesIO(data),
            pa_csv.ReadOptions(use_threads=False, block_size=min(len(data) + 1, LARGEST_BLOCK)),
            pa_csv.ParseOptions(
                delimiter=delimiter, ignore_empty_lines=False, invalid_row_handler=rows.skip
            ),
            pa_csv.ConvertOptions(
                decimal_point=decimal,
                strings_can_be_null=True,
                column_types=dict.fromkeys(text, pa.string()),
            ),
        )
    except (pa.ArrowException, OSError) as error:
        problems.append(f"not a CSV file that can be read ({_first_line(error)}).")
        return None
    return _numbered(table.to_pandas(), rows, problems, lines_before)


def _numbered(
    table: pd.DataFrame, rows: "_Rows", problems: list[str], lines_before: int
) -> pd.DataFrame | None:
    """Lines counted as an editor counts them; empty lines are left out."""
    if rows.wrong:
        line, found, expected = rows.wrong[0]
        more = f", and {len(rows.wrong) - 1} more such lines" if len(rows.wrong) > 1 else ""
        problems.append(
            f"line {line + lines_before}: found {found} columns where the header has "
            f"{expected}{more}. Is a value with a comma not in quotes, or the file cut off?"
        )
        return None
    first = 2 + lines_before
    table.index = pd.RangeIndex(first, first + len(table), name="line")
    return table.dropna(how="all")


class _Rows:
    """Collects rows of another length than the header."""

    def __init__(self) -> None:
        self.wrong: list[tuple[int, int, int]] = []

    def skip(self, row: pa_csv.InvalidRow) -> str:
        """Called by pyarrow; line, columns found and expected are kept."""
        self.wrong.append((row.number or 0, row.actual_columns, row.expected_columns))
        return "skip"


def _header(data: bytes, problems: list[str]) -> str | None:
    """The first line, once the bytes are known to be text and not empty."""
    if not data.strip():
        problems.append(
            "the file is empty; a line with the names of the columns is expected first."
        )
        return None
    try:
        decoded = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problems.append(
            f"not UTF-8 text: byte {error.start + 1} is 0x{data[error.start]:02x}. Is it a "
            f"spreadsheet or an archive? Save it as CSV in UTF-8."
        )
        return None
    if "\0" in decoded:
        problems.append("binary data, not text. Is it a spreadsheet or an archive? Save it as CSV.")
        return None
    header = decoded.splitlines()[0]
    if not header.strip():
        problems.append("line 1 is empty; the names of the columns are expected there.")
        return None
    return header


def _split(header: str, mark: str) -> list[str]:
    return next(csv.reader([header], delimiter=mark))


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200]
