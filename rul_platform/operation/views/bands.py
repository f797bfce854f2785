"""How soon a machine needs attention, in four bands.

The bands are those of the report (``core.bands``): the predicted life as a share of the label cap, the
longest life that the model tells apart.

Belongs here: from an answer to its band. Does not belong here: what a band is called on a page.
"""

import math
from bisect import bisect_right
from dataclasses import dataclass

from rul_platform.core.bands import band_edges
from rul_platform.inference.cautions import NEARLY

ACT, PLAN, WATCH, HEALTHY, UNKNOWN = "act", "plan", "watch", "healthy", "unknown"
BANDS = (ACT, PLAN, WATCH, HEALTHY)
"""The most urgent one first."""


@dataclass(frozen=True, slots=True)
class Bands:
    """The bands of one plant's model.

    Attributes:
        cap: The longest life that it tells apart, in life units; None where no model is loaded.
    """

    cap: float | None

    @property
    def edges(self) -> tuple[float, ...]:
        """Where the bands meet, in life units; none where the cap is not known."""
        return () if self.cap is None else band_edges(self.cap)

    def of(self, rul: float) -> str:
        """The band of a predicted life; an edge belongs to the band above it."""
        return UNKNOWN if self.cap is None else BANDS[bisect_right(self.edges, rul)]

    @property
    def digits(self) -> int:
        """Digits after the point that say something: those of a hundredth of the cap."""
        return 0 if self.cap is None else max(0, 2 - math.floor(math.log10(self.cap)))

    def is_at_least(self, rul: float) -> bool:
        """Whether an answer says only that there is no sign of wear yet."""
        return self.cap is not None and rul >= NEARLY * self.cap
