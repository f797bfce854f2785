"""Readings that somebody gives for a prediction, checked and in the fleet's format.

Belongs here: the rules for readings in memory, all problems told at once.
Does not belong here: files with a plant's own column names (``core.readings``).
"""

from typing import TYPE_CHECKING

import numpy as np

from rul_platform.core.cells import LARGEST_NUMBER
from rul_platform.core.fleet import FIXED_COLUMNS, Fleet, summarise_units
from rul_platform.core.preparation import Preparation
from rul_platform.errors import ReadingsError

if TYPE_CHECKING:
    import pandas as pd


def as_history(readings: "pd.DataFrame", preparation: Preparation) -> Fleet:
    """Check readings from outside and bring them into the fleet's format.

    Raises:
        ReadingsError: Lists everything that is wrong with the readings.
    """
    sensors = preparation.scaler.sensors
    readings = readings.reset_index(drop=True)
    if "condition" not in readings.columns and len(preparation.scaler.conditions) == 1:
        readings["condition"] = preparation.scaler.conditions[0]
    missing = [c for c in (*FIXED_COLUMNS, *sensors) if c not in readings.columns]
    problems = [f"column {', '.join(missing)} missing"] if missing else []
    if readings.empty:
        problems.append("no row")
    if problems:
        raise ReadingsError("readings", problems)
    unclear = [*_name_problems(readings), *_mixed_units(readings["unit"])]
    problems = list(unclear)
    for column in ("unit", "condition"):
        readings[column] = readings[column].astype(str)
    for column in ("life", *sensors):
        values = _numbers(readings[column])
        problems += _number_problems(
            readings[column], values, least=0 if column == "life" else None
        )
        readings[column] = values
    if not unclear:
        problems += _doubles(readings)
    if problems:
        raise ReadingsError("readings", problems)
    ordered = readings.sort_values(["unit", "life"], kind="stable", ignore_index=True)
    ordered = ordered[[*FIXED_COLUMNS, *sensors]]
    return Fleet(ordered, summarise_units(ordered, np.nan))


def _name_problems(readings: "pd.DataFrame") -> list[str]:
    """Where a unit or a condition has no name."""
    problems = []
    for column in ("unit", "condition"):
        is_bad = readings[column].isna() | (readings[column].astype(str).str.strip() == "")
        problems += [
            f"{column} is missing in row {row + 1}, a name is expected"
            for row in np.flatnonzero(is_bad)[:1]
        ]
    return problems


def _mixed_units(units: "pd.Series") -> list[str]:
    """Units that are a number in one row and text in another, as 1 and "1"."""
    kinds = units.map(lambda unit: isinstance(unit, str)).groupby(units.astype(str)).nunique()
    return [
        f"unit {unit} is a number in some rows and text in others, write it alike in all"
        for unit in kinds.index[kinds > 1]
    ]


def _numbers(column: "pd.Series") -> "pd.Series":
    """The column as floats; NaN for what is no number, and a truth value is none."""
    import pandas as pd

    if pd.api.types.is_bool_dtype(column):
        return pd.Series(np.nan, index=column.index)
    if not pd.api.types.is_numeric_dtype(column):
        column = column.mask(column.map(lambda value: isinstance(value, bool | np.bool_)))
    return pd.to_numeric(column, errors="coerce").astype("float64")


def _number_problems(given: "pd.Series", values: "pd.Series", *, least: float | None) -> list[str]:
    """The first value that is no finite number, and the first below ``least``."""
    checks = {"a number": ~np.isfinite(values)}
    checks[f"at most {LARGEST_NUMBER:g}"] = np.isfinite(values) & (np.abs(values) > LARGEST_NUMBER)
    if least is not None:
        checks[f"{least:g} or more"] = np.isfinite(values) & (values < least)
    return [
        f"{given.name} is {given.tolist()[row]!r} in row {row + 1}, {expected} is expected"
        for expected, is_bad in checks.items()
        for row in np.flatnonzero(is_bad)[:1]
    ]


def _doubles(readings: "pd.DataFrame") -> list[str]:
    """The first unit that has two readings at the same life."""
    placed = readings.loc[readings["life"].notna(), ["unit", "life"]]
    doubles = placed[placed.duplicated()]
    return [
        f"unit {unit} has two readings at life {life}"
        for unit, life in doubles.head(1).itertuples(index=False)
    ]
