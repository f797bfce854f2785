"""Read a C-MAPSS file row by row, and name the first line that breaks a rule.

Belongs here: the rules of one row and of its place among the others, and what a breach is called.
Does not belong here: the fast reader, which is asked first (``cmapss``).
"""

import math

import numpy as np
from numpy.typing import NDArray

from rul_platform.core.columns import COLUMNS, CYCLE, UNIT
from rul_platform.errors import MalformedRowError

NAMES = tuple(column.name for column in COLUMNS)
LARGEST_WHOLE = 2.0**53
"""From here on, a float no longer tells two neighbouring whole numbers apart."""


def read_by_row(data: bytes, name: str) -> NDArray[np.float64]:
    """The numbers of a training or test file.

    Args:
        data: The file's bytes; any blanks may stand between two numbers, and empty lines anywhere.
        name: How to call the file in a message.

    Returns:
        Shape ``(rows, 26)``, in the order of the file.

    Raises:
        MalformedRowError: The first line that breaks a rule, or a file without any row.
    """
    rows: list[list[float]] = []
    for number, line in enumerate(data.splitlines(), start=1):
        if words := line.split():
            row = _numbers(words, name, number)
            _check_order(rows[-1] if rows else None, row, name, number)
            rows.append(row)
    if not rows:
        raise MalformedRowError(
            name, line=1, column=None, found="an empty file", expected="a row of 26 columns"
        )
    return np.array(rows, dtype=np.float64)


def _numbers(words: list[bytes], name: str, line: int) -> list[float]:
    """The 26 numbers of one row, the first two of them whole and positive."""
    if len(words) != len(NAMES):
        found = f"{len(words)} column{'s' if len(words) != 1 else ''}"
        expected = f"a row of {len(NAMES)} columns"
        raise MalformedRowError(name, line=line, column=None, found=found, expected=expected)
    row = [_number(word) for word in words]
    for column, word, value in zip(NAMES, words, row, strict=True):
        counts = column in (UNIT.name, CYCLE.name)
        if not math.isfinite(value) or (counts and not _is_counting(value)):
            expected = "a whole number from 1" if counts else "a finite number"
            raise MalformedRowError(
                name, line=line, column=column, found=_shown(word), expected=expected
            )
    return row


def _number(word: bytes) -> float:
    """The number that a word spells, NaN if it spells none."""
    try:
        return math.nan if b"_" in word else float(word)  # Python would read 1_0 as 10
    except ValueError:
        return math.nan


def _is_counting(value: float) -> bool:
    return value.is_integer() and 1 <= value < LARGEST_WHOLE


def _shown(word: bytes) -> str:
    """A word of the file as it may stand in a message."""
    return repr(word[:40].decode("ascii", "backslashreplace"))


def _check_order(previous: list[float] | None, row: list[float], name: str, line: int) -> None:
    """Refuse a row that does not follow the one before it."""
    unit, cycle = int(row[0]), int(row[1])
    last_unit, last_cycle = (int(previous[0]), int(previous[1])) if previous else (0, 0)
    if unit < last_unit:
        found, expected = f"engine {unit} after engine {last_unit}", f"engine {last_unit} or later"
        raise MalformedRowError(name, line=line, column=UNIT.name, found=found, expected=expected)
    next_cycle = last_cycle + 1 if unit == last_unit else 1
    if cycle != next_cycle:
        found, expected = f"cycle {cycle} of engine {unit}", f"cycle {next_cycle}"
        raise MalformedRowError(name, line=line, column=CYCLE.name, found=found, expected=expected)


def parse_rul(data: bytes, name: str, *, engines: int) -> NDArray[np.int64]:
    """Remaining useful life of each test engine after its last recorded cycle, in cycles.

    Args:
        data: The bytes of a RUL file: one whole number in each line, in the order of the engines.
        name: How to call the file in a message.
        engines: How many engines the test file has.

    Returns:
        Shape ``(engines,)``.

    Raises:
        MalformedRowError: A line is no whole number from 0, or there is not one for each engine.
    """
    rul: list[int] = []
    last_line = 0
    for number, line in enumerate(data.splitlines(), start=1):
        if not (word := line.strip()):
            continue
        value, last_line = _number(word), number
        if not (value.is_integer() and 0 <= value < LARGEST_WHOLE):
            expected = "a whole number of cycles from 0"
            raise MalformedRowError(
                name, line=number, column="rul", found=_shown(word), expected=expected
            )
        rul.append(int(value))
    if len(rul) != engines:
        expected = f"one for each of the {engines} test engines"
        raise MalformedRowError(
            name, line=max(last_line, 1), column=None, found=f"{len(rul)} RULs", expected=expected
        )
    return np.array(rul, dtype=np.int64)
