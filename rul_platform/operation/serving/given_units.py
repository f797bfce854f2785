"""Readings that a caller sends, as arrays: checked against the plant's columns, all problems at once.

Belongs here: the rules for readings in a request. Does not belong here: the same for files
(``core.readings``) and tables (``inference.given_readings``), types of JSON (``service``).

Shape letters: U units, R readings of all of them, S sensors.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from rul_platform.core.cells import LARGEST_NUMBER
from rul_platform.core.fleet import ONE_CONDITION
from rul_platform.core.histories import Histories
from rul_platform.core.plant import Plant
from rul_platform.core.wording import did_you_mean, listing, quoted
from rul_platform.errors import ReadingsError

PROBLEMS_TOLD = 20
"""Of one request: the first ones show what is wrong with all."""


@dataclass(frozen=True, slots=True)
class GivenUnit:
    """One machine's readings as they were sent.

    Attributes:
        unit: Which machine.
        readings: Column, by its name in the plant's own source, to its values: as many in each.
        conditions: Operating condition at each reading; None where the machines have only one.
    """

    unit: str
    readings: Mapping[str, Sequence[float]]
    conditions: Sequence[str | int] | None = None


def histories_of(questions: Sequence[Sequence[GivenUnit]], plant: Plant) -> Histories:
    """Check readings and bring them into order; rows of a unit may come in any.

    Args:
        questions: Each of at least one unit; in each a unit comes once.
        plant: What the columns meant when the model learned.

    Raises:
        ReadingsError: Lists what is wrong, the first ``PROBLEMS_TOLD`` of it.
    """
    names = (plant.columns.life, *plant.sensors.values())
    wanted = frozenset(names)
    _refuse(chain.from_iterable(_shape_problems(each, plant, wanted) for each in questions))
    units = [unit for each in questions for unit in each]
    parts = [np.array([each.readings[name] for name in names], dtype=np.float64) for each in units]
    table = np.concatenate(parts, axis=1).T if len(parts) > 1 else parts[0].T
    bounds = np.cumsum([0, *(part.shape[1] for part in parts)], dtype=np.intp)
    labels, condition = _conditions(units, plant, len(table))
    _refuse(_number_problems(units, bounds, names, table))
    order = _order(table[:, 0], bounds)
    if order is not None:
        table, condition = table[order], condition[order]
    _refuse(_double_problems(units, bounds, table[:, 0]))
    return Histories(
        units=tuple(each.unit for each in units),
        bounds=bounds,
        life=table[:, 0],
        labels=labels,
        condition=condition,
        sensors=tuple(plant.sensors),
        values=table[:, 1:],
    )


def _refuse(problems: Iterator[str]) -> None:
    found = [problem for problem, _ in zip(problems, range(PROBLEMS_TOLD), strict=False)]
    if found:
        raise ReadingsError("readings", found)


def _shape_problems(
    units: Sequence[GivenUnit], plant: Plant, wanted: frozenset[str]
) -> Iterator[str]:
    """Units that come twice, columns that are missing, unknown or of another length."""
    seen = set[str]()
    for each in units:
        who = f"unit {quoted(each.unit)}"
        if each.unit in seen:
            yield f"{who} comes twice, give all of its readings at once"
        seen.add(each.unit)
        found = each.readings.keys()
        lengths = {len(values) for values in each.readings.values()}
        is_whole = found == wanted and len(lengths) == 1 and 0 not in lengths
        if is_whole and each.conditions is None and plant.columns.condition is None:
            continue  # as nearly always
        for name in sorted(wanted - found):
            yield f"{who}: no column {quoted(name)}{did_you_mean(name, found)}"
        for name in sorted(found - wanted):
            yield f"{who}: unknown column {quoted(name)}, expected are {listing(sorted(wanted))}"
        if not wanted <= found:
            continue
        rows = len(each.readings[plant.columns.life])
        counts = {name: len(values) for name, values in each.readings.items()}
        if each.conditions is not None:
            counts["conditions"] = len(each.conditions)
        for name, length in counts.items():
            if length != rows or not rows:
                yield f"{who}: {length} values in {quoted(name)}, {rows or 'one or more'} are expected"
        condition = plant.columns.condition
        if each.conditions is None and condition is not None:
            yield f"{who}: conditions are expected, one for each reading, as in column {condition!r}"
        if each.conditions is not None and condition is None:
            yield f"{who}: no conditions are expected, this plant's machines have only one"


def _conditions(
    units: Sequence[GivenUnit], plant: Plant, rows: int
) -> tuple[tuple[str, ...], NDArray[np.intp]]:
    """Labels, and the place among them at each of R readings."""
    if plant.columns.condition is None:
        return (ONE_CONDITION,), np.zeros(rows, dtype=np.intp)
    place: dict[str, int] = {}
    at = [
        place.setdefault(str(name).strip(), len(place))
        for each in units
        for name in each.conditions or ()
    ]
    return tuple(place), np.array(at, dtype=np.intp)


def _number_problems(
    units: Sequence[GivenUnit],
    bounds: NDArray[np.intp],
    names: Sequence[str],
    table: NDArray[np.float64],
) -> Iterator[str]:
    """Numbers that are none, or too large; and a life below 0."""
    wrong = ~(np.abs(table) <= LARGEST_NUMBER)
    wrong[:, 0] |= table[:, 0] < 0
    if not wrong.any():
        return
    for row, column in np.argwhere(wrong).tolist():
        at = int(np.searchsorted(bounds, row, side="right")) - 1
        least = "0" if column == 0 else f"{-LARGEST_NUMBER:g}"
        yield (
            f"unit {quoted(units[at].unit)}: {quoted(names[column])} is {table[row, column]:g} in "
            f"reading {row - int(bounds[at]) + 1}, a number from {least} to {LARGEST_NUMBER:g} is "
            f"expected"
        )


def _order(life: NDArray[np.float64], bounds: NDArray[np.intp]) -> NDArray[np.intp] | None:
    """Rows by unit, then by life; None where they come so."""
    falls = life[1:] < life[:-1]
    falls[bounds[1:-1] - 1] = False
    if not falls.any():
        return None
    return np.lexsort((life, np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))))


def _double_problems(
    units: Sequence[GivenUnit], bounds: NDArray[np.intp], life: NDArray[np.float64]
) -> Iterator[str]:
    same = life[1:] == life[:-1]
    same[bounds[1:-1] - 1] = False
    for row in np.flatnonzero(same).tolist():
        at = int(np.searchsorted(bounds, row, side="right")) - 1
        yield f"unit {quoted(units[at].unit)} has two readings at life {life[row]:g}"
