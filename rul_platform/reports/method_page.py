"""The log of the method and the outcome of a search, as Markdown that people read.

Belongs here: words and tables. Does not belong here: any figure that is not in the log.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from rul_platform.core.method_log import STEPS, MethodState, StepLog


def method_page(state: MethodState, *, title: str, life_unit: str) -> str:
    """All steps: what was tried, what was kept and why, what the diagnosis says."""
    total = sum(attempt.cpu_seconds for step in state.steps for attempt in step.tried)
    parts = [
        f"# The method on {title}",
        f"Errors are root mean squared errors in {life_unit}, labels capped, every unit counting once. "
        f"Until the last section they are on validation units. {total:.0f} CPU seconds.",
    ]
    for step in state.steps:
        parts += _section(step)
    if state.recipe:
        parts.append("## The recipe")
        parts.append(_table(("number", "value"), _recipe(state)))
    return "\n\n".join(parts) + "\n"


def search_page(found: Mapping[str, Any], *, title: str, life_unit: str) -> str:
    """The best recipe of a study beside the plain one, and which numbers mattered."""
    plain = found["plain_rmse"]
    beside = "" if plain is None else f"; what we train by default has {plain:.2f}"
    lines = [
        f"# Search on {title}",
        f"{found['scored']} trials scored, {found['given_up']} given up. Best RMSE on units left out: "
        f"{found['best_rmse']:.2f} {life_unit}{beside}. The best of many noisy figures is too good: "
        f"train it and judge it on units that had no part in this.",
        _table(("number", "best"), [(name, _short(v)) for name, v in found["best"].items()]),
    ]
    if found["importance"]:
        rows = [(name, f"{share:.0%}") for name, share in found["importance"].items()]
        lines.append(_table(("number", "share of the differences"), rows))
    return "\n\n".join(lines) + "\n"


def _section(step: StepLog) -> list[str]:
    number = f"{STEPS.index(step.name) + 1}. " if step.name in STEPS else ""
    rows = [
        (
            attempt.what,
            "" if attempt.rmse is None else f"{attempt.rmse:.2f}",
            f"{attempt.cpu_seconds:.1f}",
        )
        for attempt in step.tried
    ]
    parts = [f"## {number}{step.name.capitalize()}"]
    if rows:
        parts.append(_table(("tried", "RMSE", "CPU s"), rows))
    parts.append(f"Kept: **{step.kept}**. {step.why}")
    if step.findings:
        parts.append("\n".join(f"- {finding}" for finding in step.findings))
    return parts


def _recipe(state: MethodState) -> list[tuple[str, str]]:
    facts = {
        "weights to begin with": "pretrained" if state.is_pretrained else "from scratch",
        "early stopping": "yes" if state.stops_early else "no",
    }
    return [*((name, _short(value)) for name, value in state.recipe.items()), *facts.items()]


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _short(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
