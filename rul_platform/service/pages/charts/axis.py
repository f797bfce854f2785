"""An axis: from values to places on paper, and round numbers to write beside it.

Belongs here: scales and ticks. Does not belong here: drawing.
"""

import math
from dataclasses import dataclass

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Axis:
    """Values to places, straight.

    Attributes:
        low: Value at ``begin``.
        high: Value at ``end``.
        begin: Place on paper.
        end: Likewise; smaller than ``begin`` for an axis that goes up.
    """

    low: float
    high: float
    begin: float
    end: float

    def place(self, value: float) -> float:
        """Where a value stands; one that is outside stands at the end."""
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return self.begin + min(max(share, 0.0), 1.0) * (self.end - self.begin)

    def ticks(self, most: int) -> list[float]:
        """Round values on the axis, ``most`` or fewer.

        >>> Axis(0, 130, 0, 1).ticks(5)
        [0.0, 50.0, 100.0]
        """
        span = self.high - self.low
        if span <= 0 or not math.isfinite(span):
            return [self.low]
        rough = span / most
        size = 10.0 ** math.floor(math.log10(rough))
        step = next(each * size for each in STEPS if each * size >= rough * (1 - 1e-9))
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [round(number * step, 12) for number in range(first, last + 1)]
