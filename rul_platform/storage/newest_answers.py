"""The newest answer of each machine, and the newest ones of one.

Machines are walked along the index of plant, unit and moment, one step for each: what a page costs
grows with machines, not with answers.

Belongs here: these questions. Does not belong here: figures over many answers (``figures``).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from rul_platform.storage.database import reading
from rul_platform.storage.operation_tables import FEEDBACK, PREDICTION
from rul_platform.storage.predictions import LoggedPrediction, is_prediction
from rul_platform.storage.upsert import portions

_P, _F = PREDICTION.c, FEEDBACK.c
_GIVEN = _P.role != "shadow"


@dataclass(frozen=True, slots=True)
class NewestAnswer:
    """A machine's last answer that was given; life and RUL in the plant's unit of time.

    Attributes:
        unit: Which machine.
        id: Of the answer.
        number: Version that gave it.
        life: How long the machine had run.
        rul: Remaining useful life.
        rul_low: Lower end of the interval.
        rul_high: Upper end.
        created_at: When, in UTC.
        is_strange: A reading was far outside what the model learned from.
    """

    unit: str
    id: str
    number: int
    life: float
    rul: float
    rul_low: float
    rul_high: float
    created_at: datetime
    is_strange: bool


@dataclass(frozen=True, slots=True)
class RatingCount:
    """How often an answer was rated so."""

    prediction: str
    rating: str
    reason: str | None
    count: int


class NewestAnswers:
    """Asks the tables; writes nothing."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def of_units(self, plant: str) -> tuple[NewestAnswer, ...]:
        """The newest answer of each machine that has one, in the order of the names.

        Its id is asked for first: it tells the month, so the rest is looked for in no other one.
        """
        columns = [_P[field] for field in NewestAnswer.__dataclass_fields__]
        found = list[NewestAnswer]()
        with reading(self._engine) as connection:
            ids = connection.scalars(_newest_of_each(plant)).all()
            for some in portions(sorted(ids)):
                rows = connection.execute(sa.select(*columns).where(*is_prediction(*some)))
                found += [NewestAnswer(*row) for row in rows]
        return tuple(sorted(found, key=lambda each: each.unit))

    def of_unit(self, plant: str, unit: str, limit: int) -> tuple[LoggedPrediction, ...]:
        """A machine's newest answers that were given, the newest first."""
        question = (
            sa.select(PREDICTION)
            .where(_P.plant == plant, _P.unit == unit, _GIVEN)
            .order_by(_P.created_at.desc(), _P.id)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            return tuple(LoggedPrediction(**row) for row in connection.execute(question).mappings())

    def newest_at(self, plant: str) -> datetime | None:
        """When the newest answer of any machine was given, or asked for beside; None without one."""
        question = sa.select(sa.func.max(_P.created_at)).where(_P.plant == plant)
        with reading(self._engine) as connection:
            return connection.execute(question).scalar_one()

    def ratings(self, predictions: Collection[str]) -> tuple[RatingCount, ...]:
        """What was said of these answers, and how often."""
        found = list[RatingCount]()
        what = (_F.prediction_id, _F.rating, _F.reason)
        with reading(self._engine) as connection:
            for some in portions(predictions):
                question = sa.select(*what, sa.func.count()).where(_F.prediction_id.in_(some))
                rows = connection.execute(question.group_by(*what)).all()
                found += [RatingCount(*row) for row in rows]
        return tuple(found)


def _newest_of_each(plant: str) -> sa.Select[str]:
    """Machines one by one, each the next name in the index; of each its newest answer's id."""
    first = sa.select(sa.func.min(_P.unit).label("unit")).where(_P.plant == plant)
    units = first.cte("units", recursive=True)
    later = (
        sa.select(sa.func.min(_P.unit))
        .where(_P.plant == plant, _P.unit > units.c.unit)
        .scalar_subquery()
    )
    units = units.union_all(sa.select(later).where(units.c.unit.is_not(None)))
    newest = (
        sa.select(_P.id)
        .where(_P.plant == plant, _P.unit == units.c.unit, _GIVEN)
        .order_by(_P.created_at.desc(), _P.id)
        .limit(1)
        .scalar_subquery()
    )
    ids = sa.select(newest.label("id")).where(units.c.unit.is_not(None)).subquery()
    return sa.select(ids.c.id).where(ids.c.id.is_not(None))
