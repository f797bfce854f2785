"""Processes that are killed in the middle of their work; shared by scenarios that do so.

Belongs here: where in the work the kill comes. Does not belong here: the work.
"""

import math
import time
from dataclasses import dataclass, field

from rul_platform.drill import children
from rul_platform.drill.children import Child, Limits, Work
from rul_platform.drill.faults import Fault
from rul_platform.drill.ground import HONEST, Ground

TRACED = 3.0
"""Times as long as work takes where its lines are counted."""

SLOWEST = 2.0
"""Times as long as the work takes alone: some of it is to come to its end."""


@dataclass(slots=True)
class Killer:
    """Kills work at the place that a fault names: half of them at a line of ours, half at a moment.

    A line is exact, and the same each time; a moment also meets what is not ours, as a commit in the
    database's own code.
    """

    ground: Ground
    _lines: dict[str, int] = field(default_factory=dict[str, int])
    _seconds: dict[str, float] = field(default_factory=dict[str, float])

    def kill(self, fault: Fault, work: Work) -> str:
        """Begin the work and kill it; gives how that ended."""
        return self.ending(children.run(self.ground, work, self.limits(fault, work)))

    def limits(self, fault: Fault, work: Work) -> Limits:
        """Where the kill comes. Work of a new kind is done once before, to know how long it is."""
        if fault.kind not in self._lines:
            self._measure(fault.kind, work)
        if fault.seed % 2:
            return Limits(line=max(1, math.ceil(fault.at * self._lines[fault.kind])))
        return Limits(seconds=fault.at * SLOWEST * self._seconds[fault.kind])

    def ending(self, child: Child) -> str:
        """How it ended, in words; an error that nobody means is a breach."""
        if child.failure is not None:
            self.ground.breach(HONEST, child.failure.strip())
        if child.ending == children.HANGS:
            self.ground.breach(HONEST, f"it was not over after {children.PATIENCE_SECONDS:g} s")
        if child.ending == children.KILLED:
            return f"killed {'after' if child.told else 'before'} it was acknowledged"
        return child.ending

    def _measure(self, kind: str, work: Work) -> None:
        began = time.monotonic()
        counted = children.run(self.ground, work, counts=True)
        self.ending(counted)
        self._seconds[kind] = (time.monotonic() - began) / TRACED
        self._lines[kind] = max(1, counted.lines)
