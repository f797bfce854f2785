"""Feedback counted by plant, hour and version, so that a question costs the same however much there is.

A roll-up gives its number to every row that has none, counts the rows with that number, and adds them
to their hours. So each row is counted exactly once: also one that was committed late, whose clock was
wrong, or that tells of last month. Taking feedback never touches the counts.

Belongs here: counting. Does not belong here: the rows (``feedback``), what follows from the counts
(``core.trigger``).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from rul_platform.core.trigger import FeedbackCounts
from rul_platform.storage.column_types import UtcDateTime, in_utc
from rul_platform.storage.database import reading, writing
from rul_platform.storage.operation_tables import FEEDBACK, FEEDBACK_HOUR
from rul_platform.storage.tables import BARRED, MODEL_VERSION
from rul_platform.storage.upsert import insert, portions

_F, _H, _V = FEEDBACK.c, FEEDBACK_HOUR.c, MODEL_VERSION.c
_IS_WAITING = _F.rolled_up.is_(None)


@dataclass(frozen=True, slots=True)
class DayCounts:
    """Ratings of one day (UTC)."""

    day: date
    positive: int
    negative: int


def hour_of(moment: datetime) -> datetime:
    """The beginning of its hour, in UTC."""
    return in_utc(moment).replace(minute=0, second=0, microsecond=0)


def roll_up(engine: sa.Engine) -> int:
    """Count every row that was not counted yet; one roll-up at a time, and none waits for new rows.

    Returns:
        How many rows that were.
    """
    with reading(engine) as connection:
        if connection.scalar(sa.select(_F.id).where(_IS_WAITING).limit(1)) is None:
            return 0
    with writing(engine, alone_in=FEEDBACK_HOUR) as connection:
        number = (connection.scalar(sa.select(sa.func.max(_F.rolled_up))) or 0) + 1
        waiting = FEEDBACK.update().where(_IS_WAITING).values(rolled_up=number)
        counted = connection.execute(waiting).rowcount
        if counted:
            _add_to_hours(connection, number)
    return counted


def _add_to_hours(connection: sa.Connection, number: int) -> None:
    hour = _hour(connection)
    keys = _F.plant, hour, _F.number
    columns = [*keys, _sum("positive"), _sum("negative"), *map(sa.literal, (0, 0, number))]
    found = sa.select(*columns).where(_F.rolled_up == number).group_by(*keys)
    rows = insert(connection, FEEDBACK_HOUR).from_select([c.name for c in FEEDBACK_HOUR.c], found)
    more = {
        "positive": _H.positive + rows.excluded.positive,
        "negative": _H.negative + rows.excluded.negative,
        "last_roll_up": rows.excluded.last_roll_up,
    }
    connection.execute(
        rows.on_conflict_do_update(index_elements=["plant", "hour", "number"], set_=more)
    )


def unclaimed(
    connection: sa.Connection, plant: str, since: datetime, *, with_waiting: bool
) -> FeedbackCounts:
    """Ratings of a plant's hours from ``since``'s on that no retrain has consumed.

    What was said of a version that never comes back counts for nothing: that case is settled.
    The watermark is the number of the last roll-up that counted into one of these hours.
    """
    where = _H.plant == plant, _H.hour >= hour_of(since), _H.number.not_in(_barred(plant))
    positive, negative = _H.positive - _H.claimed_positive, _H.negative - _H.claimed_negative
    sums = [sa.func.coalesce(sa.func.sum(each), 0) for each in (positive, negative)]
    question = sa.select(*sums, sa.func.max(_H.last_roll_up)).where(*where)
    positives, negatives, watermark = tuple(connection.execute(question).one())
    if with_waiting:
        sums = _waiting(plant, since, _F.number.not_in(_barred(plant)))
        more = connection.execute(sa.select(*sums).where(_IS_WAITING)).one()
        positives, negatives = positives + (more[0] or 0), negatives + (more[1] or 0)
    return FeedbackCounts(int(positives), int(negatives), watermark)


def unclaimed_by_plant(
    connection: sa.Connection, plants: Collection[str], since: datetime
) -> dict[str, FeedbackCounts]:
    """As :func:`unclaimed`, without those that wait, for each of these plants."""
    found = dict.fromkeys(plants, FeedbackCounts(0, 0))
    is_barred = sa.exists().where(
        _V.plant == _H.plant, _V.number == _H.number, _V.state.in_(BARRED)
    )
    positive, negative = _H.positive - _H.claimed_positive, _H.negative - _H.claimed_negative
    sums = sa.func.sum(positive), sa.func.sum(negative), sa.func.max(_H.last_roll_up)
    question = sa.select(_H.plant, *sums).where(_H.hour >= hour_of(since), ~is_barred)
    for some in portions(plants):
        for row in connection.execute(question.where(_H.plant.in_(some)).group_by(_H.plant)):
            found[row[0]] = FeedbackCounts(int(row[1]), int(row[2]), row[3])
    return found


def by_day(connection: sa.Connection, plant: str, since: datetime) -> tuple[DayCounts, ...]:
    """All ratings of a plant by day, waiting ones too; oldest first, days without any left out."""
    hour = _hour(connection)
    hours = sa.select(_H.hour, _H.positive, _H.negative)
    counted = hours.where(_H.plant == plant, _H.hour >= hour_of(since))
    waiting = sa.select(hour, *_waiting(plant, since)).where(_IS_WAITING).group_by(hour)
    days: dict[date, tuple[int, int]] = {}
    for question in (counted, waiting):
        for beginning, positive, negative in connection.execute(question):
            before = days.get(beginning.date(), (0, 0))
            days[beginning.date()] = (before[0] + positive, before[1] + negative)
    return tuple(DayCounts(day, *days[day]) for day in sorted(days) if any(days[day]))


def by_plant(
    connection: sa.Connection, plants: Collection[str], since: datetime
) -> dict[str, tuple[int, int]]:
    """All positive and negative ratings of plants from ``since``'s hour on; 0 and 0 where there is none.

    Plants are named, so that the index by plant and hour is used.
    """
    found: dict[str, tuple[int, int]] = dict.fromkeys(plants, (0, 0))
    sums = sa.func.sum(_H.positive), sa.func.sum(_H.negative)
    counted = sa.select(_H.plant, *sums).where(_H.hour >= hour_of(since)).group_by(_H.plant)
    came = _F.created_at >= hour_of(since)
    both = _sum("positive", came), _sum("negative", came)
    waiting = sa.select(_F.plant, *both).where(_IS_WAITING).group_by(_F.plant)
    questions = [counted.where(_H.plant.in_(some)) for some in portions(plants)]
    for question in (*questions, waiting):
        for plant, positive, negative in connection.execute(question):
            if plant in found:
                before = found[plant]
                found[plant] = (before[0] + int(positive), before[1] + int(negative))
    return found


def claim_hours(connection: sa.Connection, plant: str, since: datetime) -> None:
    """Everything that was counted into a plant's hours from ``since``'s on is consumed."""
    connection.execute(
        FEEDBACK_HOUR.update()
        .where(_H.plant == plant, _H.hour >= hour_of(since))
        .values(claimed_positive=_H.positive, claimed_negative=_H.negative)
    )


def _barred(plant: str) -> sa.Select[tuple[int]]:
    """Numbers of the versions that never come back."""
    return sa.select(_V.number).where(_V.plant == plant, _V.state.in_(BARRED))


def _waiting(
    plant: str, since: datetime, *conditions: sa.ColumnElement[bool]
) -> list[sa.ColumnElement[int]]:
    """How many waiting rows are positive and how many negative.

    Plant and time stand in the sums and not in the condition: otherwise SQLite looks through all of the
    plant's rows for the few that wait, where the index of those that wait has nothing else.
    """
    of_plant = sa.and_(_F.plant == plant, _F.created_at >= hour_of(since), *conditions)
    return [_sum("positive", of_plant), _sum("negative", of_plant)]


def _sum(rating: str, *conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.sum(sa.case((sa.and_(_F.rating == rating, *conditions), 1), else_=0))


def _hour(connection: sa.Connection) -> sa.ColumnElement[datetime]:
    """The beginning of a row's hour; in UTC, whatever zone the database session has."""
    if connection.dialect.name == "postgresql":
        return sa.func.date_trunc("hour", _F.created_at, "UTC", type_=UtcDateTime)
    return sa.func.strftime("%Y-%m-%d %H:00:00.000000", _F.created_at, type_=UtcDateTime)
