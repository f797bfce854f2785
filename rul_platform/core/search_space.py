"""What a search may choose from: a few numbers of a recipe, each with its limits.

A space is written as TOML or JSON, a line for each number: two limits, or a list of choices.

    learning_rate = { low = 0.001, high = 0.02, log = true }
    hidden_size = [32, 64, 96]

Belongs here: reading a space, the default one, and its grid.
Does not belong here: searching (``learning.recipes.search``), what a number does (``recipe``).
"""

import itertools
import json
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from rul_platform.core.recipe import AVERAGINGS, LOSSES, SCHEDULES
from rul_platform.core.wording import did_you_mean, quoted
from rul_platform.errors import SearchSpaceError

Value = int | float | str
Chosen = Mapping[str, Value]
"""Name of each number to its value."""

NUMBERS: dict[str, tuple[type[int] | type[float], float, float]] = {
    "learning_rate": (float, 1e-6, 1.0),
    "pretrained_rate": (float, 1e-3, 1.0),
    "weight_decay": (float, 0.0, 1.0),
    "dropout": (float, 0.0, 0.9),
    "hidden_size": (int, 1, 1024),
    "num_layers": (int, 1, 8),
    "batch_size": (int, 1, 8192),
    "window": (int, 1, 1000),
}
"""Kind and smallest and largest value of each number that may be searched."""

WORDS: dict[str, tuple[str, ...]] = {
    "loss": tuple(word for word in LOSSES if word != "distribution"),
    "schedule": SCHEDULES,
    "averaging": AVERAGINGS,
}
"""Likewise of each choice among words; a label distribution needs a network of its own."""

OF_THE_NETWORK = ("hidden_size", "num_layers", "dropout", "window")
"""What cannot be chosen anew where a pretrained network is trained on."""
GRID_POINTS = 3


@dataclass(frozen=True, slots=True)
class Dimension:
    """One number or word that may be chosen.

    Attributes:
        name: A key of ``NUMBERS`` or ``WORDS``.
        choices: The values, in order; or, with ``is_range``, the smallest and the largest.
        is_range: Whether everything between the two is allowed.
        is_log: Whether a range is searched by factors, not by steps.
    """

    name: str
    choices: tuple[Value, ...]
    is_range: bool = False
    is_log: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether only whole numbers are allowed."""
        return self.name in NUMBERS and NUMBERS[self.name][0] is int

    def holds(self, value: Value) -> bool:
        """Whether ``value`` may be chosen."""
        if not self.is_range:
            return value in self.choices
        low, high = (float(end) for end in self.choices)
        return low <= float(value) <= high

    def points(self, count: int = GRID_POINTS) -> tuple[Value, ...]:
        """The choices, or ``count`` values evenly spread over a range, both ends among them.

        >>> Dimension("learning_rate", (0.001, 0.1), is_range=True, is_log=True).points()
        (0.001, 0.01, 0.1)
        """
        if not self.is_range:
            return self.choices
        low, high = (float(end) for end in self.choices)
        shares = [at / max(count - 1, 1) for at in range(count)]
        if self.is_log:
            values = [low * (high / low) ** share for share in shares]
        else:
            values = [low + (high - low) * share for share in shares]
        if self.is_whole:
            return tuple(dict.fromkeys(round(value) for value in values))
        return tuple(dict.fromkeys(float(f"{value:.6g}") for value in values))


@dataclass(frozen=True, slots=True)
class SearchSpace:
    """Everything that a search may choose."""

    dimensions: tuple[Dimension, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Of the dimensions, in order."""
        return tuple(each.name for each in self.dimensions)

    def without(self, names: Sequence[str]) -> "SearchSpace":
        """The same space without some dimensions."""
        return SearchSpace(tuple(each for each in self.dimensions if each.name not in names))

    def grid(self) -> list[dict[str, Value]]:
        """Every combination of the dimensions' points, the last dimension changing fastest."""
        every = itertools.product(*(each.points() for each in self.dimensions))
        return [dict(zip(self.names, values, strict=True)) for values in every]

    def to_json(self) -> dict[str, Any]:
        """Plain values, as they are written in a file."""
        return {each.name: _written(each) for each in self.dimensions}


DEFAULT_SPACE = SearchSpace(
    (
        Dimension("learning_rate", (1e-3, 2e-2), is_range=True, is_log=True),
        Dimension("weight_decay", (1e-5, 1e-1), is_range=True, is_log=True),
        Dimension("dropout", (0.0, 0.4), is_range=True),
        Dimension("batch_size", (128, 256, 512)),
        Dimension("hidden_size", (32, 64, 96)),
        Dimension("num_layers", (1, 2)),
    )
)
"""Around what we train by default (``recipe``): a rate of 0.005, 256 windows, 64 hidden units."""

DEFAULT_TUNING_SPACE = SearchSpace(
    (
        Dimension("learning_rate", (5e-4, 1e-2), is_range=True, is_log=True),
        Dimension("pretrained_rate", (0.05, 1.0), is_range=True, is_log=True),
        Dimension("weight_decay", (1e-5, 1e-1), is_range=True, is_log=True),
        Dimension("batch_size", (32, 128, 256)),
    )
)
"""Where a pretrained network is trained on: its sizes stand."""


def parse_space(text: str, *, source: str, is_json: bool = False) -> SearchSpace:
    """Read a space.

    Args:
        text: TOML, or JSON.
        source: What to name in an error.
        is_json: Which of the two.

    Raises:
        SearchSpaceError: Lists everything that is wrong.
    """
    try:
        data: object = json.loads(text) if is_json else tomllib.loads(text)
    except (json.JSONDecodeError, tomllib.TOMLDecodeError) as error:
        raise SearchSpaceError(source, [f"no {'JSON' if is_json else 'TOML'}: {error}"]) from error
    if not isinstance(data, dict) or not data:
        raise SearchSpaceError(source, ["it names nothing to search; give at least one number"])
    problems: list[str] = []
    dimensions = [
        _dimension(str(name), given, problems)
        for name, given in cast("dict[object, object]", data).items()
    ]
    if problems:
        raise SearchSpaceError(source, problems)
    return SearchSpace(tuple(each for each in dimensions if each is not None))


def _dimension(name: str, given: object, problems: list[str]) -> Dimension | None:
    """One line of a space; None where it has a problem, which is noted."""
    if name not in NUMBERS and name not in WORDS:
        known = (*NUMBERS, *WORDS)
        hint = did_you_mean(name, known) or f"; what can be searched is {', '.join(known)}"
        problems.append(f"{name}: there is no such number{hint}")
        return None
    if isinstance(given, list):
        return _choices(name, cast("list[object]", given), problems)
    if isinstance(given, dict):
        return _range(name, cast("dict[str, object]", given), problems)
    problems.append(f"{name} is {quoted(given)}, but must be a list of choices, or low and high")
    return None


def _choices(name: str, given: list[object], problems: list[str]) -> Dimension | None:
    if not given:
        problems.append(f"{name} has no choice; give at least one")
    found = [found for value in given if (found := _wrong(name, value)) is not None]
    problems.extend(found)
    values = tuple(cast("list[Value]", given))
    return None if found or not given else Dimension(name, tuple(dict.fromkeys(values)))


def _range(name: str, given: dict[str, object], problems: list[str]) -> Dimension | None:
    low, high, is_log = given.get("low"), given.get("high"), given.get("log", False)
    unknown = sorted(given.keys() - {"low", "high", "log"})
    found = [f"{name}.{key}: only low, high and log are known" for key in unknown]
    if name in WORDS:
        found.append(f"{name} is a word: give a list of {', '.join(WORDS[name])}")
    else:
        found += [w for end in (low, high) if (w := _wrong(name, end)) is not None]
        if not isinstance(is_log, bool):
            found.append(f"{name}.log is {quoted(is_log)}, but must be true or false")
    if not found:
        start, end = float(cast("float", low)), float(cast("float", high))
        if start >= end:
            found.append(f"{name}.low is {low}, but must be below high, {high}")
        if is_log and start <= 0:
            found.append(f"{name}.low is {low}, but must be above 0 where log is true")
    problems.extend(found)
    ends = (cast("Value", low), cast("Value", high))
    return None if found else Dimension(name, ends, is_range=True, is_log=bool(is_log))


def _wrong(name: str, value: object) -> str | None:
    """What is wrong with one value, in words; None where nothing is."""
    if name in WORDS:
        right = value in WORDS[name]
        return (
            None
            if right
            else f"{name} is {quoted(value)}, but must be one of {', '.join(WORDS[name])}"
        )
    kind, low, high = NUMBERS[name]
    is_kind = isinstance(value, int if kind is int else int | float) and not isinstance(value, bool)
    if is_kind and math.isfinite(cast("float", value)) and low <= cast("float", value) <= high:
        return None
    what = "a whole number" if kind is int else "a number"
    return f"{name} is {quoted(value)}, but must be {what} from {low:g} to {high:g}"


def _written(each: Dimension) -> object:
    if not each.is_range:
        return list(each.choices)
    low, high = each.choices
    return {"low": low, "high": high, "log": each.is_log}
