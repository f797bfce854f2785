"""What is wrong with a plant file, in words: the key, what was found, what is allowed.

Belongs here: turning a refused section into sentences, all of them at once.
Does not belong here: what the keys are (``plant_sections``), checks over several of them (``plant``).
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from rul_platform.core.plant_sections import RESERVED_NAMES, Columns, is_sensor_name
from rul_platform.core.wording import did_you_mean, listing, quoted

SECRET_KEYS = ("url", "url_env")
"""A person may put a password here by mistake, so an error never repeats what was found."""

CHOOSE = "CHOOSE"
"""Stands in a draft for what nobody can see in the data; as a value, it has to be replaced."""

SectionT = TypeVar("SectionT", bound=BaseModel)


def key_path(section: str, key: str) -> str:
    """How a key is named in every message.

    >>> key_path("failure", "kind"), key_path("", "title")
    ('[failure] kind', 'title')
    """
    return f"[{section}] {key}" if section else key


def read_section(
    raw: Mapping[str, Any], model: type[SectionT], *, section: str, problems: list[str]
) -> SectionT | None:
    """The section as ``model``, or None with everything that is wrong appended to ``problems``.

    Args:
        raw: As TOML gives it.
        model: What is allowed.
        section: Its name in the file.
        problems: Grows by one sentence for each key that is wrong.
    """
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False)
        first_of_key = {str(d["loc"][0]): d for d in reversed(details)}  # a union reports twice
        for key, detail in reversed(first_of_key.items()):
            problems.append(_sentence(key, detail, raw, model, section))
        return None


def unknown_keys(section: str, found: Iterable[str], allowed: Iterable[str]) -> list[str]:
    """A sentence for each key that does not exist."""
    known = list(allowed)
    return [
        f"{key_path(section, key)}: unknown key{did_you_mean(key, known) or '.'} "
        f"Allowed here: {listing(known)}."
        for key in found
        if key not in known
    ]


def one_of(
    section: str, found: Mapping[str, Any], keys: tuple[str, str], problems: list[str]
) -> str:
    """Which of two keys is given, or "" with a problem when it is none or both."""
    given = [key for key in keys if key in found]
    if len(given) == 1:
        return given[0]
    what = "both" if given else "neither"
    problems.append(f"[{section}]: found {what}; give exactly one of {keys[0]} and {keys[1]}.")
    return ""


def sensor_problems(table: Mapping[str, Any]) -> list[str]:
    """What is wrong with the section ``[sensors]``."""
    problems = [] if table else ['[sensors]: empty; give at least one, as flow = "Flow (l/min)".']
    for short, column in table.items():
        key = key_path("sensors", short)
        if not is_sensor_name(short):
            problems.append(
                f"{key}: this short name is not allowed; use letters, digits and _ without a digit "
                f"in front, no word of Python, and none of {listing(RESERVED_NAMES)}."
            )
        if not isinstance(column, str) or not column:
            problems.append(
                f"{key}: found {quoted(column)}, but must be a column's name in quotes."
            )
        base = short.removesuffix("_dev")
        if base != short and base in table:
            problems.append(
                f"{key}: this name is taken by the channel that says how far {base!r} has drifted; "
                f"use another short name."
            )
    return problems


def choice_problems(raw: Mapping[str, Any], known: Iterable[str]) -> list[str]:
    """A sentence for each value that still is CHOOSE.

    Args:
        raw: The whole file as TOML gives it.
        known: Problems that were found already; a key that has one gets no second.
    """
    keys = {("", key): value for key, value in raw.items() if not isinstance(value, dict)}
    for section, table in raw.items():
        if isinstance(table, dict):
            inner = cast("dict[str, object]", table)
            keys |= {(section, key): value for key, value in inner.items()}
    reported = {problem.partition(":")[0] for problem in known}
    return [
        f"{path}: still {CHOOSE}, so nobody has decided; give {_wanted(section, key)}."
        for (section, key), value in keys.items()
        if _is_open(value) and (path := key_path(section, key)) not in reported
    ]


def _is_open(value: object) -> bool:
    if isinstance(value, list):
        return any(_is_open(part) for part in cast("list[object]", value))
    return isinstance(value, str) and value.strip() == CHOOSE


def _wanted(section: str, key: str) -> str:
    if section == "columns" and key in Columns.model_fields:
        return str(Columns.model_fields[key].description)
    return "a column's name" if section == "sensors" else "a value"


def _sentence(
    key: str, detail: ErrorDetails, raw: Mapping[str, Any], model: type[BaseModel], section: str
) -> str:
    if key not in model.model_fields:
        return unknown_keys(section, [key], model.model_fields)[0]
    allowed = model.model_fields[key].description
    if detail["type"] == "missing":
        return f"{key_path(section, key)}: missing; give {allowed}."
    value = "a value that is not shown" if key in SECRET_KEYS else quoted(raw[key])
    return f"{key_path(section, key)}: found {value}, but must be {allowed}."
