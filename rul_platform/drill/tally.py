"""What a drill did and found, as a table and as JSON.

Belongs here: the count and the words. Does not belong here: how it came about (``runner``).
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from rul_platform.drill import invariants
from rul_platform.drill.faults import Fault
from rul_platform.drill.ground import Ground

HELD, BROKEN = 0, 1
"""Exit codes."""


@dataclass(slots=True)
class Tally:
    """The count.

    Attributes:
        seed: Of the plan.
        plan: Its fingerprint.
        planned: How many faults it has.
        database: Where the tables were.
        endings: Scenario and kind to how faults ended, each so often.
        seconds: Scenario to how long it took.
        skipped: Scenario to why it was not carried out.
        is_interrupted: Whether somebody stopped the drill.
        took: Seconds, in all.
    """

    seed: int
    plan: str
    planned: int
    database: str
    endings: dict[tuple[str, str], Counter[str]] = field(
        default_factory=dict[tuple[str, str], Counter[str]]
    )
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    skipped: dict[str, str] = field(default_factory=dict[str, str])
    is_interrupted: bool = False
    took: float = 0.0

    def add(self, fault: Fault, ending: str) -> None:
        """One fault was carried out."""
        self.endings.setdefault((fault.scenario, fault.kind), Counter())[ending] += 1

    @property
    def faults(self) -> int:
        """How many were carried out."""
        return sum(each.total() for each in self.endings.values())


def exit_code(ground: Ground) -> int:
    """``HELD`` or ``BROKEN``."""
    return BROKEN if ground.breaches else HELD


def to_json(tally: Tally, ground: Ground) -> dict[str, Any]:
    """Plain values."""
    return {
        "holds": not ground.breaches,
        "is_interrupted": tally.is_interrupted,
        "database": tally.database,
        "seed": tally.seed,
        "plan": tally.plan,
        "faults": tally.faults,
        "planned": tally.planned,
        "acknowledged": len(ground.promises),
        "seconds": round(tally.took, 1),
        "scenarios": [
            {"scenario": scenario, "kind": kind, "times": ends.total(), "endings": dict(ends)}
            for (scenario, kind), ends in tally.endings.items()
        ],
        "seconds_of": {name: round(seconds, 1) for name, seconds in tally.seconds.items()},
        "skipped": tally.skipped,
        "invariants": invariants.told_json(ground),
    }


def to_text(tally: Tally, ground: Ground) -> str:
    """For people."""
    faults = [("scenario", "what was injected", "times", "how it ended")]
    faults += [
        (scenario, kind, str(ends.total()), _counted(ends))
        for (scenario, kind), ends in tally.endings.items()
    ]
    held = [("what must hold", "checks", "broken")]
    for name, meaning in invariants.MEANING.items():
        broken = sum(each.invariant == name for each in ground.breaches)
        held.append((meaning, str(ground.checked.get(name, 0)), str(broken)))
    stopped = "Interrupted: what was done until then. " if tally.is_interrupted else ""
    lines = [*_table(faults), "", *_table(held), ""]
    lines += [f"Left out: {name}: {why}" for name, why in tally.skipped.items()]
    lines += [
        f"BROKEN, {each.invariant}, after {each.after}: {each.what}" for each in ground.breaches
    ]
    lines.append(
        f"{stopped}{tally.faults} of {tally.planned} faults injected in {tally.took:.0f} s "
        f"({tally.database}, seed {tally.seed}, plan {tally.plan[:12]}); "
        f"{len(ground.promises)} acknowledgements held against what is there: "
        f"{f'{len(ground.breaches)} BROKEN' if ground.breaches else 'everything held'}."
    )
    return "\n".join(lines)


def _counted(ends: Counter[str]) -> str:
    return ", ".join(f"{count} {ending}" for ending, count in ends.most_common())


def _table(rows: Iterable[tuple[str, ...]]) -> list[str]:
    rows = list(rows)
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
