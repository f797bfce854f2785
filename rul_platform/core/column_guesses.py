"""What the columns of an unknown plant's tables probably mean, and why.

Belongs here: guesses from names and values. Does not belong here: how they are written down
(``plant_draft``).

A guess that is little more than a coin toss says CHOOSE. A life that nobody can see is not guessed: it
is CHOOSE itself, which a plant file refuses.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types

from rul_platform.core.cells import are_points_in_time, column_of, numbers
from rul_platform.core.plant_problems import CHOOSE
from rul_platform.core.wording import listing

UNIT_WORDS = {
    "unit", "units", "engine", "machine", "asset", "pump", "motor", "bearing", "device", "equipment",
    "serial", "turbine", "battery", "filter", "id",
}  # fmt: skip

LIFE_WORDS = {
    "cycle": "cycles", "cycles": "cycles", "hour": "hours", "hours": "hours", "hrs": "hours",
    "second": "seconds", "seconds": "seconds", "sec": "seconds", "time": "", "life": "", "age": "",
    "runtime": "", "elapsed": "", "t": "",
}  # fmt: skip
"""Words that name a life, and the unit they imply."""

SHORT_UNITS = {"h": "hours", "hr": "hours", "s": "seconds", "cyc": "cycles"}
"""Units at the end of a name, as in ``Time(s)``."""

RATE_WORDS = {
    "per", "um", "mm", "cm", "m", "km", "ft", "l", "ml", "mg", "g", "kg", "lb", "j", "kj", "w", "kw",
    "mw", "n", "kn", "v", "mv", "a", "ma", "deg", "rad", "rev", "mol", "bar", "mbar", "pa", "kpa", "k",
}  # fmt: skip
"""After one of these, a unit of time belongs to a rate: ``vibration_mm_s``, ``Flow (l/h)``."""

EPOCH = (9e8, 5e9)
"""Seconds since 1970 from 1998 to 2128; as a life, 28 years and more."""

TABLE = "@table"
"""Added to the tables when they are put together: the number of the one that a row came from."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A guess: its value, and why."""

    value: str
    why: str


@dataclass(frozen=True, slots=True)
class Look:
    """All tables as one.

    Attributes:
        table: The columns that every table has once, and ``TABLE``.
        columns: Their names, in the order of the first table.
        numeric: Those that hold numbers only.
        stamps: Those that hold points in time, also as seconds since 1970.
        parts: The tables as they were given.
    """

    table: pd.DataFrame
    columns: tuple[str, ...]
    numeric: tuple[str, ...]
    stamps: tuple[str, ...]
    parts: Mapping[str, pd.DataFrame]

    def values(self, column: str) -> pd.Series:
        """One column of all tables."""
        return column_of(self.table, column)

    def distinct(self, column: str) -> list[str]:
        """The different values of a column, as text, sorted."""
        return sorted({str(value) for value in self.values(column).dropna()})

    def is_text(self, column: str) -> bool:
        """Whether it holds neither a number nor a point in time."""
        if column in self.numeric or column in self.stamps:
            return False
        values = self.values(column)
        cells = numbers(self.table, column, [])
        return types.is_bool_dtype(values) or not np.isfinite(cells).any()

    def by_unit(self, column: str, unit: Guess) -> list[list[NDArray[np.float64]]]:
        """The column's numbers for each unit and table, in the order of the rows."""
        units: dict[str, dict[int, list[float]]] = {}
        labels = self.values(unit.value or TABLE).astype(str)
        values = self.values(column).to_numpy(dtype=float)
        for label, table, value in zip(labels, self.values(TABLE), values, strict=True):
            units.setdefault(label, {}).setdefault(table, []).append(value)
        return [[np.asarray(part) for part in parts.values()] for parts in units.values()]


def look_at(tables: Mapping[str, pd.DataFrame]) -> Look:
    """Put tables together, as far as they agree."""
    shared = [
        name
        for name in next(iter(tables.values())).columns
        if name and name != TABLE and all(list(t.columns).count(name) == 1 for t in tables.values())
    ]
    parts = [  # without empty columns, whose type would decide the type of all
        t.reindex(columns=shared).dropna(axis=1, how="all").assign(**{TABLE: number})
        for number, t in enumerate(tables.values())
    ]
    together = pd.concat(parts, ignore_index=True).reindex(columns=[*shared, TABLE])
    numeric = [name for name in shared if _is_number(column_of(together, name))]
    stamps = [name for name in shared if _is_stamp(column_of(together, name))]
    return Look(together, tuple(shared), tuple(numeric), tuple(stamps), tables)


def guess_unit(look: Look) -> Guess:
    """The column that names the unit; "" where each file is one."""
    for column in look.columns:
        values = look.values(column)
        kinds = len(look.distinct(column))
        is_whole = not types.is_float_dtype(values) and not types.is_bool_dtype(values)
        if UNIT_WORDS & set(_words(column)) and is_whole and 1 < kinds < len(values):
            return Guess(column, f"by its name; {kinds} different values")
    if len(look.parts) > 1:
        return Guess("", "no column names a unit, so each file is taken for one unit")
    for column in look.columns:
        kinds = len(look.distinct(column))
        if look.is_text(column) and 1 < kinds < len(look.table) / 2:
            return Guess(column, f"CHOOSE: text, {kinds} different values that repeat")
    return Guess("", "CHOOSE: no column names a unit, so the file is taken for one; 3 are needed")


def guess_life(look: Look, numeric: list[str], unit: Guess) -> Guess:
    """The column that says how long the unit has run, CHOOSE where none can be seen.

    A life grows from reading to reading within every unit; a column that does not is never guessed.
    Neither is one that grows but has no such name where there are points in time: it may be wear.
    """
    named = [column for column in numeric if LIFE_WORDS.keys() & set(_time_words(column))]
    growing = [c for c in numeric if c not in look.stamps and _grows(look, c, unit)]
    for column in named:
        if column in growing:
            return Guess(column, "by its name, and it grows within each unit")
    if growing and not look.stamps:
        return Guess(
            growing[0], f"{CHOOSE}: it grows within each unit, though its name says nothing"
        )
    return Guess(CHOOSE, _why_no_life(look, growing, [c for c in named if c not in look.stamps]))


def _why_no_life(look: Look, growing: list[str], named: list[str]) -> str:
    why = "a column of numbers that grows from reading to reading within each unit"
    if growing:
        why += f"; these do, but may be wear: {listing(growing)}"
    if named:
        why += f"; named like a life, but not growing: {listing(named)}"
    if look.stamps:
        why += (
            f"; points in time are no life: {listing(look.stamps)}. Add a column with running hours, "
            f"for example the hours since the unit's first reading"
        )
    return why


def guess_life_unit(life: str) -> Guess:
    """``cycles``, ``hours`` or ``seconds``, from the column's name."""
    words = _time_words(life)
    for word in words:
        if LIFE_WORDS.get(word):
            return Guess(LIFE_WORDS[word], "by the column's name")
    if words and words[-1] in SHORT_UNITS:
        return Guess(SHORT_UNITS[words[-1]], "by the end of the column's name")
    return Guess("cycles", f"{CHOOSE}: cycles, hours or seconds")


def shortest_life(look: Look, life: str, unit: Guess) -> float:
    """The least of the units' last lives; NaN where a life is missing."""
    if life == CHOOSE:
        return np.nan
    lives = [np.max(np.concatenate(parts)) for parts in look.by_unit(life, unit)]
    return float(min(lives, default=np.nan))


def why_left_out(look: Look, column: str) -> str:
    """Why a column can be no sensor as it is, and in which table that can be seen first."""
    counts = {label: list(table.columns).count(column) for label, table in look.parts.items()}
    if lacking := [label for label, count in counts.items() if count == 0]:
        return f"not in {listing(lacking)}"
    if twice := [label for label, count in counts.items() if count > 1]:
        return f"more than once in {listing(twice)}"
    if column not in look.columns:
        return "without a name that can be used"
    if column in look.stamps:
        return "points in time, no numbers that can be learned from"
    kinds = len(look.distinct(column))
    if kinds == 0 or look.is_text(column):
        return f"text, {kinds} different values" if kinds else "empty in every row"
    for label, table in look.parts.items():
        problems: list[str] = []
        numbers(table[table[column].notna()], column, problems)
        if problems:
            return f"{label}: {problems[0]}"
    return "numbers in some files, true and false in others"


def _grows(look: Look, column: str, unit: Guess) -> bool:
    """Whether a column could be a life.

    No value is missing, none comes twice in a unit, and each unit's increase from row to row of a table,
    at least once; the tables may come in any order.
    """
    units = look.by_unit(column, unit)
    every = [part for parts in units for part in parts]
    is_there = all(bool(np.isfinite(part).all()) for part in every)
    is_up = all(bool((part[1:] > part[:-1]).all()) for part in every)
    is_once = all(len(np.unique(np.concatenate(p))) == sum(map(len, p)) for p in units)
    return is_there and is_up and is_once and any(len(part) > 1 for part in every)


def _is_number(column: pd.Series) -> bool:
    is_kind = types.is_numeric_dtype(column) and not types.is_bool_dtype(column)
    return is_kind and bool(column.notna().any())


def _is_stamp(column: pd.Series) -> bool:
    """Points in time, or seconds since 1970, or thousandths, millionths or billionths of them."""
    if not _is_number(column):
        return are_points_in_time(column)
    low, high = float(column.min()), float(column.max())
    return any(EPOCH[0] * scale <= low < high <= EPOCH[1] * scale for scale in (1, 1e3, 1e6, 1e9))


def _words(column: str) -> list[str]:
    """``Time(s)`` as time and s; ``engineId`` as engine and id; ``l/h`` as l, per and h."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column).replace("/", " per ")
    return [word for word in re.split(r"[^a-z]+", spaced.lower()) if word]


def _time_words(column: str) -> list[str]:
    """The words of a name without units of time that belong to a rate."""
    words = _words(column)
    pairs = zip(words, ["", *words], strict=False)
    return [word for word, before in pairs if before not in RATE_WORDS]
