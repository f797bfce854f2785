"""What is injected, decided before anything happens: the same seed makes the same plan.

Belongs here: the plan, and the form of a scenario. Does not belong here: carrying it out (``runner``).
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from random import Random
from typing import TYPE_CHECKING

from rul_platform.core.canonical import canonical_json

if TYPE_CHECKING:
    from rul_platform.drill.ground import Ground


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        scenario: Which one it belongs to.
        kind: What is injected, as the report says it.
        at: Where in the work it happens, from 0 to 1: a share of its lines, of its time or its bytes.
        seed: For whatever else has to be chosen.
    """

    scenario: str
    kind: str
    at: float
    seed: int

    @property
    def chance(self) -> Random:
        """Draws what else has to be chosen; the same each time."""
        return Random(self.seed)  # noqa: S311  no secret

    def between(self, low: float, high: float) -> float:
        """The place between two bounds that ``at`` stands for."""
        return low + self.at * (high - low)


Inject = Callable[[Fault], str]
"""Carries out one fault, and gives in a few words how it ended."""


def _always(_: "Ground") -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A part of the platform, and the ways in which it is hurt.

    Attributes:
        name: For ``--only``.
        about: One line for people.
        kinds: What is injected, in turns.
        quick: How many faults in a quick drill.
        whole: How many in a whole one.
        opened: Prepares the ground and gives what carries out one fault; cleans up at the end.
        hindered: Why it cannot be carried out there; None where it can.
        is_late: Whether faults are to come rather late in the work, where rows are written.
        is_long: Whether one fault takes many seconds.
    """

    name: str
    about: str
    kinds: tuple[str, ...]
    quick: int
    whole: int
    opened: Callable[["Ground"], AbstractContextManager[Inject]]
    hindered: Callable[["Ground"], str | None] = _always
    is_late: bool = False
    is_long: bool = False

    def faults(self, seed: int, times: int) -> Iterator[Fault]:
        """The first ``times`` faults of this scenario's plan, each kind in its turn."""
        chance = Random(f"{seed}:{self.name}")  # noqa: S311  no secret
        for turn in range(times):
            at = chance.random() ** (0.5 if self.is_late else 1.0)
            kind = self.kinds[turn % len(self.kinds)]
            yield Fault(self.name, kind, at, chance.getrandbits(32))


Plan = tuple[tuple[Scenario, tuple[Fault, ...]], ...]
"""Scenarios in their order, each with its faults."""


def plan(
    scenarios: Sequence[Scenario], seed: int, *, is_quick: bool, times: int | None = None
) -> Plan:
    """All faults of a drill.

    Args:
        scenarios: In which order.
        seed: The same seed gives the same faults, whichever scenarios are carried out.
        is_quick: Few of each.
        times: So many of each scenario, whatever it would be otherwise.
    """
    counts = {
        each.name: times if times is not None else each.quick if is_quick else each.whole
        for each in scenarios
    }
    return tuple((each, tuple(each.faults(seed, counts[each.name]))) for each in scenarios)


def fingerprint(faults: Iterable[Fault]) -> str:
    """The sha256 of a plan: two drills that tell the same one did the same."""
    digest = hashlib.sha256()
    for fault in faults:
        digest.update(canonical_json(asdict(fault)))
    return digest.hexdigest()
