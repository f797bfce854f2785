"""Months of predictions and feedback: made ahead on PostgreSQL, and let go of when they are old.

A month of predictions goes as a whole, when nothing needs it: no machine in it still runs and is asked
about, and no rating of it waits to be counted. Feedback never goes: retrains are proven by it, and after
its time it names nobody.

Belongs here: which months there are, which may go. Does not belong here: how long they are kept, and the
record of it (``operation.retention``).
"""

from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa

from rul_platform.storage.column_types import in_utc
from rul_platform.storage.database import reading, writing
from rul_platform.storage.operation_tables import FEEDBACK, OUTCOME, PREDICTION

MONTHS_AHEAD = 3
"""So long the daemon may be away; after that rows go into a month that takes all the others."""

_P, _F, _O = PREDICTION.c, FEEDBACK.c, OUTCOME.c


def add_ahead(engine: sa.Engine, now: datetime) -> int:
    """Make the months to come, and those of rows that came before theirs was made.

    Returns:
        How many tables were made; on SQLite, where one table holds all, 0.
    """
    if engine.dialect.name != "postgresql":
        return 0
    with writing(engine) as connection:
        today = sa.cast(in_utc(now).date(), sa.Date)
        return connection.execute(sa.select(sa.func.add_months(today, MONTHS_AHEAD))).scalar_one()


def months_until(engine: sa.Engine, end: datetime) -> tuple[date, ...]:
    """First days of the months with predictions that ended at ``end`` or before, oldest first."""
    found = list[date]()
    with reading(engine) as connection:
        oldest = connection.scalar(sa.select(sa.func.min(_P.created_at)))
        while oldest is not None:
            first = oldest.date().replace(day=1)
            _, until = bounds(first)
            if until > end:
                break
            found.append(first)
            later = sa.select(sa.func.min(_P.created_at)).where(_P.created_at >= until)
            oldest = connection.scalar(later)
    return tuple(found)


def still_needed(engine: sa.Engine, month: date, end: datetime) -> str | None:
    """Why a month of predictions may not go yet; None where nothing needs it.

    Args:
        engine: Where.
        month: Its first day.
        end: Machines that were asked about since then still run, unless their end is known.
    """
    since, until = bounds(month)
    of_month = _P.created_at >= since, _P.created_at < until
    later = PREDICTION.alias("later")
    ended = sa.exists().where(
        _O.plant == _P.plant, _O.unit == _P.unit, _O.kind != "running", _O.withdrawn_at.is_(None)
    )
    is_asked_about = sa.exists().where(
        later.c.plant == _P.plant, later.c.unit == _P.unit, later.c.created_at >= end
    )
    running = sa.select(_P.unit).where(*of_month, ~ended, is_asked_about).limit(1)
    waiting = (
        sa.select(_F.id)
        .join(PREDICTION, _P.id == _F.prediction_id)
        .where(*of_month, _F.created_at >= since, _F.rolled_up.is_(None))
        .limit(1)
    )
    with reading(engine) as connection:
        unit = connection.scalar(running)
        if unit is not None:
            return f"unit {unit} still runs: what was said of it is compared with its end"
        if connection.scalar(waiting) is not None:
            return "ratings of it wait to be counted"
    return None


def drop(engine: sa.Engine, month: date) -> int:
    """Let a month of predictions go; joins an open ``writing``.

    Returns:
        How many rows that were.

    Raises:
        DBAPIError: PostgreSQL refuses a month that ended less than six months ago by its own clock,
            and a login other than ``rul_purge``.
    """
    since, until = bounds(month)
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            return connection.execute(sa.select(sa.func.drop_month(month))).scalar_one()
        of_month = _P.created_at >= since, _P.created_at < until
        return connection.execute(PREDICTION.delete().where(*of_month)).rowcount


def bounds(month: date) -> tuple[datetime, datetime]:
    """The month's first moment, and the next one's (UTC)."""
    since = datetime(month.year, month.month, 1, tzinfo=UTC)
    return since, (since + timedelta(days=31)).replace(day=1)
