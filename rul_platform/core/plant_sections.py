"""The sections of a plant file, their keys, and what each key allows.

Belongs here: everything that can be said about one key alone.
Does not belong here: checks over several keys (``plant``), wording (``plant_problems``).

A key's ``description`` is what an error says when the key is missing or wrong.
"""

import keyword
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from rul_platform.core.fleet import FIXED_COLUMNS
from rul_platform.core.maintenance import COST_RATIO
from rul_platform.core.splits import SplitPolicy

RESERVED_NAMES = (*FIXED_COLUMNS, "age")
"""Names that a sensor cannot have: the fleet's own columns, and a channel that is always added."""

Subset = Literal["FD001", "FD002", "FD003", "FD004", "SIM"]
LifeUnit = Literal["cycles", "hours", "seconds"]


class Section(BaseModel):
    """A table of the plant file. Types are taken as TOML gives them; nothing is converted."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def _check(is_good: bool) -> None:
    if not is_good:
        raise ValueError  # the key's description is what a person reads


def _inner_path(pattern: str) -> str:
    _check(bool(pattern.strip()) and ".." not in re.split(r"[/\\]", pattern))
    return pattern


def _environment_name(name: str) -> str:
    _check(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) is not None)
    return name


def _sqlite_url(url: str) -> str:
    _check(url.startswith("sqlite:///") and len(url) > len("sqlite:///"))
    return url


def _select(query: str) -> str:
    _check(re.match(r"\s*(select|with)\b", query, re.IGNORECASE) is not None)
    return query


def is_sensor_name(name: str) -> bool:
    """Whether ``name`` can stand in an expression and beside the fleet's own columns."""
    return name.isidentifier() and not keyword.iskeyword(name) and name not in RESERVED_NAMES


InnerPath = Annotated[str, AfterValidator(_inner_path)]
Select = Annotated[str, AfterValidator(_select)]
ColumnName = Annotated[str, Field(min_length=1)]

FILES_RULE = (
    'a pattern for CSV or Parquet files, as "data/**/*.csv", below the plant file\'s folder '
    "(without ..) or absolute"
)
QUERY_RULE = "a query that begins with SELECT or WITH"


class FileSource(Section):
    """Readings in CSV or Parquet files."""

    files: InnerPath = Field(description=FILES_RULE)
    decimal: Literal[".", ","] = Field(
        default=".", description='"." or ",", the decimal mark of CSV files'
    )


class SqlSource(Section):
    """Readings in a database."""

    query: Select = Field(description=QUERY_RULE)
    url_env: Annotated[str, AfterValidator(_environment_name)] | None = Field(
        default=None,
        description="the name of the environment variable that holds the SQLAlchemy URL; the URL "
        "itself is a secret and does not belong into the file",
    )
    url: Annotated[str, AfterValidator(_sqlite_url)] | None = Field(
        default=None,
        description="a sqlite:///path URL, relative to the plant file; any other URL may hold a "
        "password, so name an environment variable in url_env",
    )


class Columns(Section):
    """Which columns of the source say what."""

    unit: ColumnName | None = Field(default=None, description="the column that names the unit")
    unit_from_file: bool = Field(
        default=False,
        description="true where each file is one unit, named by its path below the pattern's fixed "
        "part, without suffix",
    )
    life: ColumnName = Field(description="the column that says how long the unit has run")
    life_unit: LifeUnit = Field(description='"cycles", "hours" or "seconds", the unit of life')
    condition: ColumnName | None = Field(
        default=None, description="the column that names the operating condition"
    )


class Resample(Section):
    """Fewer readings: the mean over each step of life."""

    step: float = Field(gt=0, description="a number above 0, in the unit of life")


class LastRow(Section):
    """Every unit ran to failure, and its last reading is the failure."""

    kind: Literal["last_row"]


class Threshold(Section):
    """The first reading for which an expression is true is the failure; later ones are cut."""

    kind: Literal["threshold"]
    expression: str = Field(
        description='a rule over the short sensor names, as "upstream - downstream > 20"'
    )


class FailureTable(Section):
    """A table says when each unit failed; a unit that is not in it has not failed."""

    kind: Literal["table"]
    files: InnerPath | None = Field(default=None, description=FILES_RULE)
    query: Select | None = Field(default=None, description=QUERY_RULE)
    unit: ColumnName = Field(default="unit", description="the table's column that names the unit")
    life: ColumnName = Field(
        default="life", description="the table's column with the life at failure"
    )


class Label(Section):
    """What a model learns."""

    cap: float = Field(
        gt=0,
        description="a number above 0, in the unit of life: labels never exceed it. A good start is "
        "about half of the shortest life of a unit that ran to failure",
    )


class Split(Section):
    """How units are divided into training, validation and test."""

    valid: float = Field(default=0.2, gt=0, lt=1, description="a part between 0 and 1, as 0.2")
    test: (
        Annotated[float, Field(gt=0, lt=1)]
        | Annotated[tuple[str, ...], Field(strict=False, min_length=1)]
    ) = Field(
        default=0.3,
        description="a part between 0 and 1, as 0.3, or patterns of units that are only ever tested "
        'on, as ["Validation/*"]',
    )

    @property
    def patterns(self) -> tuple[str, ...]:
        """Patterns (``fnmatch``) of units that are only ever tested on."""
        return self.test if isinstance(self.test, tuple) else ()

    def policy(self, *, seed: int) -> SplitPolicy:
        """The same as the rule that divides units."""
        part = 0.0 if isinstance(self.test, tuple) else self.test
        return SplitPolicy(valid=self.valid, test=part, seed=seed, always_test=self.patterns)


class Maintenance(Section):
    """What an alarm is worth: the report's curve of costs over alarm thresholds."""

    cost_ratio: float = Field(
        default=COST_RATIO,
        ge=1,
        description="a number of 1 or more: what an unexpected failure costs, in planned replacements",
    )
    lead: float = Field(
        default=0.0,
        ge=0,
        description="a number of 0 or more, in the unit of life: what it takes to act on an alarm",
    )


class Transfer(Section):
    """What a checkpoint must not have seen when it is used for this plant."""

    held_out: Annotated[tuple[Subset, ...], Field(strict=False)] = Field(
        default=(),
        description="C-MAPSS subsets that these machines come from, of FD001, FD002, FD003, FD004, "
        "SIM",
    )
