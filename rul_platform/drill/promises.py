"""What the platform has acknowledged during a drill: it may be asked for all of it.

Belongs here: the list. Does not belong here: looking whether it is kept (``invariants``).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

RATING, OUTCOME, DEPLOYMENT, RETRAIN, ARTIFACT, ANSWER, FAR = KINDS = (
    "rating", "outcome", "deployment", "retrain", "artifact", "answer", "artifact in a bucket",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Promise:
    """One acknowledgement.

    Attributes:
        kind: One of ``KINDS``.
        key: What was asked for: the caller's own key where there is one, else what was given back.
        value: What was given back, as the id of a rating.
        plant: Of a deployment; empty elsewhere.
    """

    kind: str
    key: str
    value: str
    plant: str = ""


@dataclass(slots=True)
class Promises:
    """All of them."""

    _by_key: dict[tuple[str, str], Promise] = field(default_factory=dict[tuple[str, str], Promise])
    _new: list[Promise] = field(default_factory=list[Promise])

    def add(self, promise: Promise) -> str | None:
        """Take one; what is wrong where the same request got another answer before."""
        before = self._by_key.setdefault((promise.kind, promise.key), promise)
        self._new.append(before)
        if before.value == promise.value:
            return None
        return f"{promise.kind} {promise.key} was answered {before.value}, then {promise.value}"

    def new(self) -> tuple[Promise, ...]:
        """Those that were given or repeated since this was asked last."""
        new, self._new = tuple(self._new), []
        return new

    def __iter__(self) -> Iterator[Promise]:
        return iter(self._by_key.values())

    def __len__(self) -> int:
        return len(self._by_key)
