"""The log of the method: what each step tried, what came out, what was kept and why.

Belongs here: the log's shape, and its way to JSON and back. Does not belong here: the steps
(``learning.recipes.method_steps``), the page that people read (``reports.method_page``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

STEPS = (
    "baseline",
    "sanity check",
    "full data",
    "learning rate",
    "regularisation",
    "early stopping",
    "transfer",
    "search",
)
"""In their order; each goes on from what the one before it kept."""
TEST = "test"
"""What comes after all of them, once."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One thing that was tried.

    Attributes:
        what: In words.
        rmse: On validation units, in life units, labels capped; None where that is not what it was for.
        cpu_seconds: Processor time.
    """

    what: str
    rmse: float | None
    cpu_seconds: float


@dataclass(frozen=True, slots=True)
class StepLog:
    """One step of the method.

    Attributes:
        name: Of ``STEPS``, or ``TEST``.
        tried: In order.
        kept: What the next step goes on from, in words.
        why: The reason.
        findings: What the diagnosis says of the training that was kept, each with its remedy.
    """

    name: str
    tried: tuple[Attempt, ...]
    kept: str
    why: str
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MethodState:
    """How far a method has come; all that an interrupted one needs to go on.

    Attributes:
        steps: Finished ones.
        recipe: What was chosen, by the names of a search space.
        stops_early: Whether training keeps the weights that validated best.
        is_pretrained: Whether training goes on from the pretrained network.
        rmse: Of the kept recipe on validation units, in life units; None before any was trained.
        margin: What a gain must exceed to be kept, in life units.
    """

    steps: tuple[StepLog, ...] = ()
    recipe: Mapping[str, Any] = field(default_factory=dict[str, Any])
    stops_early: bool = False
    is_pretrained: bool = False
    rmse: float | None = None
    margin: float = 0.0

    @property
    def names(self) -> tuple[str, ...]:
        """Of the finished steps."""
        return tuple(step.name for step in self.steps)

    def step(self, name: str) -> StepLog:
        """A finished step by its name."""
        return next(step for step in self.steps if step.name == name)

    def to_json(self) -> dict[str, Any]:
        """Plain values; exact both ways."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "MethodState":
        """The inverse of :meth:`to_json`."""
        facts = {name: value for name, value in data.items() if name != "steps"}
        return cls(tuple(_step(each) for each in data["steps"]), **facts)


def _step(data: Mapping[str, Any]) -> StepLog:
    tried: Sequence[Mapping[str, Any]] = data["tried"]
    return StepLog(
        name=data["name"],
        tried=tuple(Attempt(**each) for each in tried),
        kept=data["kept"],
        why=data["why"],
        findings=tuple(data["findings"]),
    )
