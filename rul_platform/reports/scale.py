"""An axis for a few numbers: where each stands, in per cent of a drawing's width, and round ticks.

Belongs here: positions. Does not belong here: marks, words (templates).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

MARGIN = 0.06
"""Part of the range that is left free on either side."""

TICKS = 5
_ROUND = (1, 2, 5, 10)


@dataclass(frozen=True, slots=True)
class Scale:
    """From ``low`` at the left to ``high`` at the right."""

    low: float
    high: float

    def at(self, value: float) -> float:
        """Where a value stands, in per cent; what lies outside stands at the end.

        >>> Scale(0.0, 4.0).at(1.0), Scale(0.0, 4.0).at(9.0)
        (25.0, 100.0)
        """
        share = (value - self.low) / (self.high - self.low)
        return round(100 * min(1.0, max(0.0, share)), 2)

    @property
    def ticks(self) -> tuple[float, ...]:
        """Round values within, about ``TICKS``.

        >>> Scale(-0.3, 1.1).ticks
        (0.0, 0.5, 1.0)
        """
        raw = (self.high - self.low) / TICKS
        power = 10.0 ** math.floor(math.log10(raw))
        step = next(each * power for each in _ROUND if each * power >= raw)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return tuple(round(number * step, 12) + 0.0 for number in range(first, last + 1))


def scale(values: Iterable[float | None]) -> Scale:
    """An axis that all values stand on, and 0; None and what is no finite number is left out.

    >>> scale([-1.0, None, 3.0])
    Scale(low=-1.24, high=3.24)
    """
    known = [0.0, *(each for each in values if each is not None and math.isfinite(each))]
    low, high = min(known), max(known)
    room = MARGIN * ((high - low) or 1.0)
    return Scale(low - room, high + room)
