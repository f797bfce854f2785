"""Figures over many rows of a plant at work: how many answers, how fast, and how right.

Belongs here: questions that a report asks. Does not belong here: what a decision rests on (``health``,
``feedback``), and what the figures mean (``operation.metrics``).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from rul_platform.storage.database import reading
from rul_platform.storage.operation_tables import OUTCOME, PREDICTION, PREDICTION_FAILURE

NEWEST = 100_000
"""At most so many rows are looked at where each one counts: the newest."""

_P, _F, _O = PREDICTION.c, PREDICTION_FAILURE.c, OUTCOME.c


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedAnswer:
    """An answer that was given about a unit which has failed since; all in the plant's unit of life.

    Attributes:
        unit: Which machine.
        number: Version that answered.
        truth: How long the machine really lasted from there, 0 or more.
        rul: What was answered.
        rul_low: Lower end of the interval.
        rul_high: Upper end.
    """

    unit: str
    number: int
    truth: float
    rul: float
    rul_low: float
    rul_high: float


class FigureQuestions:
    """Asks the tables; writes nothing."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def answers_per_day(self, plant: str, since: datetime) -> dict[str, int]:
        """ISO day in UTC to the number of answers given, oldest first; days without any are left out."""
        given = sa.select(PREDICTION).where(_P.plant == plant, _P.role != "shadow")
        return self._per_day(given.where(_P.created_at >= since).subquery().c.created_at)

    def failures_per_day(self, plant: str, since: datetime) -> dict[str, int]:
        """The same for questions that a model could not answer."""
        failed = sa.select(PREDICTION_FAILURE).where(_F.plant == plant, _F.created_at >= since)
        return self._per_day(failed.subquery().c.created_at)

    def inference_ms(self, plant: str, since: datetime) -> tuple[float, ...]:
        """What the newest answers that were given took, in milliseconds, in any order."""
        question = (
            sa.select(_P.inference_ms)
            .where(_P.plant == plant, _P.created_at >= since, _P.role != "shadow")
            .where(_P.inference_ms.is_not(None))
            .order_by(_P.created_at.desc())
            .limit(NEWEST)
        )
        with reading(self._engine) as connection:
            return tuple(connection.scalars(question))

    def judged(self, plant: str, since: datetime) -> tuple[JudgedAnswer, ...]:
        """The newest answers given since then about units that failed afterwards.

        Units that were replaced or repaired before they failed say nothing exact, and are left out.
        """
        same = sa.and_(_O.plant == _P.plant, _O.unit == _P.unit)
        question = (
            sa.select(
                _P.unit,
                _P.number,
                (_O.life - _P.life).label("truth"),
                _P.rul,
                _P.rul_low,
                _P.rul_high,
            )
            .join_from(PREDICTION, OUTCOME, same)
            .where(_P.plant == plant, _P.created_at >= since, _P.role != "shadow")
            .where(_O.kind == "failed", _O.life >= _P.life, _O.withdrawn_at.is_(None))
            .order_by(_P.created_at.desc(), _P.id)
            .limit(NEWEST)
        )
        with reading(self._engine) as connection:
            return tuple(JudgedAnswer(**row) for row in connection.execute(question).mappings())

    def _per_day(self, moment: sa.ColumnElement[Any]) -> dict[str, int]:
        is_sqlite = self._engine.dialect.name == "sqlite"  # which keeps moments in UTC, as text
        at = moment if is_sqlite else sa.func.timezone("UTC", moment)
        day = sa.func.date(at)
        question = sa.select(day, sa.func.count()).group_by(day).order_by(day)
        with reading(self._engine) as connection:
            return {str(found): number for found, number in connection.execute(question)}
