"""A plant's tables, as they were read, to the one table format of every fleet.

Belongs here: which columns are needed, what a cell must be, and the order of the steps.
Does not belong here: reading files or databases (``storage.plant_source``), one column's cells
(``cells``), what a failure is (``failures``).
"""

import fnmatch
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import pandas as pd

from rul_platform.core import cells
from rul_platform.core.failures import check_histories, cut, failure_lives
from rul_platform.core.fleet import FIXED_COLUMNS, ONE_CONDITION, Fleet, summarise_units
from rul_platform.core.landed import merge
from rul_platform.core.outcomes import NOTHING, Beside, settle_ends
from rul_platform.core.plant import Plant
from rul_platform.core.plant_sections import LastRow
from rul_platform.core.resampling import resample
from rul_platform.core.wording import listing
from rul_platform.errors import PlantFileError, TooFewUnitsError

UNITS_NEEDED = 3
"""One unit that ran to failure to train on, one to validate, one to test."""

FILE, PLACE = "@file", "@place"
"""Where a reading came from, until duplicates are found. No sensor can have such a name."""


@dataclass(frozen=True, slots=True)
class Built:
    """A fleet, and how its parts came together: counts for people, by name."""

    fleet: Fleet
    counts: dict[str, int | str]


def build_fleet(
    frames: Mapping[str, pd.DataFrame], plant: Plant, failures: pd.DataFrame | None = None
) -> Fleet:
    """Check a plant's tables and turn them into a fleet: :func:`build_whole_fleet` without the rest."""
    return build_whole_fleet(frames, plant, failures).fleet


def build_whole_fleet(
    frames: Mapping[str, pd.DataFrame],
    plant: Plant,
    failures: pd.DataFrame | None = None,
    beside: Beside = NOTHING,
) -> Built:
    """Check a plant's tables and turn them, with what else is known of its units, into a fleet.

    Readings may come in any order. They are sorted, never changed, and none is left out silently.

    Args:
        frames: Tables by the name to use in messages. With ``unit_from_file`` the name, without
            suffix, is the unit. Each index says where its rows come from (``cells``).
        plant: What the columns mean.
        failures: The failure table, where ``[failure]`` asks for one; its index likewise.
        beside: Landed readings, outcomes and predictions. That a history ends says nothing of a unit
            whose readings only landed; a threshold holds for it as for any other.

    Returns:
        Units that failed end at their failure and have ``rul_at_end`` 0, or, where a table or an
        outcome says that they failed after their last reading, the time between. NaN for units that
        have not.

    Raises:
        PlantFileError: Lists every problem of the tables.
        TooFewUnitsError: Fewer than three units ran to failure.
    """
    problems: list[str] = []
    own = _in_order(_tidy_all(frames, plant, problems))
    problems += _duplicates(own)
    _refuse(plant, problems)
    own = own.drop(columns=[FILE, PLACE])
    merged = merge(own, beside.landed)
    rule_sees = own if isinstance(plant.failure, LastRow) else merged.readings
    by_rule = failure_lives(rule_sees, plant, failures, problems)
    ends = settle_ends(by_rule, beside.told, merged)
    readings = cut(merged.readings, ends.censored_at)
    check_histories(readings, ends.failed_at, problems)
    _refuse(plant, problems)
    refuse_too_few(plant, list(ends.failed_at), len(set(readings["unit"])))
    readings = cut(readings, ends.failed_at)
    last_lives = dict(zip(readings["unit"], readings["life"], strict=True))
    known = pd.Series(beside.told.known_lives(last_lives, ends.failed_at), dtype="float64")
    rul_at_end = _rul_at_end(last_lives, ends.failed_at)
    if plant.resample is not None:
        readings = resample(readings, plant.resample.step)
    fleet = Fleet(readings, summarise_units(readings, rul_at_end, known))
    return Built(fleet, merged.counts | ends.counts | {"outlived_a_prediction": len(known)})


def recent_readings(frames: Mapping[str, pd.DataFrame], plant: Plant) -> pd.DataFrame:
    """Check readings of machines that are still at work, and bring them into the fleet's format.

    The same reading and the same resampling as :func:`build_fleet`, without looking for failures, so
    that a model sees in service what it saw in training.

    Raises:
        PlantFileError: Lists every problem of the tables.
    """
    problems: list[str] = []
    readings = _in_order(_tidy_all(frames, plant, problems))
    problems += _duplicates(readings)
    _refuse(plant, problems)
    readings = readings.drop(columns=[FILE, PLACE])
    return resample(readings, plant.resample.step) if plant.resample is not None else readings


def reading_problems(frames: Mapping[str, pd.DataFrame], plant: Plant) -> list[str]:
    """What is wrong with each table alone: for when other tables could not be read at all."""
    problems: list[str] = []
    _tidy_all(frames, plant, problems)
    return problems


def _tidy_all(
    frames: Mapping[str, pd.DataFrame], plant: Plant, problems: list[str]
) -> list[pd.DataFrame]:
    """Every table that could be read, with the fleet's column names; equal problems are merged."""
    where: dict[str, list[str]] = {}
    tables: list[pd.DataFrame] = []
    for label, frame in frames.items():
        found: list[str] = []
        table = tidy(label, frame, plant, found)
        if table is not None:
            tables.append(table)
        for problem in found:
            where.setdefault(problem, []).append(label)
    problems += by_problem(where)
    return tables


def by_problem(where: Mapping[str, list[str]]) -> list[str]:
    """A sentence for each problem, with the table that has it first."""
    more = {problem: f" and {len(labels) - 1} more" for problem, labels in where.items()}
    return [
        f"{labels[0]}{more[problem] if len(labels) > 1 else ''}: {problem}"
        for problem, labels in where.items()
    ]


def tidy(label: str, frame: pd.DataFrame, plant: Plant, problems: list[str]) -> pd.DataFrame | None:
    """One table with the fleet's column names, or None where it lacks what is needed."""
    columns = plant.columns
    wanted = [columns.unit, columns.life, columns.condition, *plant.sensors.values()]
    problems += cells.missing_columns(frame, [name for name in wanted if name is not None])
    if not problems and frame.empty:
        problems.append("no readings, only the names of the columns. Is the export cut off?")
    if problems:
        return None
    life = cells.numbers(frame, columns.life, problems)
    cells.refuse(frame, columns.life, life < 0, "a life of 0 or more is expected", problems)
    parts: dict[str, object] = {
        "unit": cells.names(frame, columns.unit, problems) if columns.unit else _stem(label),
        "life": life,
        "condition": cells.names(frame, columns.condition, problems)
        if columns.condition
        else ONE_CONDITION,
    }
    for short, name in plant.sensors.items():
        parts[short] = cells.numbers(frame, name, problems)
    parts[FILE], parts[PLACE] = f"{label}, {frame.index.name or 'row'}", frame.index.to_numpy()
    return pd.DataFrame(parts, index=frame.index)


def _stem(label: str) -> str:
    """``Training/Small/Sample01.csv`` as ``Training/Small/Sample01``."""
    head, dot, _ = label.rpartition(".")
    return head if dot else label


def _in_order(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """All tables as one, by unit, then by life."""
    if not tables:
        return pd.DataFrame(columns=[*FIXED_COLUMNS, FILE, PLACE])
    together = pd.concat(tables, ignore_index=True)
    return together.sort_values(["unit", "life"], kind="stable", ignore_index=True)


def _duplicates(readings: pd.DataFrame) -> list[str]:
    """A sentence for each unit in which a life stands twice, with both places."""
    is_named = readings["life"].notna() & (readings["unit"] != "")
    is_again = readings.duplicated(["unit", "life"]) & is_named
    problems: list[str] = []
    for unit, rows in readings[is_again].groupby("unit", sort=False):
        second = rows.index[0]  # the one before it has the same life: the table is in order
        places = [
            f"{readings.at[row, FILE]} {readings.at[row, PLACE]}" for row in (second - 1, second)
        ]
        life = cast("float", readings.at[second, "life"])
        problems.append(stands_twice(str(unit), life, places, len(rows)))
    return problems


def stands_twice(unit: str, life: float, places: Sequence[str], count: int) -> str:
    """That a unit has two readings at a life, and how many more such lives there are.

    Args:
        unit: Its name.
        life: The first such life.
        places: Where its readings stand.
        count: How many readings of the unit are one too many.
    """
    more = f", and {count - 1} more like it" if count > 1 else ""
    return (
        f"unit {unit!r}: life {life:g} stands twice, in {' and in '.join(places)}{more}. A unit has "
        f"one reading at a time; is [columns] unit the right column?"
    )


def _rul_at_end(last_lives: Mapping[str, float], failed_at: Mapping[str, float]) -> pd.Series:
    """Time from each unit's last reading to its failure, indexed by unit; NaN without a failure."""
    rul = {u: round(failed_at.get(u, math.nan) - life, 9) for u, life in last_lives.items()}
    return pd.Series(rul, dtype="float64")


def _refuse(plant: Plant, problems: list[str]) -> None:
    if problems:
        source = f"plant {plant.name}"
        raise PlantFileError(source, problems)


def refuse_too_few(plant: Plant, failed: list[str], units: int) -> None:
    """Raise where a role in training, validation or test would stay without a unit."""
    source = f"plant {plant.name}, {units} units in all"
    if len(failed) < UNITS_NEEDED:
        raise TooFewUnitsError(
            source, found=len(failed), needed=UNITS_NEEDED, what="units that ran to failure"
        )
    patterns = plant.split.patterns
    unmatched = [p for p in patterns if not any(fnmatch.fnmatchcase(u, p) for u in failed)]
    _refuse(
        plant,
        [
            f"[split] test: {pattern!r} matches no unit that ran to failure. "
            f"There are: {listing(failed)}."
            for pattern in unmatched
        ],
    )
    others = [u for u in failed if not any(fnmatch.fnmatchcase(u, p) for p in patterns)]
    if len(others) < UNITS_NEEDED - 1:
        raise TooFewUnitsError(
            source,
            found=len(others),
            needed=UNITS_NEEDED - 1,
            what="units that ran to failure beside those that [split] test sets aside",
        )
