"""Divide units into folds, so that every unit can be predicted by a model that never saw it.

A unit keeps its fold for ever, as it keeps its role (``splits``): a model that goes on learning from
fold f's former model then still has not seen the units of fold f.

Belongs here: which unit is in which fold. Does not belong here: who only tests (``splits``).
"""

import hashlib
import itertools
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rul_platform.errors import TooFewUnitsError

FOLDS = 5
"""As many as it takes to learn from 80 % of the units; fewer where there are fewer units."""


def assign_folds(
    units: Iterable[str],
    *,
    seed: int,
    source: str,
    count: int = FOLDS,
    previous: Mapping[str, int] | None = None,
) -> dict[str, int]:
    """Give every unit a fold, as evenly as those that are given already allow.

    The order is a hash of seed and name, so it depends neither on the order of the rows nor on the
    other units.

    Args:
        units: Units whose failure is known; each is counted once.
        seed: Another seed gives another division.
        source: What to name in an error.
        count: Folds wanted; with fewer units, each unit is a fold of its own.
        previous: Folds given earlier, to absent units too; they stay.

    Returns:
        Fold of each unit, from 0, in the order given.

    Raises:
        TooFewUnitsError: Fewer than two units: none could be predicted by a model that learned.

    >>> assign_folds(["a", "b", "c"], seed=0, source="pumps", count=3, previous={"a": 2})["a"]
    2
    """
    names = list(dict.fromkeys(units))
    if len(names) < 2:
        raise TooFewUnitsError(
            source, found=len(names), needed=2, what="units to divide into folds"
        )
    given = {unit: fold for unit, fold in (previous or {}).items() if unit in set(names)}
    wanted = max(min(count, len(names)), 1 + max(given.values(), default=0))
    sizes = dict.fromkeys(range(wanted), 0) | dict(Counter(given.values()))
    folds = dict(given)
    for unit in sorted(names, key=lambda name: _order(seed, name)):
        if unit not in folds:
            smallest = min(sizes, key=lambda fold: (sizes[fold], fold))
            folds[unit] = smallest
            sizes[smallest] += 1
    return {unit: folds[unit] for unit in names}


@dataclass(frozen=True, slots=True)
class Expanding:
    """One division of a single life: learn from its beginning, test on what comes next.

    Attributes:
        train: Positions of readings to learn from, counted from 0, the oldest first.
        test: Positions to test on; all lie after those of ``train``.
    """

    train: range
    test: range


def expanding_splits(readings: int, *, count: int, gap: int, source: str) -> tuple[Expanding, ...]:
    """Divide one series in time order, for where there is only one unit to learn from.

    The series is cut into ``count + 1`` equal stretches; each one but the first is tested on once, by
    what was learned from all before it. Known as a rolling forecasting origin: R. J. Hyndman and
    G. Athanasopoulos, "Forecasting: Principles and Practice", 3rd edition, section 5.10.

    Args:
        readings: How many there are.
        count: Divisions wanted.
        gap: Readings left out between the two parts. With windows of W readings, ``W - 1`` is the least
            that keeps every window of one part free of readings of the other.
        source: What to name in an error.

    Raises:
        TooFewUnitsError: Too few readings for so many divisions with such a gap.

    >>> expanding_splits(9, count=2, gap=1, source="pump")
    (Expanding(train=range(0, 2), test=range(3, 6)), Expanding(train=range(0, 5), test=range(6, 9)))
    """
    needed = (gap + 1) * (count + 1)
    if count < 1 or gap < 0 or readings < needed:
        what = f"readings of one unit for {count} divisions in time with a gap of {gap}"
        raise TooFewUnitsError(source, found=readings, needed=max(needed, 2), what=what)
    edges = [readings * part // (count + 1) for part in range(1, count + 2)]
    return tuple(
        Expanding(range(begin - gap), range(begin, end)) for begin, end in itertools.pairwise(edges)
    )


def _order(seed: int, unit: str) -> str:
    return hashlib.sha256(f"fold:{seed}:{unit}".encode()).hexdigest()
