"""How likely an approach is to do harm: to be worse than doing nothing, or than starting from scratch.

Belongs here: the comparison on resamples, and what is too likely. Does not belong here: who is chosen
(``selection``).
"""

from dataclasses import dataclass

import numpy as np

from rul_platform.core.approaches import REFERENCES
from rul_platform.core.bootstrap import Resampled

TOLERANCE = 0.5 / 125
"""Harm that does not matter, as a part of the label cap: 0.5 cycles on turbofans."""

LARGEST_CHANCE = 0.10
"""An approach with a larger chance to harm by more than the tolerance is refused, unless ..."""

GAIN_ODDS = 5.0
"""... a gain of more than the tolerance is this many times as likely. Of five units one that is odd for
an approach is drawn twice in 26 % of all resamples: without this nearly everything would be refused,
and the reference that was taken instead would do harm far more often."""


@dataclass(frozen=True, slots=True)
class Risk:
    """What an approach does beside the reference that it is most likely to be worse than.

    Attributes:
        harm: Share of resamples in which it is worse by more than the tolerance.
        gain: Share in which it is better by more than that.
        reference: Which one, empty where there is none.
    """

    harm: float
    gain: float
    reference: str

    @property
    def is_too_high(self) -> bool:
        """Whether the approach is to be refused."""
        return self.harm > LARGEST_CHANCE and self.gain < GAIN_ODDS * self.harm


def risk_of_harm(drawn: Resampled, name: str, tolerance: float) -> Risk:
    """Compare with each other reference on the same resamples.

    Args:
        drawn: RMSE of every approach, under ``(name,)``, in life units.
        name: Of the approach.
        tolerance: Harm that does not matter, in life units.
    """
    risks = [Risk(0.0, 0.0, "")]
    for reference in REFERENCES:
        if reference != name and (reference,) in drawn.observed:
            worse = drawn.drawn[(name,)] - drawn.drawn[(reference,)]
            harm, gain = float(np.mean(worse > tolerance)), float(np.mean(worse < -tolerance))
            risks.append(Risk(harm, gain, reference))
    return max(risks, key=lambda risk: risk.harm)
