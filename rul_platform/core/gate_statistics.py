"""Is the candidate better than the champion, and is it worse where that is dangerous?

Belongs here: the two models' errors on the same test units, compared by resampling whole units, over
all of the test set and on its protected slices; and how much of a difference the seed alone makes.
Does not belong here: what follows from the figures (``gate``).

Shape letters: N scored rows, U units.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import stdev

import numpy as np
from numpy.typing import NDArray

from rul_platform.core.bootstrap import resample
from rul_platform.core.metrics import Rows, unit_means, weighted_mean

CONFIDENCE = 0.90
"""Of each one-sided bound. With the noise floor of ``gate`` it promotes under 8 % without progress
(``bench_gate``; decision record 0009)."""

RESAMPLES = 10_000

MIN_SLICE_UNITS = 5
"""A slice of fewer units is shown and not judged."""

LAST_PART_OF_CAP = 30 / 125
"""The end of a life, as a part of the label cap: the last 30 cycles of a turbofan, whose cap is 125."""

ALL, LATE = "all predictions", "late predictions"
"""``late predictions``: errors count only where they promise more life than was left."""

CANDIDATE, CHAMPION = ("candidate",), ("champion",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """Candidate and champion on the same rows; all but ``units`` in life units.

    Attributes:
        name: Of the part of the test set.
        units: How many units have rows in it.
        candidate: RMSE of the candidate, every unit counts once.
        champion: RMSE of the champion.
        low: The candidate saves at least this much RMSE, with one-sided confidence ``CONFIDENCE``;
            None from a single unit.
        high: It saves at most this much, likewise.
    """

    name: str
    units: int
    candidate: float
    champion: float
    low: float | None
    high: float | None

    @property
    def saved(self) -> float:
        """RMSE that the candidate saves; below 0 it is worse."""
        return self.champion - self.candidate

    @property
    def is_better(self) -> bool:
        """Whether the gain is more than chance among units."""
        return self.low is not None and self.low > 0

    @property
    def is_judged(self) -> bool:
        """Whether there are units enough to say that it is worse."""
        return self.units >= MIN_SLICE_UNITS

    @property
    def is_worse(self) -> bool:
        """Whether the loss is more than chance among units."""
        return self.is_judged and self.high is not None and self.high < 0

    def share(self, amount: float | None) -> float | None:
        """An amount of RMSE as a part of the champion's; None where that is not known.

        >>> pair = Paired(name="all", units=9, candidate=9.0, champion=10.0, low=None, high=2.0)
        >>> pair.share(pair.saved), pair.share(pair.low), pair.share(pair.high)
        (0.1, None, 0.2)
        """
        return None if amount is None or self.champion == 0 else amount / self.champion


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedNoise:
    """The candidate's recipe, repeated with other seeds and scored on the same rows.

    Attributes:
        seeds: The candidate's own seed first.
        rmse: Clipped RMSE of each, in life units.
    """

    seeds: tuple[int, ...]
    rmse: tuple[float, ...]

    @property
    def spread(self) -> float:
        """Standard deviation of the RMSE between seeds, in life units."""
        return stdev(self.rmse)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredRows:
    """What both models are scored on.

    Attributes:
        unit_ids: Shape ``(N,)``.
        truth: Shape ``(N,)``, remaining life limited to the cap, in life units.
        conditions: Shape ``(N,)``, the operating condition of each row.
        cap: Label cap, in life units.
        life_unit: For the names of slices.
    """

    unit_ids: NDArray[np.str_]
    truth: Rows
    conditions: NDArray[np.str_]
    cap: float
    life_unit: str


def compare(rows: ScoredRows, candidate: Rows, champion: Rows, *, seed: int) -> tuple[Paired, ...]:
    """Both models over all rows, then on each protected slice.

    Args:
        rows: What they are scored on.
        candidate: Shape ``(N,)``, its predictions in life units.
        champion: Shape ``(N,)``, likewise.
        seed: Of the resampling.
    """
    wrong = candidate - rows.truth, champion - rows.truth
    late = np.maximum(wrong[0], 0.0), np.maximum(wrong[1], 0.0)
    everywhere = np.ones(len(rows.truth), dtype=bool)
    return (
        _paired(ALL, rows.unit_ids, everywhere, wrong, seed),
        _paired(LATE, rows.unit_ids, everywhere, late, seed),
        *(_paired(name, rows.unit_ids, part, wrong, seed) for name, part in _parts(rows).items()),
    )


def _parts(rows: ScoredRows) -> Mapping[str, NDArray[np.bool_]]:
    """Slice to the rows in it; a machine with one operating condition has no slice for it."""
    last = LAST_PART_OF_CAP * rows.cap
    parts = {f"last {last:g} {rows.life_unit} of life": rows.truth <= last}
    conditions = sorted(set(rows.conditions.tolist()))
    if len(conditions) > 1:
        parts |= {f"operating condition {name}": rows.conditions == name for name in conditions}
    return {name: part for name, part in parts.items() if part.any()}


def _paired(
    name: str,
    unit_ids: NDArray[np.str_],
    part: NDArray[np.bool_],
    errors: tuple[Rows, Rows],
    seed: int,
) -> Paired:
    """Compare on the rows of ``part``: squared errors become one mean per unit, then units are drawn."""
    units = unit_ids[part]
    ours, theirs = (unit_means(units, error[part] ** 2) for error in errors)
    drawn = resample(
        np.unique(units),
        lambda weights: {
            CANDIDATE: np.sqrt(weighted_mean(ours, weights)),
            CHAMPION: np.sqrt(weighted_mean(theirs, weights)),
        },
        level=2 * CONFIDENCE - 1,  # leaves 1 - CONFIDENCE out on each side
        resamples=RESAMPLES,
        seed=seed,
    )
    saved = drawn.difference(CHAMPION, CANDIDATE)
    low, high = _finite((saved.low, saved.high))
    return Paired(
        name=name,
        units=drawn.units,
        candidate=drawn.observed[CANDIDATE],
        champion=drawn.observed[CHAMPION],
        low=low,
        high=high,
    )


def _finite(values: tuple[float, float]) -> Iterator[float | None]:
    return (value if math.isfinite(value) else None for value in values)
