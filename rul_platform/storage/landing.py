"""Readings that came with predictions, kept to learn from once it is known what became of the machine.

Belongs here: keeping them and reading them back. Does not belong here: which of several readings counts
(``core.landed``), who asked for the prediction: nothing here knows persons.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from rul_platform.errors import RecordError
from rul_platform.storage.artifacts import ArtifactStore
from rul_platform.storage.database import reading, writing
from rul_platform.storage.manifests import Artifact
from rul_platform.storage.operation_tables import LANDING
from rul_platform.storage.upsert import portions

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

READINGS_FILE = "readings.parquet"
_L = LANDING.c


@dataclass(frozen=True, slots=True)
class Landed:
    """One landing.

    Attributes:
        unit: Which machine.
        sha256: Artifact of its readings.
        size: Of the file, in bytes; it may hold other units' readings, too.
    """

    unit: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class LandedUnit:
    """One unit's readings among others'.

    Attributes:
        unit: Which machine.
        rows: How many.
        first_life: Of the first one.
        last_life: Of the last one.
    """

    unit: str
    rows: int
    first_life: float
    last_life: float


@dataclass(frozen=True, slots=True)
class LandedHistory:
    """Everything that landed for a plant.

    Attributes:
        readings: In the fleet's format, not resampled, one for each unit and life: the newest.
        contradictions: At how many places landings say different things.
        sources: Where the readings come from, each once, in the order of their last arrival.
        successors: How many landings came after the end of their unit: they are another machine's.
    """

    readings: "pd.DataFrame"
    contradictions: int
    sources: tuple[Landed, ...]
    successors: int


class LandingStore:
    """All landed readings."""

    def __init__(self, engine: sa.Engine, store: ArtifactStore) -> None:
        self._engine, self._store = engine, store

    def add(self, plant: str, readings: "pd.DataFrame", now: datetime) -> dict[str, str]:
        """Keep readings; of a unit that sends the same as the last time, nothing is added.

        Files are written before the transaction begins, so that nobody waits for the disk.

        Args:
            plant: Which plant.
            readings: In the fleet's format, not resampled: ``unit``, ``life``, ``condition`` and one
                column of numbers for each sensor.
            now: When they came.

        Returns:
            By unit: the artifact that holds its readings.

        Raises:
            RecordError: A column is missing, or one is neither of the fleet's nor of numbers.
        """
        _check(readings)
        came = [self._kept(plant, unit, rows, now) for unit, rows in _by_unit(readings)]
        kept = {row["unit"]: row["sha256"] for row in came}
        with writing(self._engine) as connection:
            last = _last(connection, plant, kept)
            new = [row for row in came if last.get(row["unit"]) != row["sha256"]]
            if new:
                connection.execute(LANDING.insert(), new)
        return kept

    def add_together(
        self, plant: str, table: "pa.Table", units: Sequence[LandedUnit], now: datetime
    ) -> str:
        """Keep readings of many units as one artifact, for a service that takes many at once.

        Args:
            plant: Which plant.
            table: As of :meth:`add`, ordered by unit as in ``units``.
            units: Which units' readings stand in it.
            now: When they came.

        Returns:
            The artifact.
        """
        from rul_platform.core.parquet import to_parquet

        kept = self._store.write({READINGS_FILE: to_parquet(table)}).sha256
        rows = [
            {
                "plant": plant,
                "unit": each.unit,
                "sha256": kept,
                "rows": each.rows,
                "first_life": each.first_life,
                "last_life": each.last_life,
                "created_at": now,
            }
            for each in units
        ]
        with writing(self._engine) as connection:
            connection.execute(LANDING.insert(), rows)
        return kept

    def sources(self, plant: str) -> list[tuple[str, str]]:
        """Unit and artifact of all that landed, each once, in the order of their last arrival."""
        return _each_once(self._arrivals(plant, None))

    def readings(self, plant: str, since: datetime | None = None) -> "pd.DataFrame":
        """One history for each unit; where landings contradict each other, the newest counts."""
        return self.history(plant, since).readings

    def history(
        self,
        plant: str,
        since: datetime | None = None,
        *,
        ended: Mapping[str, datetime] = MappingProxyType({}),
    ) -> LandedHistory:
        """As :meth:`readings`, with where it comes from.

        Args:
            plant: Whose.
            since: From when on; None for all.
            ended: When units ended: what landed under such a name later belongs to another machine,
                and is left out.

        Raises:
            StoreError: Bytes are not there, or changed.
        """
        from rul_platform.core.landed import newest

        came = self._arrivals(plant, since)
        own = [row for row in came if row.created_at <= ended.get(row.unit, row.created_at)]
        tables, landed = list["pd.DataFrame"](), list[Landed]()
        for sha256, units in groupby(_each_once(own), key=lambda each: each[1]):
            artifact, names = self._store.artifact(sha256), [unit for unit, _ in units]
            table = self._read(artifact)
            tables.append(table[table["unit"].isin(names)])
            size = artifact.files[READINGS_FILE].size
            landed += [Landed(unit, sha256, size) for unit in names]
        readings, contradictions = newest(tables)
        return LandedHistory(readings, contradictions, tuple(landed), len(came) - len(own))

    def of_unit(self, plant: str, unit: str, limit: int) -> "pd.DataFrame":
        """One machine's history, from as few landings as cover it.

        These are the newest, and older ones that hold a stretch of life that no newer one does. At one
        life the newest counts.

        Args:
            plant: Which plant.
            unit: Which machine.
            limit: Files that are read at most: the newest of :meth:`covering`.

        Returns:
            In the fleet's format, not resampled, ordered by life; without rows where nothing landed.

        Raises:
            StoreError: Bytes are not there, or changed.
        """
        from rul_platform.core.landed import newest

        tables = list["pd.DataFrame"]()
        for sha256 in self.covering(plant, unit)[:limit]:
            table = self._read(self._store.artifact(sha256))
            tables.append(table[table["unit"] == unit])
        return newest(tables[::-1])[0]

    def covering(self, plant: str, unit: str) -> list[str]:
        """Artifacts that it takes to read all of a machine's life, the newest first."""
        return _covering(self._spans(plant, unit))

    def _spans(self, plant: str, unit: str) -> Sequence[sa.Row[Any, Any, Any, Any]]:
        """Artifact, first and last life of a machine's landings, the newest first."""
        question = sa.select(_L.sha256, _L.first_life, _L.last_life, _L.id)
        question = question.where(_L.plant == plant, _L.unit == unit).order_by(_L.id.desc())
        with reading(self._engine) as connection:
            return connection.execute(question).all()

    def _read(self, artifact: Artifact) -> "pd.DataFrame":
        from rul_platform.core.parquet import from_parquet

        return from_parquet(str(self._store.path(artifact, READINGS_FILE)))

    def _kept(self, plant: str, unit: str, rows: "pd.DataFrame", now: datetime) -> dict[str, Any]:
        """Write one unit's readings; gives the row that tells of their arrival."""
        from rul_platform.core.parquet import to_parquet

        lives = rows["life"]
        return {
            "plant": plant,
            "unit": unit,
            "sha256": self._store.write({READINGS_FILE: to_parquet(rows)}).sha256,
            "rows": len(rows),
            "first_life": float(lives.iloc[0]),
            "last_life": float(lives.iloc[-1]),
            "created_at": now,
        }

    def _arrivals(self, plant: str, since: datetime | None) -> Sequence[sa.Row[Any, Any, Any]]:
        """Unit, artifact and moment of each landing, the oldest first."""
        question = sa.select(_L.unit, _L.sha256, _L.created_at).where(_L.plant == plant)
        if since is not None:
            question = question.where(_L.created_at >= since)
        with reading(self._engine) as connection:
            return connection.execute(question.order_by(_L.id)).all()


def _last(connection: sa.Connection, plant: str, units: Collection[str]) -> dict[str, str]:
    """The artifact that arrived last, of those of these units that have one."""
    found: dict[str, str] = {}
    for some in portions(units):
        of_units = sa.select(sa.func.max(_L.id)).where(_L.plant == plant, _L.unit.in_(some))
        newest = sa.select(_L.unit, _L.sha256).where(_L.id.in_(of_units.group_by(_L.unit)))
        found |= {row.unit: row.sha256 for row in connection.execute(newest)}
    return found


def _covering(landings: Sequence[sa.Row[Any, Any, Any, Any]]) -> list[str]:
    """Artifacts that add to what newer ones cover, the newest first.

    What is covered are spans of life that do not touch, in ascending order: between them lies what no
    newer landing holds.
    """
    kept, starts, ends = dict[str, None](), list[float](), list[float]()
    for landing in landings:
        first, last = landing.first_life, landing.last_life
        low, high = (
            bisect_left(ends, first),
            bisect_right(starts, last),
        )  # the spans that it touches
        if high - low == 1 and starts[low] <= first and last <= ends[low]:
            continue
        kept[landing.sha256] = None
        if low < high:
            first, last = min(first, starts[low]), max(last, ends[high - 1])
        starts[low:high], ends[low:high] = [first], [last]
    return list(kept)


def _each_once(came: Sequence[sa.Row[Any, Any, Any]]) -> list[tuple[str, str]]:
    """Unit and artifact: where one arrived more than once, its last arrival counts."""
    newest_first = dict.fromkeys((row.unit, row.sha256) for row in reversed(came))
    return list(newest_first)[::-1]


def _by_unit(readings: "pd.DataFrame") -> "Iterator[tuple[str, pd.DataFrame]]":
    """Each unit's readings, ordered by life, so that equal readings give equal bytes."""
    for unit, rows in readings.groupby("unit", sort=True):
        yield str(unit), rows.sort_values("life", kind="stable", ignore_index=True)


def _check(readings: "pd.DataFrame") -> None:
    """Nothing but machine data is kept: a column of text could name a person."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    from rul_platform.core.fleet import FIXED_COLUMNS

    missing = [name for name in FIXED_COLUMNS if name not in readings]
    texts = [
        str(name)
        for name in readings.columns
        if name not in ("unit", "condition")
        and (is_bool_dtype(readings[name]) or not is_numeric_dtype(readings[name]))
    ]
    if missing or texts:
        lacks = [f"without {name}" for name in missing]
        raise RecordError(
            "A table of readings to keep",
            found=", ".join(lacks + [f"with {name}, which holds no numbers" for name in texts]),
            expected="unit, life and condition, then a column of numbers for each sensor",
        )
