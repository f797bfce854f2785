"""Does what was learned elsewhere help this plant? By how much, and how sure is that?

It helps where it beats the best that the plant's own units give, whatever that is. It harms where it is
worse than the same kind of model without it: a network beside a blend with trees would be blamed for the
trees that it lacks.

Belongs here: the comparison on units left out, and its words. Does not belong here: which approach is
taken (``selection``).
"""

from dataclasses import dataclass

from rul_platform.core.approaches import (
    BLEND,
    BOOSTING,
    FROM_SCRATCH,
    POOLED,
    SCRATCH,
    SCRATCH_BLEND,
    Benefit,
    approach_of,
)
from rul_platform.core.bootstrap import FEW_UNITS, Difference, Resampled

COUNTERPARTS = {POOLED: BOOSTING, BLEND: SCRATCH_BLEND}
"""The same kind of model from the plant's own units alone; of all others: the network from scratch."""


@dataclass(frozen=True, slots=True)
class TransferVerdict:
    """Whether what was learned elsewhere helps here.

    Attributes:
        benefit: ``undecided`` as long as the interval holds 0, and always of fewer than ``FEW_UNITS``.
        pretrained: The best approach that uses it, None where none could be tried.
        scratch: What it was compared with: the best that learned from the plant's own units alone where
            it helps, else the same kind of model.
        difference: RMSE of the first minus that of the second, in life units, paired over units;
            None where one of the two is missing.
        units: How many machines were left out and judged.
    """

    benefit: Benefit
    pretrained: str | None
    scratch: str | None
    difference: Difference | None
    units: int

    def sentence(self, life_unit: str) -> str:
        """In plain words."""
        if self.difference is None:
            return "Whether pretraining helps here is not known: there is nothing to compare."
        found = self.difference
        gain = (
            f"{self.pretrained} against {self.scratch}, RMSE {found.mean:+.2f} {life_unit} "
            f"(95 % interval {found.low:+.2f} to {found.high:+.2f}, paired over units)"
        )
        words: dict[Benefit, str] = {
            "helps": "Pretraining helps here",
            "harms": "Pretraining harms here",
            "undecided": "It is undecided whether pretraining helps here",
        }
        return f"{words[self.benefit]}{self._why_undecided(found)}: {gain}."

    def _why_undecided(self, found: Difference) -> str:
        """Before the figures, where their interval alone would say something else."""
        if self.units < FEW_UNITS:
            return (
                f", for {self.units} machines are too few to tell ({FEW_UNITS} are needed: over fewer "
                f"an interval is too narrow, also where it leaves out 0)"
            )
        is_unlike = self.benefit == "undecided" and found.verdict == "better"
        return (
            ", for it is not surely better than the best that this plant's units give" * is_unlike
        )


def transfer_verdict(drawn: Resampled) -> TransferVerdict:
    """Compare the best approach that uses pretraining with what the plant's own units give.

    Args:
        drawn: RMSE of each approach under the key ``(name,)``.
    """
    names = sorted((name for (name,) in drawn.observed), key=lambda n: drawn.observed[(n,)])
    own = [name for name in names if approach_of(name) in SCRATCH]
    other = [name for name in names if approach_of(name) not in SCRATCH]
    pretrained, best = next(iter(other), None), next(iter(own), None)
    units, is_enough = drawn.units, drawn.units >= FEW_UNITS
    if pretrained is None or best is None:
        return TransferVerdict("undecided", pretrained, best, None, units)
    beside_best = drawn.difference((pretrained,), (best,))
    if beside_best.verdict == "better":
        helps: Benefit = "helps" if is_enough else "undecided"
        return TransferVerdict(helps, pretrained, best, beside_best, units)
    alike = COUNTERPARTS.get(approach_of(pretrained), FROM_SCRATCH)
    scratch = next((name for name in own if approach_of(name) == alike), best)
    found = drawn.difference((pretrained,), (scratch,))
    benefit: Benefit = "harms" if found.verdict == "worse" and is_enough else "undecided"
    return TransferVerdict(benefit, pretrained, scratch, found, units)
