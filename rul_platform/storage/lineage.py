"""What was made from what: one row for each materialisation, none of which ever changes.

Belongs here: recording, also what of its surroundings, and walking from an artifact up to the raw bytes.
Does not belong here: the artifacts' bytes (``artifacts``).
"""

import platform
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Any

import sqlalchemy as sa

from rul_platform.core.parents import IMPORTED
from rul_platform.storage.database import reading, writing
from rul_platform.storage.tables import MATERIALIZATION, MATERIALIZATION_INPUT

RAW_DATA = ("raw_cmapss", "plant_readings")
"""Assets that read raw data from outside of the platform."""

BORN_OUTSIDE = {
    "plant_source",
    "landing",
    "feedback",
    "outcomes",
    "predictions",
    "cmapss_source",
    "simulator",
    IMPORTED,
}
"""What materialisations name as read although no asset of ours made it."""

_MADE, _READ = MATERIALIZATION.c, MATERIALIZATION_INPUT.c


@dataclass(frozen=True, slots=True)
class Input:
    """Something that was read: an artifact of an asset's partition, or bytes from outside."""

    asset: str
    partition: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Materialization:
    """One materialisation, as it was recorded when it happened.

    Attributes:
        id: Grows in the order of registration, over all assets.
        asset: Name of the asset.
        partition: Which one of its partitions.
        sha256: The artifact that was made.
        run_id: Dagster's run.
        code_version: Version of the code that computed it.
        parameters: What a person chose.
        environment: What a repetition would have to match.
        inputs: What was read, in the order of reading.
        created_at: In UTC.
    """

    id: int
    asset: str
    partition: str
    sha256: str
    run_id: str
    code_version: str
    parameters: dict[str, Any]
    environment: dict[str, Any]
    inputs: tuple[Input, ...]
    created_at: datetime


def environment(packages: Iterable[str]) -> dict[str, str]:
    """What a repetition would have to match: of this machine, of Python, and of these packages."""
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": platform.system(),
        "rul_platform": version("rul-platform"),
    } | {name: version(name) for name in packages}


class LineageStore:
    """The record of all materialisations."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def record(
        self,
        *,
        asset: str,
        partition: str,
        sha256: str,
        run_id: str,
        code_version: str,
        parameters: dict[str, Any],
        environment: dict[str, Any],
        inputs: Iterable[Input],
        now: datetime,
    ) -> Materialization:
        """Register a materialisation; from now on it is the current one of its partition.

        Returns:
            As it will be read back: tuples among the parameters have become lists.

        Raises:
            RecordError: A hash is none, ``now`` has no time zone, or a value is not JSON.
        """
        row = {
            "asset": asset,
            "partition": partition,
            "sha256": sha256,
            "run_id": run_id,
            "code_version": code_version,
            "parameters": parameters,
            "environment": environment,
            "created_at": now,
        }
        with writing(self._engine, alone_in=MATERIALIZATION) as connection:
            made = connection.execute(MATERIALIZATION.insert().values(row).returning(_MADE.id))
            number = made.scalar_one()
            read = [_input_row(number, at, each) for at, each in enumerate(inputs)]
            if read:
                connection.execute(MATERIALIZATION_INPUT.insert(), read)
            return _select(connection, _MADE.id == number)[0]

    def current(self, asset: str, partition: str) -> Materialization | None:
        """The materialisation that was registered last, or None where there is none yet."""
        with reading(self._engine) as connection:
            return _last(connection, *_is_of(asset, partition))

    def made_in(self, run_id: str, asset: str, partition: str) -> Materialization | None:
        """What this run made of a partition, the last one where it was repeated; None where nothing."""
        with reading(self._engine) as connection:
            return _last(connection, *_is_of(asset, partition), _MADE.run_id == run_id)

    def made_for(self, run_id: str, partition: str) -> tuple[Materialization, ...]:
        """All that this run made of a partition of any asset, in the order of making."""
        with reading(self._engine) as connection:
            return _select(connection, _MADE.run_id == run_id, _MADE.partition == partition)

    def history(self, asset: str, partition: str) -> tuple[Materialization, ...]:
        """All materialisations of a partition, oldest first."""
        with reading(self._engine) as connection:
            return _select(connection, *_is_of(asset, partition))

    def partitions(self, asset: str) -> tuple[str, ...]:
        """Partitions of an asset that were ever made, in alphabetical order."""
        question = sa.select(_MADE.partition).where(_MADE.asset == asset).distinct()
        with reading(self._engine) as connection:
            return tuple(sorted(connection.scalars(question)))  # here: databases sort differently

    def currents(self) -> tuple[Materialization, ...]:
        """The current materialisation of every partition of every asset, in the order of making."""
        newest = sa.select(sa.func.max(_MADE.id)).group_by(_MADE.asset, _MADE.partition)
        with reading(self._engine) as connection:
            return _select(connection, _MADE.id.in_(newest))

    def by_sha256(self, sha256: str) -> tuple[Materialization, ...]:
        """All materialisations that made these very bytes, oldest first.

        Raises:
            RecordError: This is no sha256.
        """
        with reading(self._engine) as connection:
            return _select(connection, _MADE.sha256 == sha256)

    def ancestors(self, sha256: str) -> tuple[Materialization, ...]:
        """The materialisation of an artifact and all that it was made from, down to the roots.

        An input stands for the last registration of those bytes *before* they were read, so that what
        happened later changes no answer. Inputs that no asset made came from outside and end the walk.
        Where several partitions made the same bytes, all of them are followed. What an open ``writing``
        recorded counts.

        Returns:
            Newest first: each stands before everything that it was made from. Empty where no asset made
            this artifact.

        Raises:
            RecordError: This is no sha256.
        """
        with reading(self._engine) as connection:
            made = _select(connection, _MADE.sha256 == sha256)
            last = {(each.asset, each.partition): each for each in made}
            found: dict[int, Materialization] = {}
            waiting = list(last.values())
            while waiting:
                each = waiting.pop()
                if each.id not in found:
                    found[each.id] = each
                    waiting += _parents(connection, each)
        return tuple(found[number] for number in sorted(found, reverse=True))


def _is_of(asset: str, partition: str) -> tuple[sa.ColumnElement[bool], ...]:
    return _MADE.asset == asset, _MADE.partition == partition


def _parents(connection: sa.Connection, child: Materialization) -> list[Materialization]:
    found: list[Materialization] = []
    for each in child.inputs:
        these = (_MADE.sha256 == each.sha256, _MADE.id < child.id)
        named = _last(connection, *_is_of(each.asset, each.partition), *these)
        made = named or _last(connection, *these)  # a recalibrated model is read as a finetuned one
        found += [] if made is None else [made]
    return found


def _last(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> Materialization | None:
    number = connection.scalar(sa.select(sa.func.max(_MADE.id)).where(*conditions))
    return None if number is None else _select(connection, _MADE.id == number)[0]


def _select(
    connection: sa.Connection, *conditions: sa.ColumnElement[bool]
) -> tuple[Materialization, ...]:
    rows = connection.execute(
        sa.select(MATERIALIZATION).where(*conditions).order_by(_MADE.id)
    ).mappings()
    made = [dict(row) for row in rows]
    inputs = _inputs(connection, sa.select(_MADE.id).where(*conditions))
    return tuple(Materialization(**row, inputs=tuple(inputs.get(row["id"], ()))) for row in made)


def _inputs(connection: sa.Connection, numbers: sa.Select[Any]) -> dict[int, list[Input]]:
    question = (
        sa.select(MATERIALIZATION_INPUT)
        .where(_READ.materialization_id.in_(numbers))
        .order_by(_READ.materialization_id, _READ.position)
    )
    found: dict[int, list[Input]] = {}
    for row in connection.execute(question):
        found.setdefault(row.materialization_id, []).append(
            Input(row.asset, row.partition, row.sha256)
        )
    return found


def _input_row(number: int, position: int, each: Input) -> dict[str, Any]:
    return {
        "materialization_id": number,
        "position": position,
        "asset": each.asset,
        "partition": each.partition,
        "sha256": each.sha256,
    }
