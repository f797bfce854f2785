"""What a reader may rely on: intervals by band, ways to learn, sensors that count.

Belongs here: tables. Does not belong here: figures (``core``), scores of models (``tables``).
"""

import math
from typing import Any

import pandas as pd

from rul_platform.core.bootstrap import Interval
from rul_platform.core.evaluation import Evaluation
from rul_platform.reports.numbers import between, percent, plain, signed
from rul_platform.reports.tables import Cell, Table, Tone

MOST_SENSORS = 10


def coverage_table(shown: Evaluation) -> Table | None:
    """How often the interval held the truth, by what was predicted."""
    found = shown.coverage_by_band
    if found is None:
        return None
    rows = tuple(_band(row, shown.interval_level) for row in _records(found))
    return Table(
        f"Promised {percent(shown.interval_level)}; by predicted life in {shown.life_unit}",
        ("Predicted life", "Held the truth", "Mean width", "Units"),
        rows,
    )


def approach_table(shown: Evaluation) -> Table | None:
    """Every way to learn that was tried on this plant's known units."""
    found = shown.approaches
    if found is None:
        return None
    return Table(
        f"RMSE on units that each model did not learn from, in {shown.life_unit}",
        ("Approach", "RMSE", "Chance of harm", "Outcome"),
        tuple(_approach(row) for row in _records(found)),
    )


def sensor_table(shown: Evaluation) -> Table | None:
    """The sensors that the predictions rest on most."""
    found = shown.attributions
    if not isinstance(found, pd.DataFrame):
        return None
    largest = found.sort_values("share", ascending=False, kind="stable").head(MOST_SENSORS)
    return Table(
        f"{len(largest)} of {len(found)} sensors, by their part of the explanation",
        ("Sensor", "Part", "A higher reading says"),
        tuple(
            (
                Cell(str(row["sensor"])),
                Cell(percent(row["share"]), share=float(row["share"])),
                Cell(_direction(row["direction"])),
            )
            for row in _records(largest)
        ),
    )


def _band(row: dict[str, Any], level: float) -> tuple[Cell, ...]:
    around = Interval(row["low"], row["high"])
    known = between(around, percent) if around.is_known else ""
    tone: Tone | None = "bad" if around.is_known and around.high < level else None
    return (
        Cell(str(row["band"])),
        Cell(
            f"{percent(row['coverage'])}: too few" if tone else percent(row["coverage"]),
            known,
            tone,
        ),
        Cell(plain(row["width"])),
        Cell(str(row["units"])),
    )


def _approach(row: dict[str, Any]) -> tuple[Cell, ...]:
    around = Interval(row["low"], row["high"])
    return (
        Cell(str(row["approach"])),
        Cell(plain(row["rmse"]), between(around) if around.is_known else ""),
        Cell(percent(row["chance_of_harm"]) if pd.notna(row["chance_of_harm"]) else plain(None)),
        Cell(str(row["outcome"])),
    )


def _direction(direction: object) -> str:
    """A number as its sign says it, words as they are."""
    if isinstance(direction, int | float):
        if not math.isfinite(direction):
            return plain(None)
        return f"{'more' if direction > 0 else 'less'} life ({signed(float(direction))})"
    return str(direction)


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]
