"""The k-shot study: what transfer is worth with only k units of a target subset.

Belongs here: who is drawn, what is refused, and what the cells of a study say together. Does not belong
here: training (``learning.transfer.kshot``).

A cell is one draw of k units. All approaches of a cell get the same units, and a draw of more units
holds those of the same draw with fewer.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rul_platform.core.approaches import REFERENCES
from rul_platform.core.plant_recipe import STEPS
from rul_platform.core.subsets import SUBSETS
from rul_platform.errors import LeakError, TooFewUnitsError

DEFAULT_SOURCES = {
    "FD001": ("FD002", "FD004"),
    "FD002": ("FD001", "FD003"),
    "FD003": ("FD001", "FD002"),
    "FD004": ("FD002",),
}
"""What each target learns from. FD003 and FD004 have a fault that their sources do not have."""

DEFAULT_KS = (5, 10, 20)
DEFAULT_DRAWS = 5

CHOSEN = "chosen"
"""The row of whatever cross-validation over the k units chose: what the platform would deploy."""

HARM_CYCLES = 0.5
"""A choice that is worse than a reference by more than this has done harm."""

_T95 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)
"""Student's t, 97.5 %, for 1 to 10 degrees of freedom; any table of it. Beyond: 1.96 plus 2.4 / n."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyPlan:
    """What a study does.

    Attributes:
        target: The subset that plays the plant.
        sources: The subsets to learn from first.
        ks: How many units the plant has, in turn.
        draws: How often k units are drawn.
        seed: Of the draws and of all trainings.
        approaches: What is tried and chosen from; empty: all are tried, and the choice is among those
            that a plant tries by default.
        pretraining_steps: Batches that the network learns from the sources, at most.
        steps: Batches that a network learns from the k units; from scratch five times as many.
    """

    target: str
    sources: tuple[str, ...]
    ks: tuple[int, ...] = DEFAULT_KS
    draws: int = DEFAULT_DRAWS
    seed: int = 0
    approaches: tuple[str, ...] = ()
    pretraining_steps: int = 600
    steps: int = STEPS

    def cells(self) -> list[tuple[int, int]]:
        """Each (k, draw), those of the smallest k first."""
        return [(k, draw) for k in sorted(set(self.ks)) for draw in range(self.draws)]

    def require_other_sources(self) -> None:
        """Refuse a study that would leak.

        Raises:
            LeakError: The target is among its own sources, or there is none.
        """
        if self.sources and self.target not in self.sources:
            return
        others = [subset for subset in SUBSETS if subset != self.target]
        msg = (
            f"A study on {self.target} would learn first from {', '.join(self.sources) or 'nothing'}: "
            f"expected other subsets than the target itself, whose engines would otherwise be known. "
            f"Choose from {', '.join(others)}."
        )
        raise LeakError(msg)

    def require_enough(self, units: int) -> None:
        """Refuse more units than there are, and too few to leave some out.

        Args:
            units: Training units of the target.

        Raises:
            TooFewUnitsError: A k is larger than there are units, or too small for two folds.
        """
        if max(self.ks) > units:
            what = f"training units to draw k = {max(self.ks)} from"
            raise TooFewUnitsError(self.target, found=units, needed=max(self.ks), what=what)
        if min(self.ks) < 2:
            what = "units in a draw, to leave some out and learn from the others"
            raise TooFewUnitsError(self.target, found=min(self.ks), needed=2, what=what)


def drawn_units(units: Sequence[str], k: int, *, seed: int, draw: int) -> tuple[str, ...]:
    """The ``k`` units of a draw; those of a smaller k are the first of them.

    >>> more = drawn_units(list("abcdefgh"), 5, seed=0, draw=1)
    >>> more[:2] == drawn_units(list("hgfedcba"), 2, seed=0, draw=1)
    True
    """
    order: list[int] = np.random.default_rng([seed, draw]).permutation(len(units)).tolist()
    names = sorted(units)
    return tuple(names[at] for at in order[:k])


def summary(cells: pd.DataFrame) -> pd.DataFrame:
    """Mean over draws of each approach at each k, with an interval over draws.

    Args:
        cells: ``k``, ``draw``, ``approach``, ``rmse_clipped``, ``rmse_out_of_fold`` in cycles and
            ``cpu_seconds``.

    Returns:
        ``k``, ``approach``, ``draws``, ``rmse_clipped`` with ``low`` and ``high`` (95 %, Student's t
        over draws; NaN with one draw), ``rmse_out_of_fold``, ``cpu_seconds``: the best first.
    """
    rows: list[dict[str, object]] = []
    for (k, approach), found in cells.groupby(["k", "approach"], sort=True):
        scores = found["rmse_clipped"].to_numpy(dtype=np.float64)
        half = _half_width(scores)
        rows.append(
            {
                "k": k,
                "approach": approach,
                "draws": len(scores),
                "rmse_clipped": float(scores.mean()),
                "low": float(scores.mean()) - half,
                "high": float(scores.mean()) + half,
                "rmse_out_of_fold": float(found["rmse_out_of_fold"].mean()),
                "cpu_seconds": float(found["cpu_seconds"].mean()),
            }
        )
    return pd.DataFrame(rows).sort_values(["k", "rmse_clipped"], ignore_index=True)


@dataclass(frozen=True, slots=True)
class Harm:
    """How often the choice was worse than a reference by more than ``HARM_CYCLES``.

    Attributes:
        draws: Cells that were looked at.
        harmed: Those in which it was.
        worst: The largest difference to the best reference, in cycles; negative where it was always
            better.
    """

    draws: int
    harmed: int
    worst: float

    @property
    def share(self) -> float:
        """Of the cells, 0 to 1."""
        return self.harmed / self.draws


def harm(cells: pd.DataFrame) -> Harm | None:
    """Compare the choice of each cell with the best of the references in it; None without one."""
    wide = cells.pivot_table(index=["k", "draw"], columns="approach", values="rmse_clipped")
    known = [name for name in REFERENCES if name in wide]
    if not known:
        return None
    difference = wide[CHOSEN] - wide[known].min(axis="columns")
    harmed = int((difference > HARM_CYCLES).sum())
    return Harm(draws=len(difference), harmed=harmed, worst=float(difference.max()))


def markdown(plan: StudyPlan, table: pd.DataFrame, harmed: Harm | None) -> str:
    """The study as a page: what was done, RMSE by k, and whether choosing did harm."""
    wide = table.pivot_table(index="approach", columns="k", values="rmse_clipped", sort=False)
    best = wide.sort_values(wide.columns[0])
    lines = [
        f"## {plan.target} with few units, from {', '.join(plan.sources)}",
        "",
        f"RMSE in cycles on every engine of the official test set, truth clipped; mean of {plan.draws} "
        f"draws. `{CHOSEN}` is what cross-validation over the k units chose.",
        "",
        "| approach | " + " | ".join(f"k = {k}" for k in best.columns) + " |",
        "|---|" + "---|" * len(best.columns),
    ]
    for approach, row in best.iterrows():
        lines.append(f"| {approach} | " + " | ".join(f"{value:.2f}" for value in row) + " |")
    if harmed is not None:
        references = ", ".join(name for name in REFERENCES if name in wide.index)
        lines += [
            "",
            f"In {harmed.harmed} of {harmed.draws} draws the choice was worse than the best of "
            f"{references} by more than {HARM_CYCLES:g} cycles (largest difference "
            f"{harmed.worst:+.2f}).",
        ]
    return "\n".join([*lines, ""])


def _half_width(scores: np.ndarray) -> float:
    """Half of the 95 % interval of a mean."""
    count = len(scores)
    if count == 1:
        return math.nan
    t = _T95[count - 2] if count - 2 < len(_T95) else 1.96 + 2.4 / count
    return t * float(scores.std(ddof=1)) / math.sqrt(count)
