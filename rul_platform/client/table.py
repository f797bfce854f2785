"""Readings in a table with the plant's own columns, as the service takes them.

Belongs here: from rows to lists by unit. Does not belong here: what is wrong with readings; the service
says so.
"""

from collections.abc import Mapping, Sequence
from math import isfinite, nan
from typing import TYPE_CHECKING, Any

from rul_platform.client.problem import ProblemError

if TYPE_CHECKING:
    import pandas as pd

Units = Mapping[str, Mapping[str, Sequence[float]]]
"""Unit to its readings: column to values."""

MISSING = ("None", "nan", "NaT", "<NA>")
"""What pandas puts where there is nothing, as text."""


def bodies(given: "Units | pd.DataFrame", unit: str | None, condition: str | None) -> list[Any]:
    """One JSON object for each unit.

    Args:
        given: As of ``Client.predict``.
        unit: The table's column of units.
        condition: The column of operating conditions, of the table or among the readings, if any.

    Raises:
        ValueError: A table is given without saying which column holds the units, or one is not there;
            a row names no unit; two units have one name.
        ProblemError: Lists what is no finite number: JSON has no way to say it.
    """
    units = given if isinstance(given, Mapping) else _by_unit(given, unit)
    problems = list[str]()
    found = [_body(str(name), readings, condition, problems) for name, readings in units.items()]
    if problems:
        detail = "Readings must be finite numbers; leave out rows that have none."
        raise ProblemError(422, code="invalid", detail=detail, problems=tuple(problems))
    return found


def _by_unit(table: "pd.DataFrame", unit: str | None) -> dict[str, dict[str, list[Any]]]:
    if unit is None or unit not in table.columns:
        message = (
            f"unit is {unit!r}, but must name the column that says which machine a row is of: one of "
            f"{', '.join(map(str, table.columns))}."
        )
        raise ValueError(message)
    found, seen = dict[str, dict[str, list[Any]]](), dict[str, Any]()
    for value, rows in table.groupby(unit, sort=False, dropna=False, observed=True):
        name = _name(value, unit, rows.index[0])
        if name in seen:
            message = (
                f"Column {unit!r} holds {seen[name]!r} and {value!r}, which are both the machine "
                f"{name!r}; give each machine one name, as text."
            )
            raise ValueError(message)
        seen[name] = value
        found[name] = {str(each): rows[each].tolist() for each in rows.columns if each != unit}
    return found


def _name(value: Any, column: str, row: Any) -> str:
    """A machine's name; pandas makes 7 a 7.0 where other rows of the column have no number.

    Raises:
        ValueError: There is none.
    """
    if not isinstance(value, str) and str(value) in MISSING:
        message = f"Column {column!r} names no machine in row {row}; name it, or leave the row out."
        raise ValueError(message)
    is_integer = getattr(value, "is_integer", None)  # of floats, NumPy's too
    return str(int(value) if is_integer is not None and is_integer() else value)


def _body(
    unit: str, readings: Mapping[str, Sequence[Any]], condition: str | None, problems: list[str]
) -> dict[str, Any]:
    columns = dict[str, list[float]]()
    for name, values in readings.items():
        if name != condition:
            columns[name] = [_number(each) for each in values]
            wrong = [at for at, each in enumerate(columns[name], start=1) if not isfinite(each)]
            if wrong:
                problems.append(f"unit {unit}, column {name}: no number in reading {wrong[0]}")
    told: dict[str, Any] = {"unit": unit, "readings": columns}
    if condition is not None:
        told["conditions"] = [_label(each) for each in readings[condition]]
    return told


def _number(value: Any) -> float:
    """A float, also of a whole number of NumPy's; NaN of what is none."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return nan


def _label(value: Any) -> str | int:
    is_whole = isinstance(value, float) and value.is_integer()
    return int(value) if is_whole or hasattr(value, "__index__") else str(value)
