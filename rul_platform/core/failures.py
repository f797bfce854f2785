"""When each unit of a plant failed, by the rule of its plant file.

Belongs here: the three rules, and cutting histories at the failure.
Does not belong here: what is read (``readings``), labels (``labels``).

The failure is found on the readings as they came, before any resampling, so that a resampled history
still ends at it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import assert_never, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rul_platform.core import cells
from rul_platform.core.expression import parse_expression
from rul_platform.core.plant import Plant
from rul_platform.core.plant_sections import FailureTable, LastRow, Threshold
from rul_platform.core.wording import did_you_mean
from rul_platform.errors import ExpressionError

READINGS_NEEDED = 2
"""A unit that failed needs a course up to its failure, not only a point."""


def failure_lives(
    readings: pd.DataFrame, plant: Plant, table: pd.DataFrame | None, problems: list[str]
) -> dict[str, float]:
    """The life at which each unit failed.

    Args:
        readings: Ordered by unit, then by life; sensors by their short names.
        plant: Says what a failure is.
        table: The failure table as read, where the plant has one.
        problems: Grows by what cannot be used.

    Returns:
        By unit, in the plant's unit of life; a unit that has not failed is absent.
    """
    match plant.failure:
        case LastRow():
            last = ~readings["unit"].duplicated(keep="last").to_numpy(dtype=np.bool_)
            return _lives(readings, last)
        case Threshold(expression=text):
            return _first_crossings(readings, text, plant.sensors, problems)
        case FailureTable() as rule:
            if table is None:
                problems.append("[failure]: the table of failures was not given.")
                return {}
            return listed(table, rule, list(dict.fromkeys(readings["unit"])), problems)
        case unknown:
            assert_never(unknown)


def check_histories(
    readings: pd.DataFrame, failed_at: Mapping[str, float], problems: list[str]
) -> None:
    """Append every failed unit whose history is too short to learn from."""
    before = Counter(cut(readings, failed_at)["unit"])
    problems += short_histories(failed_at, before)


def short_histories(failed_at: Mapping[str, float], before: Mapping[str, int]) -> list[str]:
    """A sentence for each failed unit that has too few readings ``before`` its failure."""
    return [
        f"unit {unit!r} failed at {life:g} with {before[unit]} readings up to then, at least "
        f"{READINGS_NEEDED} are needed. Is [failure] right, and [columns] unit?"
        for unit, life in failed_at.items()
        if before[unit] < READINGS_NEEDED
    ]


def cut(readings: pd.DataFrame, ends: Mapping[str, float]) -> pd.DataFrame:
    """Readings up to the life at which each unit failed or left service; all of any other unit."""
    limit = [ends.get(unit, np.inf) for unit in readings["unit"]]
    is_kept = readings["life"].to_numpy(dtype=np.float64) <= np.array(limit)
    return cast("pd.DataFrame", readings[is_kept]).reset_index(drop=True)


def _lives(readings: pd.DataFrame, where: NDArray[np.bool_]) -> dict[str, float]:
    """Unit and life of the readings ``where``, the first of each unit."""
    units = readings["unit"].to_numpy()[where]
    lives = readings["life"].to_numpy(dtype=np.float64)[where]
    backwards = {str(u): float(v) for u, v in zip(units[::-1], lives[::-1], strict=True)}
    return dict(reversed(backwards.items()))


def _first_crossings(
    readings: pd.DataFrame, text: str, sensors: Iterable[str], problems: list[str]
) -> dict[str, float]:
    """Life of the first reading of each unit for which the rule is true."""
    rule = parse_expression(text, list(sensors))
    columns = {name: readings[name].to_numpy(dtype=np.float64) for name in rule.sensors}
    try:
        return _lives(readings, rule.holds(columns))
    except ExpressionError as error:
        problems.append(f"[failure] expression: {error}")
        return {}


def listed(
    table: pd.DataFrame, rule: FailureTable, units: list[str], problems: list[str]
) -> dict[str, float]:
    """The failure table by unit; a name that no reading has is a problem, not ignored."""
    source = f"failure table {rule.files or '([failure] query)'}"
    missing = cells.missing_columns(table, [rule.unit, rule.life])
    if missing:
        problems += [f"{source}: {problem}" for problem in missing]
        return {}
    found: list[str] = []
    names = cells.names(table, rule.unit, found)
    lives = cells.numbers(table, rule.life, found)
    is_again = names.duplicated().to_numpy(dtype=np.bool_) & (names != "").to_numpy(dtype=np.bool_)
    once = "a unit that failed once is expected; after a repair, give it another name"
    cells.refuse(table, rule.unit, is_again, once, found)
    known = {"", *units}
    found += [
        f"unit {name!r} has no readings{did_you_mean(name, units) or '.'} Correct the name, or take "
        f"it out of the table."
        for name in dict.fromkeys(names)
        if name not in known
    ]
    problems += [f"{source}: {problem}" for problem in found]
    is_usable = np.isfinite(lives) & names.isin(units).to_numpy(dtype=np.bool_)
    return dict(zip(names[is_usable], lives[is_usable].tolist(), strict=True))
