"""What was noticed about a training or a model: one thing, how bad it is, and what to do.

Belongs here: the form of a finding, and a limit that several share. Does not belong here: the rules
(``diagnosis``,
``learning.inspection.doctor``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Severity = Literal["good", "note", "warning", "error"]
SEVERITIES: tuple[Severity, ...] = ("good", "note", "warning", "error")
"""From the mildest to the worst: an error is a training or a model not to be used."""

LEFT_OF_LOSS = 0.05
"""What learned 32 windows by heart has no more of the loss left; what is wired wrongly keeps most."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was noticed.

    Attributes:
        kind: A short fixed name, as ``overfitting``.
        severity: How bad it is.
        what: What was found, with its number, in plain words.
        remedy: What to do; empty where nothing needs to be done.
        numbers: What the sentence rests on.
    """

    kind: str
    severity: Severity
    what: str
    remedy: str = ""
    numbers: Mapping[str, float] = field(default_factory=dict[str, float])

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self) | {"numbers": dict(self.numbers)}


def worst(findings: Iterable[Finding]) -> Severity:
    """The worst severity among findings; good where there is none.

    >>> worst((Finding("a", "note", ""), Finding("b", "error", ""))), worst(())
    ('error', 'good')
    """
    ranks = [SEVERITIES.index(each.severity) for each in findings]
    return SEVERITIES[max(ranks, default=0)]
