"""What people said about predictions: rows that stay, and are forgotten only as to who said it.

Belongs here: taking ratings, giving them to a retrain, forgetting persons. Does not belong here: how
they are counted (``feedback_counts``), what a rating must be like (``operation.intake``).
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from rul_platform.core.commitments import merkle_root
from rul_platform.core.row_ids import new_id
from rul_platform.core.trigger import FeedbackCounts
from rul_platform.errors import UnknownPredictionError
from rul_platform.storage import feedback_counts
from rul_platform.storage.column_types import in_utc
from rul_platform.storage.database import reading, writing
from rul_platform.storage.feedback_counts import DayCounts
from rul_platform.storage.feedback_rows import Added, Claim, Feedback, NewFeedback, Rated, commit
from rul_platform.storage.operation_tables import FEEDBACK, FEEDBACK_HOUR, PREDICTION
from rul_platform.storage.predictions import is_prediction
from rul_platform.storage.upsert import insert, portions

_F, _P = FEEDBACK.c, PREDICTION.c
_Nobodys = dict[tuple[str, date, str], str]


class FeedbackStore:
    """All ratings."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def rated(self, predictions: Collection[str]) -> dict[str, Rated]:
        """What these ids stand for; those that stand for nothing are left out."""
        with reading(self._engine) as connection:
            return _rated(connection, predictions)

    def add(self, entry: NewFeedback) -> Added:
        """Take one rating; see :meth:`add_all`."""
        return self.add_all([entry])[0]

    def add_all(
        self, entries: Collection[NewFeedback], rated: Mapping[str, Rated] | None = None
    ) -> list[Added]:
        """Take ratings, all or none.

        A person counts once for each prediction, and once for each unit and day (UTC): the first rating
        stands, and a second one is answered with it. What is like a rating whose person was forgotten
        is answered with that one: it may be the same, given again. What is counted is not touched here,
        so that taking is fast.

        Args:
            entries: Ratings.
            rated: What they rate, from :meth:`rated`, for those who looked in this same transaction.

        Raises:
            UnknownPredictionError: One rates a prediction that was never recorded.
            RecordError: ``created_at`` of one has no time zone.
        """
        with writing(self._engine) as connection:
            predictions = {entry.prediction_id for entry in entries}
            rated = _rated(connection, predictions) if rated is None else rated
            nobodys = _nobodys(connection, predictions)
            rows = [_row(entry, rated) for entry in entries]
            known = [nobodys.get((row["prediction_id"], row["day"], row["rating"])) for row in rows]
            new = _insert(
                connection, [row for row, of in zip(rows, known, strict=True) if of is None]
            )
            return [
                Added(row["id"], is_new=True)
                if row["id"] in new
                else Added(of or _standing(connection, row), is_new=False)
                for row, of in zip(rows, known, strict=True)
            ]

    def roll_up(self) -> int:
        """Count what was not counted yet; gives how many rows that were."""
        return feedback_counts.roll_up(self._engine)

    def counts(self, plant: str, since: datetime, *, with_waiting: bool = False) -> FeedbackCounts:
        """Ratings since the beginning of ``since``'s hour that no retrain has consumed.

        Args:
            plant: Whose.
            since: From when on.
            with_waiting: Also those that no roll-up has counted yet: for looking without writing.
        """
        with reading(self._engine) as connection:
            return feedback_counts.unclaimed(connection, plant, since, with_waiting=with_waiting)

    def all_counts(self, plants: Collection[str], since: datetime) -> dict[str, FeedbackCounts]:
        """What :meth:`counts` gives for each of these plants, by few questions."""
        with reading(self._engine) as connection:
            return feedback_counts.unclaimed_by_plant(connection, plants, since)

    def stats(self, plant: str, since: datetime) -> tuple[DayCounts, ...]:
        """All ratings by day, consumed or not, counted or waiting; oldest first."""
        with reading(self._engine) as connection:
            return feedback_counts.by_day(connection, plant, since)

    def by_plant(self, plants: Collection[str], since: datetime) -> dict[str, tuple[int, int]]:
        """Positive and negative ratings of each plant since the beginning of that hour."""
        with reading(self._engine) as connection:
            return feedback_counts.by_plant(connection, plants, since)

    def plants(self) -> tuple[str, ...]:
        """Plants that any feedback was counted for, in alphabetical order."""
        question = sa.select(FEEDBACK_HOUR.c.plant).distinct()
        with reading(self._engine) as connection:
            return tuple(sorted(connection.scalars(question)))

    @contextmanager
    def deciding(self) -> Iterator[None]:
        """A transaction in which nobody else counts or claims, so that counts stay true to its end."""
        with writing(self._engine, alone_in=FEEDBACK_HOUR):
            yield

    def claim(self, plant: str, since: datetime, retrain_id: int) -> Claim:
        """Let a retrain consume what :meth:`counts` counts, for good."""
        with writing(self._engine, alone_in=FEEDBACK_HOUR) as connection:
            taken = connection.execute(
                FEEDBACK.update()
                .where(_F.plant == plant, _F.retrain_id.is_(None), _F.rolled_up.is_not(None))
                .where(_F.created_at >= feedback_counts.hour_of(since))
                .values(retrain_id=retrain_id)
                .returning(_F.id, _F.commitment)
            ).all()
            feedback_counts.claim_hours(connection, plant, since)
        return Claim(len(taken), merkle_root([row.commitment for row in sorted(taken)]))

    def claimed(self, retrain_id: int) -> tuple[Feedback, ...]:
        """What a retrain consumed, by id: the order of the claim's Merkle tree."""
        return self._select(sa.select(FEEDBACK).where(_F.retrain_id == retrain_id).order_by(_F.id))

    def recent(self, plant: str, limit: int) -> tuple[Feedback, ...]:
        """A plant's last ``limit`` ratings, newest first; those of one moment ordered by id."""
        newest = _F.created_at.desc(), _F.id
        question = sa.select(FEEDBACK).where(_F.plant == plant).order_by(*newest).limit(limit)
        return self._select(question)

    def since(self, plant: str, moment: datetime) -> tuple[Feedback, ...]:
        """A plant's ratings from ``moment`` on, consumed or not, oldest first."""
        question = sa.select(FEEDBACK).where(_F.plant == plant, _F.created_at >= moment)
        return self._select(question.order_by(_F.created_at, _F.id))

    def of_person(self, pseudonyms: Collection[str]) -> tuple[Feedback, ...]:
        """Everything that stands under these pseudonyms, oldest first."""
        question = sa.select(FEEDBACK).where(_F.person.in_(pseudonyms))
        return self._select(question.order_by(_F.created_at, _F.id))

    def all(self, batch: int = 5_000) -> Iterator[Feedback]:
        """All ratings, in no order, in small memory."""
        with self._engine.connect() as connection:
            found = connection.execution_options(yield_per=batch).execute(sa.select(FEEDBACK))
            for row in found.mappings():
                yield Feedback(**row)

    def may_forget(self) -> bool:
        """Whether this login may forget persons: on PostgreSQL that is one role's alone."""
        if self._engine.dialect.name != "postgresql":
            return True
        question = sa.func.has_column_privilege(FEEDBACK.name, _F.person.name, "UPDATE")
        with reading(self._engine) as connection:
            return bool(connection.scalar(sa.select(question)))

    def forget(self, pseudonyms: Collection[str]) -> int:
        """Forget who gave these ratings, for good; gives how many rows that were."""
        return self._forget(_F.person.in_(pseudonyms))

    def forget_before(self, moment: datetime) -> int:
        """Forget who gave ratings before ``moment``; gives how many rows that were."""
        return self._forget(_F.created_at < moment, _F.person.is_not(None))

    def _forget(self, *conditions: sa.ColumnElement[bool]) -> int:
        with writing(
            self._engine, alone_in=FEEDBACK_HOUR
        ) as connection:  # two updates may deadlock
            forgotten = FEEDBACK.update().where(*conditions).values(person=None, salt=None)
            return connection.execute(forgotten).rowcount

    def _select(self, question: sa.Select[Any]) -> tuple[Feedback, ...]:
        with reading(self._engine) as connection:
            return tuple(Feedback(**row) for row in connection.execute(question).mappings())


def _rated(connection: sa.Connection, predictions: Collection[str]) -> dict[str, Rated]:
    found: dict[str, Rated] = {}
    columns = (_P.id, _P.plant, _P.unit, _P.number, _P.role, _P.created_at)
    for some in portions(predictions):
        for row in connection.execute(sa.select(*columns).where(*is_prediction(*some))):
            found[row.id] = Rated(*row[1:])
    return found


def _nobodys(connection: sa.Connection, predictions: Collection[str]) -> _Nobodys:
    """Ratings of these predictions whose person was forgotten: their ids, by what they say and when."""
    found: _Nobodys = {}
    for some in portions(predictions):
        forgotten = _F.prediction_id.in_(some), _F.person.is_(None)
        question = sa.select(_F.prediction_id, _F.day, _F.rating, _F.id).where(*forgotten)
        for prediction, day, rating, number in connection.execute(question):
            found[prediction, day, rating] = number
    return found


def _row(entry: NewFeedback, rated: Mapping[str, Rated]) -> dict[str, Any]:
    prediction = rated.get(entry.prediction_id)
    if prediction is None:
        raise UnknownPredictionError(entry.prediction_id)
    created_at = in_utc(entry.created_at)
    of_prediction = {key: getattr(prediction, key) for key in ("plant", "unit", "number")}
    row = {"id": new_id(created_at), **asdict(entry), **of_prediction, "created_at": created_at}
    return row | {"day": created_at.date(), "commitment": commit(entry.salt, row)}


def _insert(connection: sa.Connection, rows: list[dict[str, Any]]) -> set[str]:
    """Insert what nothing stands in the way of; gives the ids of those rows."""
    if not rows:
        return set()
    once = insert(connection, FEEDBACK).on_conflict_do_nothing().returning(_F.id)
    return set(connection.scalars(once, rows))


def _standing(connection: sa.Connection, row: dict[str, Any]) -> str:
    """Id of the rating that this person gave before: of the prediction, or else of the unit that day."""
    of_prediction = _F.prediction_id == row["prediction_id"]
    of_day = sa.and_(*(FEEDBACK.c[key] == row[key] for key in ("plant", "unit", "day")))
    question = sa.select(_F.id).where(_F.person == row["person"], of_prediction | of_day)
    return connection.execute(question.order_by(of_prediction.desc()).limit(1)).scalar_one()
