"""What the columns of an unknown plant's tables probably mean, and why.

Belongs here: guesses from names and values. Does not belong here: how they are written down
(``plant_draft``).

A guess that is little more than a coin toss says CHOOSE.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api import types

from rul_platform.core.cells import column_of

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
"""Units as they stand beside such a word, as in ``Time(s)``."""

TABLE = "@table"
"""Added to the tables when they are put together: the name of the one that a row came from."""


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
        tables: How many tables there are.
    """

    table: pd.DataFrame
    columns: tuple[str, ...]
    numeric: tuple[str, ...]
    tables: int

    def values(self, column: str) -> pd.Series:
        """One column of all tables."""
        return column_of(self.table, column)

    def distinct(self, column: str) -> list[str]:
        """The different values of a column, as text, sorted."""
        return sorted({str(value) for value in self.values(column).dropna()})

    def by_unit(self, column: str, unit: Guess) -> list[list[float]]:
        """The column's numbers for each unit, in the order of the rows."""
        units: dict[object, list[float]] = {}
        labels = self.values(unit.value or TABLE)
        for label, value in zip(labels, self.values(column).to_numpy(dtype=float), strict=True):
            units.setdefault(label, []).append(value)
        return list(units.values())


def look_at(tables: Mapping[str, pd.DataFrame]) -> Look:
    """Put tables together, as far as they agree."""
    shared = [
        name
        for name in next(iter(tables.values())).columns
        if name and name != TABLE and all(list(t.columns).count(name) == 1 for t in tables.values())
    ]
    parts = [t.reindex(columns=shared).assign(**{TABLE: label}) for label, t in tables.items()]
    together = pd.concat(parts, ignore_index=True)
    numeric = [name for name in shared if _is_number(column_of(together, name))]
    return Look(together, tuple(shared), tuple(numeric), len(tables))


def guess_unit(look: Look) -> Guess:
    """The column that names the unit; "" where each file is one."""
    for column in look.columns:
        values = look.values(column)
        kinds = len(look.distinct(column))
        is_whole = not types.is_float_dtype(values) and not types.is_bool_dtype(values)
        if UNIT_WORDS & _words(column) and is_whole and 1 < kinds < len(values):
            return Guess(column, f"by its name; {kinds} different values")
    if look.tables > 1:
        return Guess("", "no column names a unit, so each file is taken for one unit")
    for column in look.columns:
        kinds = len(look.distinct(column))
        if column not in look.numeric and 1 < kinds < len(look.table) / 2:
            return Guess(column, f"CHOOSE: text, {kinds} different values that repeat")
    return Guess("", "CHOOSE: no column names a unit, so the file is taken for one; 3 are needed")


def guess_life(look: Look, numeric: list[str], unit: Guess) -> Guess:
    """The column that says how long the unit has run; ``numeric`` is not empty."""
    named = [column for column in numeric if LIFE_WORDS.keys() & _words(column)]
    growing = [column for column in numeric if _grows(look.by_unit(column, unit))]
    for column in named:
        if column in growing:
            return Guess(column, "by its name, and it grows within each unit")
    if growing:
        return Guess(growing[0], "CHOOSE: it grows within each unit")
    why = "CHOOSE: no column grows within each unit; which one says how long the unit has run?"
    return Guess((named or numeric)[0], why)


def guess_life_unit(life: str) -> Guess:
    """``cycles``, ``hours`` or ``seconds``, from the column's name."""
    words = _words(life)
    for known in (LIFE_WORDS, SHORT_UNITS):
        for word in sorted(words & known.keys()):
            if known[word]:
                return Guess(known[word], "by the column's name")
    return Guess("cycles", "CHOOSE: cycles, hours or seconds")


def shortest_life(look: Look, life: str, unit: Guess) -> float:
    """The least of the units' last lives; NaN where a life is missing."""
    return float(min((np.max(lives) for lives in look.by_unit(life, unit)), default=np.nan))


def _grows(units: list[list[float]]) -> bool:
    """Whether all values are there and each unit's are strictly increasing, at least once."""
    steps = np.concatenate([np.diff(values) for values in units]) if units else np.empty(0)
    return len(steps) > 0 and bool((steps > 0).all())


def _is_number(column: pd.Series) -> bool:
    return types.is_numeric_dtype(column) and not types.is_bool_dtype(column)


def _words(column: str) -> set[str]:
    """``Time(s)`` as time and s; ``engineId`` as engine and id."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column)
    return set(re.split(r"[^a-z]+", spaced.lower())) - {""}
