"""What became of units: when they failed, were replaced or repaired, or that they still ran.

An outcome that was withdrawn stays in the table and is given to nobody.

Belongs here: taking outcomes, withdrawing them, giving them to a retrain. Does not belong here:
what an outcome must be like (``operation.intake``), which labels follow (``core.outcomes``).
"""

from collections.abc import Collection
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from uuid import uuid4

import sqlalchemy as sa

from rul_platform.errors import RecordError
from rul_platform.storage.database import reading, writing
from rul_platform.storage.feedback_rows import Added
from rul_platform.storage.operation_tables import LANDING, OUTCOME, PREDICTION
from rul_platform.storage.upsert import insert, portions

_O = OUTCOME.c
_STANDS = _O.withdrawn_at.is_(None)
_LIVES = (
    (PREDICTION, PREDICTION.c.life, sa.true()),
    (LANDING, LANDING.c.last_life, sa.true()),
    (OUTCOME, _O.life, _STANDS),
)
"""What saw a unit, at which life, and which of its rows count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOutcome:
    """An outcome as it comes in.

    Attributes:
        plant: Which plant.
        unit: Which machine.
        kind: One of ``operation_tables.OUTCOMES``.
        life: How long it had run, in the plant's unit of time.
        observed_at: When that was.
    """

    plant: str
    unit: str
    kind: str
    life: float
    observed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """An outcome as it is kept.

    Attributes:
        id: 32 hex digits, random.
        plant: Which plant.
        unit: Which machine.
        kind: One of ``operation_tables.OUTCOMES``.
        life: How long it had run, in the plant's unit of time.
        observed_at: When that was, in UTC.
        recorded_at: When we were told, in UTC.
        retrain_id: The retrain that consumed it, or None.
    """

    id: str
    plant: str
    unit: str
    kind: str
    life: float
    observed_at: datetime
    recorded_at: datetime
    retrain_id: int | None

    @property
    def is_end(self) -> bool:
        """Whether the unit's history ends with it."""
        return self.kind != "running"


class OutcomeStore:
    """All outcomes."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def add_all(self, rows: Collection[NewOutcome], now: datetime) -> list[Added]:
        """Take outcomes, all or none; one that is known already is answered with the known one.

        Raises:
            RecordError: A unit would end twice, or a moment has no time zone.
        """
        with writing(self._engine) as connection:
            return [_add(connection, row, now) for row in rows]

    def of_plant(self, plant: str) -> tuple[Outcome, ...]:
        """All of a plant that stand, in the order in which we were told."""
        return self._select(_O.plant == plant)

    def told(self, plant: str) -> int:
        """How many were ever told, withdrawn ones too: a number that never falls."""
        question = sa.select(sa.func.count()).select_from(OUTCOME).where(_O.plant == plant)
        with reading(self._engine) as connection:
            return connection.execute(question).scalar_one()

    def unclaimed(self, plant: str) -> tuple[Outcome, ...]:
        """Those that no retrain has consumed, in the order in which we were told."""
        return self._select(_O.plant == plant, _O.retrain_id.is_(None))

    def plants_with_unclaimed(self) -> frozenset[str]:
        """Plants of which an outcome stands that no retrain has consumed."""
        question = sa.select(_O.plant).where(_O.retrain_id.is_(None), _O.withdrawn_at.is_(None))
        with reading(self._engine) as connection:
            return frozenset(connection.scalars(question.distinct()))

    def last_lives(self, plant: str, units: Collection[str]) -> dict[str, float]:
        """The largest life at which predictions, landed readings or outcomes saw these units.

        Units that none of them knows are left out.
        """
        lives: dict[str, float] = {}
        with reading(self._engine) as connection:
            for table, life, counts in _LIVES:
                of = table.c
                largest = sa.select(of.unit, sa.func.max(life)).where(counts).group_by(of.unit)
                for some in portions(units):
                    question = largest.where(of.plant == plant, of.unit.in_(some))
                    for unit, seen in connection.execute(question):
                        lives[unit] = max(seen, lives.get(unit, seen))
        return lives

    def longest_life(self, plant: str) -> float:
        """The largest life at which these saw any unit of the plant; 0 where they know none."""
        with reading(self._engine) as connection:
            found = [
                connection.execute(
                    sa.select(sa.func.max(life)).where(table.c.plant == plant, counts)
                ).scalar_one()
                for table, life, counts in _LIVES
            ]
        return max((life for life in found if life is not None), default=0.0)

    def withdraw(self, outcome: str, now: datetime) -> None:
        """Let the outcome of this id count no more; joins an open ``writing``.

        Raises:
            RecordError: There is none of this id that stands.
        """
        one = OUTCOME.update().where(_O.id == outcome, _STANDS)
        what, found = f"Outcome {outcome}", "unknown or withdrawn already"
        with writing(self._engine) as connection:
            if not connection.execute(one.values(withdrawn_at=now)).rowcount:
                raise RecordError(what, found=found, expected="one that stands")

    def claim(self, plant: str, retrain_id: int) -> int:
        """Let a retrain consume all that none has consumed; gives how many rows that were."""
        waiting = OUTCOME.update().where(_O.plant == plant, _O.retrain_id.is_(None), _STANDS)
        with writing(self._engine) as connection:
            return connection.execute(waiting.values(retrain_id=retrain_id)).rowcount

    def _select(self, *conditions: sa.ColumnElement[bool]) -> tuple[Outcome, ...]:
        columns = [_O[field.name] for field in fields(Outcome)]
        question = sa.select(*columns).where(_STANDS, *conditions)
        question = question.order_by(_O.recorded_at, _O.id)
        with reading(self._engine) as connection:
            return tuple(Outcome(**row) for row in connection.execute(question).mappings())


def _add(connection: sa.Connection, entry: NewOutcome, now: datetime) -> Added:
    row = {"id": uuid4().hex, **asdict(entry), "recorded_at": now}
    once = insert(connection, OUTCOME).values(row).on_conflict_do_nothing()
    if connection.execute(once).rowcount:
        return Added(row["id"], is_new=True)
    same = [OUTCOME.c[key] == row[key] for key in ("plant", "unit", "kind", "life")]
    known = connection.execute(sa.select(_O.id).where(_STANDS, *same)).scalar_one_or_none()
    if known is not None:
        return Added(known, is_new=False)
    end = f"The end of {entry.unit} of plant {entry.plant}"
    raise RecordError(
        end,
        found=f"{entry.kind} at {entry.life:g}, though its end is known",
        expected="told once; after a repair it is another unit",
    )
