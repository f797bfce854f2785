"""CSV files that people import: every problem told with its line, before anything is taken.

Belongs here: columns and cells. Does not belong here: what the rows mean (``operation.intake``).
"""

import csv
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rul_platform.core.wording import did_you_mean, quoted
from rul_platform.errors import IntakeError

MOMENT = "a time in ISO 8601 with its zone, as 2026-03-01T08:00:00Z,"

UNREADABLE = datetime.max  # noqa: DTZ901  no zone, so that nobody takes it
"""Stands for a cell that is no moment."""


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One row.

    Attributes:
        line: Where it begins in the file, from 1.
        cells: Column to text without spaces around it; columns that are empty or absent hold "".
    """

    line: int
    cells: dict[str, str]


def read_rows(path: Path, *, required: Iterable[str], optional: Iterable[str]) -> list[CsvRow]:
    """The rows of a CSV file with a header.

    Args:
        path: UTF-8 text, with or without a byte order mark; commas between cells.
        required: Columns that must be there, and hold something in every row.
        optional: Columns that may be there.

    Raises:
        IntakeError: The file is no such table; lists every problem with its line.
    """
    needed, allowed = list(required), [*required, *optional]
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            header = [name.strip() for name in next(reader, [])]
            problems = _header_problems(header, needed, allowed)
            found = [] if problems else list(_rows(reader, header, problems))
    except (UnicodeDecodeError, csv.Error) as error:
        raise IntakeError(str(path), [f"is no CSV file in UTF-8 ({error})"]) from error
    for row in found:
        empty = [name for name in needed if not row.cells[name]]
        problems += [f"line {row.line}: {name} is empty" for name in empty]
    if not problems and not found:
        problems.append("holds no row, only the names of the columns")
    if problems:
        raise IntakeError(str(path), problems)
    return [CsvRow(row.line, dict.fromkeys(allowed, "") | row.cells) for row in found]


@contextmanager
def told_by_line(path: Path, rows: Sequence[CsvRow], problems: Sequence[str]) -> Iterator[None]:
    """Turn what is refused inside, row by row, into what is wrong with the file, line by line.

    Args:
        path: The file.
        rows: In the order in which they are taken inside.
        problems: Of single cells. Something unreadable stands for each such cell, so that it is refused
            inside together with everything else that is wrong.

    Raises:
        IntakeError: Lists every problem in the order of lines.
    """
    try:
        yield
    except IntakeError as error:
        found = [problem for problem in map(_in_row, error.problems) if not _is_ours(problem[1])]
        lines = [f"line {rows[row - 1].line}: {problem}" for row, problem in found]
        every = sorted([*problems, *lines], key=lambda each: int(each.split()[1].rstrip(":")))
        raise IntakeError(str(path), every) from error


def number(row: CsvRow, column: str, problems: list[str]) -> float:
    """A finite number; NaN, and a problem more, where the cell holds none."""
    text = row.cells[column]
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        problems.append(f"line {row.line}: {column} is {quoted(text)}, a number is expected")
        return math.nan
    return value


def moment(row: CsvRow, column: str, problems: list[str]) -> datetime | None:
    """A moment, or None for an empty cell; ``UNREADABLE``, and a problem more, where it is neither."""
    text = row.cells[column]
    if not text:
        return None
    found = parse_moment(text)
    if found is None:
        problems.append(f"line {row.line}: {column} is {quoted(text)}, {MOMENT} is expected")
        return UNREADABLE
    return found


def parse_moment(text: str) -> datetime | None:
    """A moment in UTC from ISO 8601 with a time zone; None for anything else.

    >>> parse_moment("2026-03-01T09:00+01:00")
    datetime.datetime(2026, 3, 1, 8, 0, tzinfo=datetime.timezone.utc)
    >>> parse_moment("2026-03-01T09:00")
    """
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _header_problems(header: list[str], required: list[str], allowed: list[str]) -> list[str]:
    missing = [name for name in required if name not in header]
    unknown = [name for name in header if name not in allowed]
    doubles = sorted({name for name in header if header.count(name) > 1})
    there = f"the first line must name them; found {', '.join(header) or 'nothing'}"
    return [
        *(f"line 1: there is no column {name!r}: {there}" for name in missing),
        *(
            f"line 1: column {name!r} is not known, there may be {', '.join(allowed)}"
            f"{did_you_mean(name, allowed)}"
            for name in unknown
        ),
        *(f"line 1: column {name!r} stands there twice" for name in doubles),
    ]


def _rows(reader: Any, header: list[str], problems: list[str]) -> Iterable[CsvRow]:
    begin = reader.line_num + 1
    for cells in reader:
        if cells and len(cells) != len(header):
            problems.append(f"line {begin}: {len(cells)} cells, the header has {len(header)}")
        elif any(cell.strip() for cell in cells):
            yield CsvRow(begin, dict(zip(header, (cell.strip() for cell in cells), strict=True)))
        begin = reader.line_num + 1


def _in_row(problem: str) -> tuple[int, str]:
    """``row 3: what`` as 3 and what."""
    where, _, what = problem.partition(": ")
    return int(where.removeprefix("row ")), what


def _is_ours(problem: str) -> bool:
    """Whether it is about what stands for an unreadable cell."""
    return problem.startswith((UNREADABLE.isoformat(), "life is nan"))
