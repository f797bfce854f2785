"""The plant file: where a plant's readings are, what they mean, and what a failure is.

Belongs here: the whole file, section by section.
Does not belong here: what one key allows (``plant_sections``), what several keys together get wrong
(``plant_conflicts``), wording (``plant_problems``), reading the data (``storage.plant_source``).
"""

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from rul_platform.core.labels import DEFAULT_CAP_CYCLES
from rul_platform.core.plant_conflicts import conflicts, unit_conflict
from rul_platform.core.plant_problems import (
    choice_problems,
    one_of,
    read_section,
    sensor_problems,
    unknown_keys,
)
from rul_platform.core.plant_sections import (
    Columns,
    FailureTable,
    FileSource,
    Label,
    LastRow,
    Maintenance,
    Resample,
    Section,
    Split,
    SqlSource,
    Threshold,
    Transfer,
)
from rul_platform.core.wording import did_you_mean, listing, quoted
from rul_platform.errors import PlantFileError

NAME_PATTERN = re.compile(r"[a-z0-9_-]{1,40}")
"""A plant's name is its file's name without ``.toml``: it becomes a partition and part of paths."""

NAME_RULE = "1 to 40 of a-z, 0-9, _ and -"

NEEDED = ("source", "columns", "sensors", "failure")
OPTIONAL = ("resample", "label", "split", "maintenance", "transfer")

FAILURES: dict[str, type[LastRow | Threshold | FailureTable]] = {
    "last_row": LastRow,
    "threshold": Threshold,
    "table": FailureTable,
}


class Plant(BaseModel):
    """A plant file that was found to be in order; made by :func:`parse_plant`.

    Attributes:
        name: The file's name without suffix.
        title: For people.
        simulated: Whether the machines are made up; every report then says so.
        sensors: Short name to the source's column, in the order of the file.
        resample: None where every reading is kept.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    title: str
    simulated: bool
    source: FileSource | SqlSource
    columns: Columns
    sensors: dict[str, str]
    resample: Resample | None
    failure: LastRow | Threshold | FailureTable
    label: Label
    split: Split
    maintenance: Maintenance = Maintenance()  # plant files stored before it was there lack it
    transfer: Transfer


def parse_plant(text: str, name: str) -> Plant:
    """Read and check a plant file.

    Args:
        text: The file's TOML.
        name: The file's name without suffix.

    Raises:
        PlantFileError: Lists every problem with its key, what was found and what is allowed.
    """
    problems: list[str] = []
    if NAME_PATTERN.fullmatch(name) is None:
        problems.append(f"name: found {quoted(name)}; rename the file to {NAME_RULE}.")
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problems.append(f"not valid TOML: {error}. Is a quote or a bracket missing?")
        raise PlantFileError(name, problems) from error
    problems += unknown_keys("", raw, ("title", "simulated", *NEEDED, *OPTIONAL))
    title, simulated = _title(raw, problems), _simulated(raw, problems)
    tables = {key: _table(raw, key, problems) for key in (*NEEDED, *OPTIONAL)}
    parts = _parts(tables, problems)
    problems += conflicts(parts)
    problems += choice_problems(raw, problems)
    if problems:
        raise PlantFileError(name, problems)
    return Plant(name=name, title=title, simulated=simulated, **parts)


def _title(raw: Mapping[str, Any], problems: list[str]) -> str:
    title = raw.get("title")
    if isinstance(title, str) and title.strip():
        return title
    found = "missing; give" if title is None else f"found {quoted(title)}, but must be"
    problems.append(f'title: {found} a name for people, as "Filters of line 2".')
    return ""


def _simulated(raw: Mapping[str, Any], problems: list[str]) -> bool:
    simulated = raw.get("simulated", False)
    if not isinstance(simulated, bool):
        problems.append(f"simulated: found {quoted(simulated)}, but must be true or false.")
    return simulated is True


def _table(raw: Mapping[str, Any], key: str, problems: list[str]) -> dict[str, Any] | None:
    """The table under ``key`` as TOML gives it, None where it is absent or not a table."""
    value = raw.get(key)
    if isinstance(value, dict):
        return value
    if value is not None:
        problems.append(f"{key}: found {quoted(value)}, but must be a table, [{key}].")
    elif key in NEEDED:
        problems.append(f"[{key}]: missing; every plant file has this table.")
    return None


def _parts(tables: Mapping[str, dict[str, Any] | None], problems: list[str]) -> dict[str, Any]:
    """Every section, None where it is absent or has problems."""

    def section(key: str, model: type[Section]) -> Any:
        table = tables[key]
        if table is None:
            return None
        return read_section(table, model, section=key, problems=problems)

    if tables["sensors"] is not None:
        problems += sensor_problems(tables["sensors"])
    columns = section("columns", Columns)
    problems += unit_conflict(tables["columns"] or {"unit": ""})
    return {
        "source": _source(tables["source"], problems),
        "columns": columns,
        "sensors": tables["sensors"] or {},
        "resample": section("resample", Resample),
        "failure": _failure(tables["failure"], problems),
        "label": section("label", Label) or _default_label(tables, columns, problems),
        "split": section("split", Split) or Split(),
        "maintenance": section("maintenance", Maintenance) or Maintenance(),
        "transfer": section("transfer", Transfer) or Transfer(),
    }


def _source(table: dict[str, Any] | None, problems: list[str]) -> FileSource | SqlSource | None:
    if table is None:
        return None
    match one_of("source", table, ("files", "query"), problems):
        case "files":
            return read_section(table, FileSource, section="source", problems=problems)
        case "query":
            one_of("source", table, ("url_env", "url"), problems)
            return read_section(table, SqlSource, section="source", problems=problems)
        case _:
            known = {**FileSource.model_fields, **SqlSource.model_fields}
            problems += unknown_keys("source", table, known)
            return None


def _failure(
    table: dict[str, Any] | None, problems: list[str]
) -> LastRow | Threshold | FailureTable | None:
    if table is None:
        return None
    kind = table.get("kind")
    model = FAILURES.get(str(kind))
    if model is None:
        found = "missing; give" if kind is None else f"found {quoted(kind)}, but must be"
        hint = did_you_mean(str(kind), FAILURES) or "."
        problems.append(f"[failure] kind: {found} one of {listing(FAILURES)}{hint}")
        known = dict.fromkeys(field for m in FAILURES.values() for field in m.model_fields)
        problems += unknown_keys("failure", table, known)
        return None
    if model is FailureTable:
        one_of("failure", table, ("files", "query"), problems)
    return read_section(table, model, section="failure", problems=problems)


def _default_label(
    tables: Mapping[str, object], columns: Columns | None, problems: list[str]
) -> Label | None:
    """The usual cap in cycles; for other units of life nobody but the plant can say."""
    if tables["label"] is not None or columns is None:
        return None
    if columns.life_unit == "cycles":
        return Label(cap=DEFAULT_CAP_CYCLES)
    allowed = Label.model_fields["cap"].description
    problems.append(f"[label] cap: missing, and life is in {columns.life_unit}; give {allowed}.")
    return None
