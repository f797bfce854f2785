"""What each retraining setting may be, and how it is read from JSON, text or a flag.

Belongs here: types, ranges and the words for them. Does not belong here: defaults, meaning and which
source wins (``policy``).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from rul_platform.core.wording import did_you_mean, quoted

TRUE, FALSE = ("true", "1", "yes"), ("false", "0", "no")
OR_UNSET, OR_NULL = ", or unset", ", or null"
"""How a variable or a flag, and how JSON leaves a setting to the recipe."""


class Rule(Protocol):
    """What one setting may be."""

    @property
    def allowed(self) -> str:
        """In words that follow "must be"."""
        ...

    def read(self, value: object) -> object:
        """The setting's value, of one type however it was written.

        Args:
            value: Text from the environment or the command line, or what JSON holds.

        Raises:
            ValueError: It is not allowed.
        """
        ...


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number between two ends, both included."""

    low: int
    high: int
    is_optional: bool = False

    @property
    def allowed(self) -> str:
        """In words that follow "must be"."""
        return (
            f"a whole number from {self.low} to {self.high}{OR_UNSET if self.is_optional else ''}"
        )

    def read(self, value: object) -> object:
        """See :class:`Rule`."""
        if value is None and self.is_optional:
            return None
        if isinstance(value, str) and re.fullmatch(r"\s*[+-]?[0-9]{1,18}\s*", value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError
        return _within(value, self.low <= value <= self.high)


@dataclass(frozen=True, slots=True)
class Number:
    """A number between two ends, both included but for a ``low`` that is only a bound."""

    low: float
    high: float
    is_above: bool = False
    is_optional: bool = False
    or_zero: str = ""  # what 0 means where it is allowed below ``low``

    @property
    def allowed(self) -> str:
        """In words that follow "must be"."""
        low = f"above {self.low:g} and up to" if self.is_above else f"from {self.low:g} to"
        zero = f", or 0 ({self.or_zero})" if self.or_zero else ""
        return f"a number {low} {self.high:g}{zero}{OR_UNSET if self.is_optional else ''}"

    def read(self, value: object) -> object:
        """See :class:`Rule`."""
        if value is None and self.is_optional:
            return None
        if isinstance(value, str) and "_" not in value:
            value = float(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError
        is_high_enough = value > self.low if self.is_above else value >= self.low
        is_zero = bool(self.or_zero) and value == 0
        is_right = is_high_enough and value <= self.high  # neither holds for NaN
        return _within(value, is_zero or is_right) + 0.0  # makes -0.0 to 0.0


@dataclass(frozen=True, slots=True)
class Flag:
    """Yes or no."""

    allowed: str = "true or false"

    def read(self, value: object) -> object:
        """See :class:`Rule`; of text, see ``TRUE`` and ``FALSE``."""
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and (text := value.strip().lower()) in TRUE + FALSE:
            return text in TRUE
        raise ValueError


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several words."""

    words: tuple[str, ...]
    is_any_case: bool = False

    @property
    def allowed(self) -> str:
        """In words that follow "must be"."""
        return f"{', '.join(self.words[:-1])} or {self.words[-1]}"

    def read(self, value: object) -> object:
        """See :class:`Rule`."""
        if isinstance(value, str):
            word = value.strip().upper() if self.is_any_case else value.strip()
            if word in self.words:
                return word
        raise ValueError


def _within(value: float, is_allowed: bool) -> float:
    if not is_allowed:
        raise ValueError
    return value


MANY = 1_000_000
YEAR_HOURS = 8760

RULES: Mapping[str, Rule] = {
    "days_back": Whole(1, 3650),
    "min_feedback": Whole(1, MANY),
    "min_negative": Whole(0, MANY),
    "min_positive_rate": Number(0, 1),
    "confidence": Number(0.5, 0.9999, or_zero="the rate as it is"),
    "cooldown_hours": Number(0, YEAR_HOURS),
    "min_outcomes": Whole(2, MANY),
    "max_error_growth": Number(1, 100),
    "max_drift": Number(0, 100, is_above=True),
    "epochs": Whole(1, 100_000, is_optional=True),
    "learning_rate": Number(0, 1, is_above=True, is_optional=True),
    "gate": Choice(("statistical", "threshold")),
    "min_improvement": Number(0, 0.99),
    "min_units": Whole(2, MANY),
    "approval": Choice(("held", "always")),
    "shadow": Flag(),
    "shadow_units": Whole(2, MANY),
    "ab_share": Number(0, 1),
    "guard": Flag(),
    "guard_min_predictions": Whole(1, MANY),
    "guard_max_error_rate": Number(0, 1),
    "guard_max_latency_ms": Number(0, 600_000, is_above=True),
    "guard_max_out_of_range": Number(0, 1),
    "guard_max_jumps": Number(0, 1),
    "guard_min_satisfaction": Number(0, 1),
    "guard_cooldown_hours": Number(0, YEAR_HOURS),
    "cleanup": Flag(),
    "keep_versions": Whole(1, 1000),
    "retention_days": Whole(1, 36_500),
    "log_level": Choice(("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"), is_any_case=True),
}
"""Every setting, in the order of ``policy.Policy``."""


@dataclass(frozen=True, slots=True)
class Layer:
    """What one source says.

    Attributes:
        source: Which source.
        values: Setting to value, of those that are right.
        problems: One line for each of the others.
    """

    source: str
    values: Mapping[str, object]
    problems: tuple[str, ...]


def read(
    source: str,
    given: Mapping[str, object],
    names: Mapping[str, str],
    *,
    prefix: str = "",
    or_unset: str = OR_UNSET,
) -> Layer:
    """Check everything that one source says.

    Args:
        source: For the messages.
        given: Values by the name that this source calls them.
        names: What this source calls each setting, to the setting.
        prefix: What all its names begin with.
        or_unset: How it leaves a setting to the recipe.

    >>> read("file", {"gate": "strict"}, {"gate": "gate"}).problems
    ("file: gate is 'strict', but must be statistical or threshold",)
    """
    values: dict[str, object] = {}
    problems: list[str] = []
    for name, value in given.items():
        if name not in names:
            problems.append(f"{source}: {name} is not a setting{_suggestion(name, names, prefix)}")
            continue
        rule = RULES[names[name]]
        try:
            values[names[name]] = rule.read(value)
        except ValueError:
            allowed = rule.allowed.replace(OR_UNSET, or_unset)
            problems.append(f"{source}: {name} is {quoted(value)}, but must be {allowed}")
    return Layer(source, values, tuple(problems))


def _suggestion(name: str, names: Mapping[str, str], prefix: str) -> str:
    """The closest name, by what follows the prefix: that all share the prefix makes none close."""
    known = [one.removeprefix(prefix) for one in names]
    return did_you_mean(name.removeprefix(prefix), known).replace("'", f"'{prefix}", 1)
