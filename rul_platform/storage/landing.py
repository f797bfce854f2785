"""Readings that came with predictions, kept to learn from once it is known what became of the machine.

Belongs here: keeping them and reading them back. Does not belong here: which of several readings counts
(``core.landed``), who asked for the prediction: nothing here knows persons.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from rul_platform.errors import RecordError
from rul_platform.storage.artifacts import ArtifactStore
from rul_platform.storage.database import writing
from rul_platform.storage.operation_tables import LANDING
from rul_platform.storage.upsert import insert

if TYPE_CHECKING:
    import pandas as pd

READINGS_FILE = "readings.parquet"
_L = LANDING.c


@dataclass(frozen=True, slots=True)
class Landed:
    """One landing.

    Attributes:
        unit: Which machine.
        sha256: Artifact of its readings.
        size: Of the file, in bytes.
    """

    unit: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class LandedHistory:
    """Everything that landed for a plant.

    Attributes:
        readings: In the fleet's format, not resampled, one for each unit and life: the newest.
        contradictions: At how many places landings say different things.
        sources: Where the readings come from, the oldest first.
    """

    readings: "pd.DataFrame"
    contradictions: int
    sources: tuple[Landed, ...]


class LandingStore:
    """All landed readings."""

    def __init__(self, engine: sa.Engine, store: ArtifactStore) -> None:
        self._engine, self._store = engine, store

    def add(self, plant: str, readings: "pd.DataFrame", now: datetime) -> dict[str, str]:
        """Keep readings; those of a unit that are kept already are not kept twice.

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
        kept: dict[str, str] = {}
        with writing(self._engine) as connection:
            for unit, rows in _by_unit(readings):
                kept[unit] = sha256 = self._write(rows)
                lives = rows["life"]
                row = {
                    "plant": plant,
                    "unit": unit,
                    "sha256": sha256,
                    "rows": len(rows),
                    "first_life": float(lives.iloc[0]),
                    "last_life": float(lives.iloc[-1]),
                    "created_at": now,
                }
                once = insert(connection, LANDING).values(row).on_conflict_do_nothing()
                connection.execute(once)
        return kept

    def sources(self, plant: str, since: datetime | None = None) -> list[tuple[str, str]]:
        """Unit and artifact of each landing, of all or of those since a moment, the oldest first."""
        question = sa.select(_L.unit, _L.sha256).where(_L.plant == plant).order_by(_L.id)
        if since is not None:
            question = question.where(_L.created_at >= since)
        with self._engine.connect() as connection:
            return [(row.unit, row.sha256) for row in connection.execute(question)]

    def readings(self, plant: str, since: datetime | None = None) -> "pd.DataFrame":
        """One history for each unit; where landings contradict each other, the newest counts."""
        return self.history(plant, since).readings

    def history(self, plant: str, since: datetime | None = None) -> LandedHistory:
        """As :meth:`readings`, with where it comes from.

        Raises:
            StoreError: Bytes are not there, or changed.
        """
        from rul_platform.core.landed import newest
        from rul_platform.core.parquet import from_parquet

        tables, landed = list["pd.DataFrame"](), list[Landed]()
        for unit, sha256 in self.sources(plant, since):
            artifact = self._store.artifact(sha256)
            tables.append(from_parquet(str(self._store.path(artifact, READINGS_FILE))))
            landed.append(Landed(unit, sha256, artifact.files[READINGS_FILE].size))
        readings, contradictions = newest(tables)
        return LandedHistory(readings, contradictions, tuple(landed))

    def _write(self, rows: "pd.DataFrame") -> str:
        from rul_platform.core.parquet import to_parquet

        return self._store.write({READINGS_FILE: to_parquet(rows)}).sha256


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
