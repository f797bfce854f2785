"""What must be known of a plant's readings before they are cut and resampled: one look at all of them.

Readings come in order, piece by piece, and what is kept is a few numbers for each unit: how many
readings it has and when the last one was, in all, and up to each moment at which it may have ended.

Belongs here: counting. Does not belong here: what is a failure (``failures``), which end counts
(``outcomes``), cutting (``reading_parts``).

Shape letters: U units, P readings of a piece, S sensors.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rul_platform.core.expression import Expression
from rul_platform.core.sorted_runs import Rows
from rul_platform.errors import ExpressionError


@dataclass(frozen=True, slots=True)
class Until:
    """How far each unit's history goes, up to some limit.

    Attributes:
        rows: Shape ``(U,)``, how many readings.
        last: Shape ``(U,)``, life of the last one; NaN without any.
    """

    rows: NDArray[np.int64]
    last: NDArray[np.float64]

    @classmethod
    def nothing(cls, units: int) -> "Until":
        """Of units of which no reading came yet."""
        return cls(np.zeros(units, dtype=np.int64), np.full(units, np.nan))

    def add(self, rows: Rows) -> None:
        """Count readings in, in order."""
        begins = _begins(rows.unit)
        ends = np.append(begins[1:], len(rows))
        self.rows[rows.unit[begins]] += ends - begins
        self.last[rows.unit[begins]] = rows.life[ends - 1]


@dataclass(slots=True)
class Twice:
    """A unit in which lives stand twice.

    Attributes:
        life: The first of them.
        first: File and place of its first reading.
        second: And of its second one.
        count: How many readings are one too many.
    """

    life: float
    first: tuple[int, int]
    second: tuple[int, int]
    count: int


@dataclass(slots=True)
class Survey:
    """Takes pieces of readings in order.

    Attributes:
        units: U.
        limits: Moments at which units may have ended, by name: shape ``(U,)``, infinite where not.
        rule: The threshold that makes a failure, where there is one.
        sensors: S names, as the rule calls them.
        own: All of a plant's own readings.
        every: All readings, also those that landed.
        at_last_own: How many of all readings there are up to a unit's last own one.
        until: How far histories go up to each of the limits.
        crossed: And up to the first reading at which the rule is true.
        first_own: Shape ``(U,)``, life of the first own reading; NaN without any.
        first_landed: Shape ``(U,)``, life of the first reading that only landed; NaN without any.
        twice: Units with readings at one place, by number.
        problems: What the rule could not be computed for.
    """

    units: int
    limits: Mapping[str, NDArray[np.float64]]
    rule: Expression | None
    sensors: Sequence[str]
    own: Until = field(init=False)
    every: Until = field(init=False)
    at_last_own: NDArray[np.int64] = field(init=False)
    until: dict[str, Until] = field(init=False)
    crossed: Until = field(init=False)
    first_own: NDArray[np.float64] = field(init=False)
    first_landed: NDArray[np.float64] = field(init=False)
    twice: dict[int, Twice] = field(default_factory=dict[int, Twice])
    problems: dict[str, None] = field(default_factory=dict[str, None])
    _before: Rows | None = None

    def __post_init__(self) -> None:
        self.own, self.every, self.crossed = (Until.nothing(self.units) for _ in range(3))
        self.until = {name: Until.nothing(self.units) for name in self.limits}
        self.at_last_own = np.zeros(self.units, dtype=np.int64)
        self.first_own = np.full(self.units, np.nan)
        self.first_landed = np.full(self.units, np.nan)

    def add_own(self, rows: Rows) -> None:
        """Look at own readings alone: in order, each place once."""
        self.own.add(rows)
        _note_first(self.first_own, rows)
        self._look_for_doubles(rows)

    def add(self, rows: Rows, is_own: NDArray[np.bool_]) -> None:
        """Look at readings of both kinds, in order.

        Args:
            rows: P of them.
            is_own: Shape ``(P,)``, whether each is the plant's own.
        """
        before = self.every.rows[rows.unit]
        position = before + np.arange(len(rows)) - _begin_of(rows.unit) + 1
        self.every.add(rows)
        self.at_last_own[rows.unit[is_own]] = position[is_own]  # the last of a unit stays
        _note_first(self.first_landed, rows.at(~is_own))
        for name, limit in self.limits.items():
            kept = rows.at(rows.life <= limit[rows.unit])
            if len(kept):
                self.until[name].add(kept)
        if self.rule is not None:
            self._look_for_crossings(self.rule, rows, position)

    def _look_for_crossings(
        self, rule: Expression, rows: Rows, position: NDArray[np.int64]
    ) -> None:
        columns = {name: rows.values[:, at] for at, name in enumerate(self.sensors)}
        try:
            holds = rule.holds(columns)
        except ExpressionError as error:
            self.problems[f"[failure] expression: {error}"] = None
            return
        at = np.flatnonzero(holds & np.isnan(self.crossed.last[rows.unit]))
        first = at[_begins(rows.unit[at])] if len(at) else at
        self.crossed.rows[rows.unit[first]] = position[first]
        self.crossed.last[rows.unit[first]] = rows.life[first]

    def _look_for_doubles(self, rows: Rows) -> None:
        if self._before is not None:
            rows = Rows.joined([self._before, rows])
        again = (rows.unit[1:] == rows.unit[:-1]) & (rows.life[1:] == rows.life[:-1])
        for at in np.flatnonzero(again).tolist():
            known = self.twice.get(int(rows.unit[at]))
            if known is not None:
                known.count += 1
                continue
            first, second = ((int(rows.file[row]), int(rows.place[row])) for row in (at, at + 1))
            self.twice[int(rows.unit[at])] = Twice(float(rows.life[at]), first, second, 1)
        self._before = rows.at(slice(len(rows) - 1, None))


def _begins(unit: NDArray[np.int64]) -> NDArray[np.intp]:
    """Rows at which another unit begins."""
    return np.flatnonzero(np.r_[True, unit[1:] != unit[:-1]])


def _begin_of(unit: NDArray[np.int64]) -> NDArray[np.intp]:
    """For each row the one at which its unit begins."""
    begins = _begins(unit)
    return np.repeat(begins, np.diff(np.append(begins, len(unit))))


def _note_first(first: NDArray[np.float64], rows: Rows) -> None:
    if not len(rows):
        return
    begins = _begins(rows.unit)
    begins = begins[np.isnan(first[rows.unit[begins]])]
    first[rows.unit[begins]] = rows.life[begins]
