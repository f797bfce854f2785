"""Tables that are stored as several files: how long each is, and what they are called.

A table of at most ``PART_ROWS`` rows is one file, ``cycles.parquet``; a longer one is
``cycles-00000.parquet``, ``cycles-00001.parquet`` and so on, each of ``PART_ROWS`` rows but the last.
The rows follow each other from file to file, and a unit may go on in the next one. Every file is one
row group, so that neither the size of a batch nor an interruption leaves a mark in its bytes.

Belongs here: names, and cutting rows to the size of parts. Does not belong here: encoding (``parquet``),
keeping (``storage``).
"""

import re
from collections.abc import Iterable, Iterator

import pyarrow as pa

PART_ROWS = 2**20
"""Rows in one file; what one row group of pyarrow holds unless it is told otherwise."""


def part_name(table: str, number: int, count: int) -> str:
    """The file of one part of a table.

    >>> part_name("cycles", 0, 1), part_name("cycles", 3, 12)
    ('cycles.parquet', 'cycles-00003.parquet')
    """
    return f"{table}.parquet" if count == 1 else f"{table}-{number:05d}.parquet"


def part_names(files: Iterable[str], table: str) -> tuple[str, ...]:
    """Those of an artifact's files that are a table's parts, in their order; empty without any.

    >>> part_names(["cycles-00001.parquet", "cycles-00000.parquet", "units.parquet"], "cycles")
    ('cycles-00000.parquet', 'cycles-00001.parquet')
    """
    pattern = re.compile(rf"{re.escape(table)}(-\d{{5,}})?\.parquet")
    return tuple(sorted(name for name in files if pattern.fullmatch(name)))


def in_parts(tables: Iterable[pa.Table], rows: int = PART_ROWS) -> Iterator[pa.Table]:
    """The rows of many tables as tables of ``rows`` rows, the last one of what is left."""
    waiting: list[pa.Table] = []
    held = 0
    for table in tables:
        begin = 0
        while begin < table.num_rows:
            some = table.slice(begin, rows - held)
            waiting.append(some)
            begin, held = begin + some.num_rows, held + some.num_rows
            if held == rows:
                yield pa.concat_tables(waiting).combine_chunks()
                waiting, held = [], 0
    if waiting:
        yield pa.concat_tables(waiting).combine_chunks()
