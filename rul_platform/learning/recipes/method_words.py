"""How a step of the method notes what came out.

Belongs here: sentences and findings of a log. Does not belong here: the steps (``method_checks``,
``method_steps``).
"""

from dataclasses import replace

from rul_platform.core.diagnosis import diagnose
from rul_platform.core.method_log import MethodState, StepLog
from rul_platform.learning.recipes.method_ground import MethodGround, Trained


def noted(state: MethodState, log: StepLog) -> MethodState:
    """The state after a step."""
    return replace(state, steps=(*state.steps, log))


def findings(ground: MethodGround, result: Trained) -> tuple[str, ...]:
    """What the diagnosis says of a training, each with its remedy."""
    found = diagnose(result.fitted.history, cap=ground.cap)
    return tuple(f"{each.what} {each.remedy}".strip() for each in found)


def reason(now: float, before: float, margin: float) -> str:
    """Why a change is kept or not."""
    gain = before - now
    if gain > margin:
        return f"It gains {gain:.2f}, more than the {margin:.2f} that count for nothing."
    verb = f"gains {gain:.2f}" if gain > 0 else f"loses {-gain:.2f}"
    return f"The best change {verb}; only more than {margin:.2f} would be a reason to change."


def short(value: object) -> str:
    """A value as a person would write it."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)
