"""Cells of a source's table as numbers and names, and the first cell that is neither.

Belongs here: one column at a time, and where in the source a cell stands.
Does not belong here: which columns a plant needs (``readings``).

A table's index says where its rows come from: named ``line``, it counts lines of a CSV file from 1
with the header in line 1; named ``row``, it counts rows of a Parquet file or of a query's result
from 1.
"""

import re
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from rul_platform.core.wording import did_you_mean, listing, quoted

if TYPE_CHECKING:
    import pandas as pd

LARGEST_NUMBER = 1e15
"""No reading may be further from 0. Models scale in float32, which ends at 3.4e38: the squares of such
numbers, summed over 1e8 readings, just fit. No sensor measures more, but some exports mark a missing
reading with 1e300."""

POINT_IN_TIME = re.compile(r"\s*(\d{1,4}[-./]\d{1,2}[-./]\d{1,4}\b|\d{1,2}:\d{2})")
"""How a date, or the time of a day, begins."""

CELLS_TO_LOOK_AT = 1000
"""So many cells tell whether a column holds points in time."""


def missing_columns(table: "pd.DataFrame", wanted: list[str]) -> list[str]:
    """A sentence for each wanted column that ``table`` lacks or has twice."""
    found = [str(column) for column in table.columns]
    return [
        f"no column {name!r}{did_you_mean(name, found) or '.'} Columns there: {listing(found)}."
        if found.count(name) == 0
        else f"column {name!r} stands there {found.count(name)} times; rename the others."
        for name in wanted
        if found.count(name) != 1
    ]


def column_of(table: "pd.DataFrame", name: str) -> "pd.Series":
    """One column; tells the type checker that the name stands there once."""
    return cast("pd.Series", table[name])


def numbers(table: "pd.DataFrame", name: str, problems: list[str]) -> NDArray[np.float64]:
    """The column as floats; the first cell that is none, or far too large, goes into ``problems``.

    Returns:
        Shape ``(rows,)``; NaN for what could not be read.
    """
    column = column_of(table, name)
    values = _to_floats(column)
    is_bad = ~np.isfinite(values)
    if is_bad.any():
        problems.append(_first_bad(column, is_bad, f"a number is expected{_hint(column)}"))
    allowed = (
        f"a number from {-LARGEST_NUMBER:g} to {LARGEST_NUMBER:g} is expected; "
        f"a reading that is missing has to be filled or taken out"
    )
    is_huge = np.isfinite(values) & (np.abs(values) > LARGEST_NUMBER)
    refuse(table, name, is_huge, allowed, problems)
    return values


def are_points_in_time(column: "pd.Series") -> bool:
    """Whether every cell that is not empty reads as a date or as the time of a day."""
    from pandas.api import types

    if types.is_numeric_dtype(column):
        return False
    text = column.dropna().iloc[:CELLS_TO_LOOK_AT].astype(str)
    return bool(len(text)) and bool(text.str.match(POINT_IN_TIME).all())


def names(table: "pd.DataFrame", name: str, problems: list[str]) -> "pd.Series":
    """The column as text without blanks around it; 3 and 3.0 both give ``3``.

    Returns:
        One string for each row; the first empty cell goes into ``problems``.
    """
    from pandas.api import types

    column = column_of(table, name)
    if types.is_float_dtype(column) and bool(np.all(column.dropna().to_numpy() % 1 == 0)):
        column = column.astype("Int64")
    text = column.astype(str).str.strip()
    is_bad = column.isna().to_numpy(dtype=bool) | (text == "").to_numpy(dtype=bool)
    if is_bad.any():
        problems.append(_first_bad(column, is_bad, "a name is expected"))
    return text.where(~is_bad, "")


def refuse(
    table: "pd.DataFrame", name: str, is_bad: NDArray[np.bool_], expected: str, problems: list[str]
) -> None:
    """Append the first cell where ``is_bad``, if any."""
    if is_bad.any():
        problems.append(_first_bad(column_of(table, name), is_bad, expected))


def _to_floats(column: "pd.Series") -> NDArray[np.float64]:
    """Floats, NaN for anything that is not a number; a point in time is not a number."""
    import pandas as pd
    from pandas.api import types

    if types.is_numeric_dtype(column) and not types.is_complex_dtype(column):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    if types.is_object_dtype(column) or types.is_string_dtype(column):
        parsed: Any = pd.to_numeric(column, errors="coerce")
        return cast("pd.Series", parsed).to_numpy(dtype=np.float64, na_value=np.nan)
    return np.full(len(column), np.nan)


def _first_bad(column: "pd.Series", is_bad: NDArray[np.bool_], expected: str) -> str:
    import pandas as pd

    first = int(np.argmax(is_bad))
    cell = column.iloc[first]
    found = "an empty cell" if pd.isna(cell) or str(cell).strip() == "" else quoted(_plain(cell))
    more = f" ({is_bad.sum()} such cells in this column)" if is_bad.sum() > 1 else ""
    where = f"{column.index.name or 'row'} {column.index[first]}"
    return f"{where}, column {column.name!r}: found {found} where {expected}{more}."


def _plain(cell: object) -> object:
    """A cell as a person wrote it, not as NumPy shows it."""
    return cell.item() if isinstance(cell, np.generic) else cell


def _hint(column: "pd.Series") -> str:
    """What to do about a column that is not all numbers, where that can be seen."""
    if are_points_in_time(column):
        return (
            "; a point in time is none: for a life, give running hours, as the hours since the "
            "unit's first reading"
        )
    return "; is the decimal mark a comma? Set decimal in [source]" if _has_comma(column) else ""


def _has_comma(column: "pd.Series") -> bool:
    """Whether the cells read as numbers once a comma counts as the decimal mark."""
    from pandas.api import types

    if not (types.is_object_dtype(column) or types.is_string_dtype(column)):
        return False
    text = column.dropna().astype(str)
    return bool(len(text)) and bool(text.str.fullmatch(r"\s*[-+]?\d+,\d+\s*").any())
