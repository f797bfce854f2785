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

BLEND_ODDS = 1.0
"""Of a blend it is enough that a gain is as likely as harm; with fewer than ``FEW_UNITS`` units it is
never refused: what was taken instead of refused blends did harm in four times as many draws
(docs/experiments.md, section 15)."""


@dataclass(frozen=True, slots=True)
class Risk:
    """What an approach does beside the reference that it is most likely to be worse than.

    Attributes:
        harm: Share of resamples in which it is worse by more than the tolerance.
        gain: Share in which it is better by more than that.
        reference: Which one, empty where there is none.
        odds: How many times as likely as harm a gain must be, where harm is too likely.
    """

    harm: float
    gain: float
    reference: str
    odds: float = GAIN_ODDS

    @property
    def is_too_high(self) -> bool:
        """Whether the approach is to be refused."""
        return self.harm > LARGEST_CHANCE and self.gain < self.odds * self.harm


def risk_of_harm(drawn: Resampled, name: str, tolerance: float) -> Risk:
    """Compare with each other reference on the same resamples.

    Args:
        drawn: RMSE of every approach, under ``(name,)``, in life units.
        name: Of the approach.
        tolerance: Harm that does not matter, in life units.
    """
    odds = GAIN_ODDS
    if approach_of(name) in BLENDS:
        odds = BLEND_ODDS if drawn.units >= FEW_UNITS else 0.0
    risks = [Risk(0.0, 0.0, "", odds)]
    for reference in REFERENCES:
        if reference != name and (reference,) in drawn.observed:
            worse = drawn.drawn[(name,)] - drawn.drawn[(reference,)]
            harm, gain = float(np.mean(worse > tolerance)), float(np.mean(worse < -tolerance))
            risks.append(Risk(harm, gain, reference, odds))
    return max(risks, key=lambda risk: risk.harm)
