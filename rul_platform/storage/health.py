"""How models do at work, asked of the log: what they answered, what people said, what became of units.

Belongs here: questions that join predictions, failures, feedback and outcomes. Does not belong here:
what is too much (``core.guard``, ``core.drift``, ``core.shadow``), what follows (``operation``).
"""

import math
from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from rul_platform.core.guard import JUMP_CAPS, OUT_OF_RANGE_CAPS, Health
from rul_platform.core.shadow import PairedOutcome
from rul_platform.storage.database import reading
from rul_platform.storage.operation_tables import (
    FEEDBACK,
    OUTCOME,
    PREDICTION,
    PREDICTION_FAILURE,
)

GIVEN = ("champion", "challenger")
"""Roles whose answers somebody got; a shadow's were only written down."""

ABSENT = ("MissingArtifactError", "StoreUnreachableError")
"""Failures of these kinds are the store's: the model's files were not there, or could not be had."""

SLOW_END = 0.95
"""The latency that this share of the answers keep."""

_P, _F, _O = PREDICTION.c, PREDICTION_FAILURE.c, OUTCOME.c
_IS_NORMAL = sa.not_(_P.is_strange)


class HealthQuestions:
    """All questions; each is answered from one consistent state of the database."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def since(
        self,
        plant: str,
        numbers: Collection[int],
        since: datetime,
        *,
        cap: float,
        roles: Collection[str] = GIVEN,
    ) -> Health:
        """How a model has worked.

        Args:
            plant: Which plant.
            numbers: Versions that are this model, which differ in their intervals at most.
            since: What was before does not count.
            cap: Of the model's labels, in life units.
            roles: As what it has answered.
        """
        given = (
            _P.plant == plant,
            _P.number.in_(numbers),
            _P.created_at >= since,
            _P.role.in_(roles),
        )
        failures = sa.select(sa.func.count()).where(
            _F.plant == plant,
            _F.number.in_(numbers),
            _F.created_at >= since,
            _F.kind.not_in(ABSENT),
        )
        with reading(self._engine) as connection:
            low, high = (part * cap for part in OUT_OF_RANGE_CAPS)
            is_out = sa.and_(_IS_NORMAL, sa.or_(_P.raw_rul < low, _P.raw_rul > high))
            counts = sa.func.count(), _count_where(_P.is_strange), _count_where(is_out)
            answers, strange, out = connection.execute(sa.select(*counts).where(*given)).one()
            normal = _jumps((*given, _IS_NORMAL), JUMP_CAPS * cap)
            pairs, jumps = connection.execute(normal).one()
            return Health(
                predictions=answers,
                strange=strange,
                failures=connection.execute(failures).scalar_one(),
                latency_p95_ms=_latency(connection, given),
                out_of_range=out,
                pairs=pairs,
                jumps=jumps,
                **_ratings(connection, plant, numbers, since),
            )

    def paired_outcomes(
        self, plant: str, champion: int, challenger: int, *, cap: float
    ) -> list[PairedOutcome]:
        """What both versions said of the same readings of units that have failed since; by unit.

        Args:
            plant: Which plant.
            champion: One version.
            challenger: The other; either may have been the one that answered.
            cap: Of the labels, in life units.
        """
        beside = PREDICTION.alias("asked_beside")
        given = PREDICTION.alias("given")
        both = {champion, challenger}

        def error_of(number: int) -> sa.ColumnElement[float]:
            said = sa.case((given.c.number == number, given.c.rul), else_=beside.c.rul)
            return _mean_square(said, given.c.life, cap)

        question = (
            sa.select(given.c.unit, error_of(champion), error_of(challenger))
            .join(beside, beside.c.beside == given.c.id)
            .join(OUTCOME, _has_failed(given))
            .where(
                given.c.plant == plant,
                given.c.number.in_(both),
                beside.c.number.in_(both),
                beside.c.number != given.c.number,
            )
            .group_by(given.c.unit)
            .order_by(given.c.unit)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(question).all()
        return [PairedOutcome(unit, math.sqrt(a), math.sqrt(b)) for unit, a, b in rows]

    def outcome_errors(
        self,
        plant: str,
        number: int | None,
        since: datetime,
        *,
        cap: float,
        until: datetime | None = None,
    ) -> dict[str, float]:
        """Error of the answers given for units that have failed since.

        Args:
            plant: Which plant.
            number: Which version answered; None for whichever.
            since: The answers' earliest moment.
            cap: Of the labels, in life units.
            until: The answers' end; None for no end.

        Returns:
            Unit to the root of the mean squared error over its answers, in life units.
        """
        where = [_P.plant == plant, _P.created_at >= since, _P.role.in_(GIVEN)]
        where += [] if number is None else [_P.number == number]
        where += [] if until is None else [_P.created_at < until]
        question = (
            sa.select(_P.unit, _mean_square(_P.rul, _P.life, cap))
            .join(OUTCOME, _has_failed(PREDICTION))
            .where(*where)
            .group_by(_P.unit)
            .order_by(_P.unit)
        )
        with reading(self._engine) as connection:
            return {unit: math.sqrt(square) for unit, square in connection.execute(question)}


def _has_failed(predictions: sa.FromClause) -> sa.ColumnElement[bool]:
    """Its failure came at or after the predicted reading, and was not withdrawn."""
    of = predictions.c
    return sa.and_(
        _O.plant == of.plant,
        _O.unit == of.unit,
        _O.kind == "failed",
        _O.life >= of.life,
        _O.withdrawn_at.is_(None),
    )


def _mean_square(
    said: sa.ColumnElement[float], life: sa.ColumnElement[float], cap: float
) -> sa.ColumnElement[float]:
    """Mean squared difference from the truth, capped as the labels are; its root is drawn outside."""
    left = _O.life - life
    error = said - sa.case((left > cap, cap), else_=left)
    return sa.func.avg(error * error)


def _count_where(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)


def _jumps(given: tuple[sa.ColumnElement[bool], ...], limit: float) -> sa.Select[int, int]:
    """How many answers follow another one of the same unit, and how many of them jump from it."""
    order = {"partition_by": _P.unit, "order_by": (_P.life, _P.created_at, _P.id)}
    pair = (
        sa.select(
            (_P.rul - sa.func.lag(_P.rul).over(**order)).label("rise"),
            (_P.life - sa.func.lag(_P.life).over(**order)).label("passed"),
        )
        .where(*given)
        .subquery()
        .c
    )
    is_jump = sa.or_(pair.rise > limit, pair.rise < -limit - pair.passed)
    return sa.select(sa.func.count(pair.rise), _count_where(is_jump))


def _latency(connection: sa.Connection, given: tuple[sa.ColumnElement[bool], ...]) -> float | None:
    """The nearest-rank percentile: one of the measured numbers, in milliseconds."""
    measured = (*given, _P.inference_ms.is_not(None))
    count = connection.execute(sa.select(sa.func.count()).where(*measured)).scalar_one()
    if not count:
        return None
    rank = math.ceil(SLOW_END * count)
    question = sa.select(_P.inference_ms).where(*measured).order_by(_P.inference_ms)
    return connection.execute(question.offset(rank - 1).limit(1)).scalar_one()


def _ratings(
    connection: sa.Connection, plant: str, numbers: Collection[int], since: datetime
) -> dict[str, int]:
    of = FEEDBACK.c
    question = (
        sa.select(_count_where(of.rating == "positive"), _count_where(of.rating == "negative"))
        .select_from(FEEDBACK)
        .where(of.plant == plant, of.number.in_(numbers), of.created_at >= since)
    )
    positive, negative = connection.execute(question).one()
    return {"positive": positive, "negative": negative}
