"""How likely an approach is to do harm: to be worse than doing nothing, or than starting from scratch.

Belongs here: the comparison on resamples, and what is too likely. Does not belong here: who is chosen
(``selection``).
"""

from dataclasses import dataclass

import numpy as np

from rul_platform.core.approaches import BLENDS, REFERENCES, approach_of
from rul_platform.core.bootstrap import FEW_UNITS, Resampled

TOLERANCE = 0.5 / 125
"""Harm that does not matter, as a part of the label cap: 0.5 cycles on turbofans."""

LARGEST_CHANCE = 0.10
"""An approach with a larger chance to harm by more than the tolerance is refused, unless ..."""

GAIN_ODDS = 5.0
"""... a gain of more than the tolerance is this many times as likely. Of five units one that is odd for
an approach is drawn twice in 26 % of all resamples: without this nearly everything would be refused,
and the reference that was taken instead would do harm far more often."""

SURELY_HARMS = 0.975
"""A blend is refused only where harm is as good as certain, and of fewer than ``FEW_UNITS`` units never:
of ten units an odd one tips the odds, and what was taken instead of refused blends was worse in every
draw of the k-shot studies (docs/experiments.md, section 15)."""


@dataclass(frozen=True, slots=True)
class Risk:
    """What an approach does beside the reference that it is most likely to be worse than.

    Attributes:
        harm: Share of resamples in which it is worse by more than the tolerance.
        gain: Share in which it is better by more than that.
        reference: Which one, empty where there is none.
        largest: Chance of harm up to which it is kept.
    """

    harm: float
    gain: float
    reference: str
    largest: float = LARGEST_CHANCE

    @property
    def is_too_high(self) -> bool:
        """Whether the approach is to be refused."""
        return self.harm > self.largest and self.gain < GAIN_ODDS * self.harm

    def sentence(self, tolerance: str) -> str:
        """Both chances beside what is allowed; the tolerance with its unit."""
        return (
            f"{self.harm:.0%} chance to err over {tolerance} more than {self.reference}, "
            f"{self.gain:.0%} to err as much less (allowed: {self.largest:.0%}, or a gain "
            f"{GAIN_ODDS:g} times as likely)"
        )


def risk_of_harm(drawn: Resampled, name: str, tolerance: float) -> Risk:
    """Compare with each other reference on the same resamples.

    Args:
        drawn: RMSE of every approach, under ``(name,)``, in life units.
        name: Of the approach.
        tolerance: Harm that does not matter, in life units.
    """
    largest = LARGEST_CHANCE
    if approach_of(name) in BLENDS:
        largest = SURELY_HARMS if drawn.units >= FEW_UNITS else 1.0
    risks = [Risk(0.0, 0.0, "", largest)]
    for reference in REFERENCES:
        if reference != name and (reference,) in drawn.observed:
            worse = drawn.drawn[(name,)] - drawn.drawn[(reference,)]
            harm, gain = float(np.mean(worse > tolerance)), float(np.mean(worse < -tolerance))
            risks.append(Risk(harm, gain, reference, largest))
    return max(risks, key=lambda risk: risk.harm)
