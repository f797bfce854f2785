"""What several keys of a plant file together get wrong.

Belongs here: checks over sections that are in order one by one.
Does not belong here: what one key allows (``plant_sections``).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from rul_platform.core.expression import parse_expression
from rul_platform.core.plant_problems import CHOOSE
from rul_platform.core.plant_sections import (
    Columns,
    FailureTable,
    FileSource,
    LastRow,
    SqlSource,
    Threshold,
)
from rul_platform.errors import ExpressionError


def conflicts(parts: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each conflict.

    Args:
        parts: The fields of a plant; None for a section that is absent or has problems of its own.
    """
    yield from _column_conflicts(parts["columns"], parts["source"], parts["sensors"])
    yield from _failure_conflicts(parts["failure"], parts["source"], parts["sensors"])
    resample, label, split = parts["resample"], parts["label"], parts["split"]
    if resample is not None and label is not None and resample.step >= label.cap:
        yield (
            f"[resample] step: found {resample.step:g}, but must be below the label cap "
            f"{label.cap:g}; otherwise nearly no reading has a label of its own."
        )
    if not split.patterns and split.valid + split.test >= 1:
        yield (
            f"[split]: valid {split.valid:g} and test {split.test:g} leave no unit to train on; "
            f"together they must stay below 1."
        )


def unit_conflict(columns: Mapping[str, Any]) -> Iterator[str]:
    """The unit must be named in exactly one way; ``columns`` is the section as TOML gives it."""
    has_column, is_from_file = "unit" in columns, bool(columns.get("unit_from_file"))
    if has_column == is_from_file:
        found = "both" if has_column else "neither"
        yield f"[columns]: found {found}; give exactly one of unit and unit_from_file = true."


def _column_conflicts(
    columns: Columns | None, source: FileSource | SqlSource | None, sensors: Mapping[str, Any]
) -> Iterator[str]:
    if columns is None:
        return
    if columns.unit_from_file and isinstance(source, SqlSource):
        yield "[columns] unit_from_file: a query has no files; name the column in unit."
    named = {
        "[columns] unit": columns.unit,
        "[columns] life": columns.life,
        "[columns] condition": columns.condition,
    } | {f"[sensors] {short}": column for short, column in sensors.items()}
    users: dict[str, list[str]] = {}
    for key, column in named.items():
        if isinstance(column, str) and column != CHOOSE:
            users.setdefault(column, []).append(key)
    for column, keys in users.items():
        if len(keys) > 1:
            yield f"column {column!r} is used by {' and '.join(keys)}; use it once."


def _failure_conflicts(
    failure: LastRow | Threshold | FailureTable | None,
    source: FileSource | SqlSource | None,
    sensors: Mapping[str, Any],
) -> Iterator[str]:
    match failure:
        case FailureTable(query=str()) if isinstance(source, FileSource):
            yield "[failure] query: the readings come from files, so there is no database; use files."
        case Threshold(expression=expression):
            try:
                parse_expression(expression, list(sensors))
            except ExpressionError as error:
                yield f"[failure] expression: {error}"
        case _:
            return
