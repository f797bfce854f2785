"""The outbox of alerts: what people must hear of, and how far each channel has come with it.

An alert is written in the transaction of the event that it tells of, so that neither is there without
the other. Sending comes later and may fail: each channel has a delivery of its own, which is claimed
before it is sent. Two senders at once never send the same attempt; one that dies half way has its
delivery sent again. So every alert arrives at least once, and seldom twice.

Who raises an alert need not know every channel: the first sender to come adds those that it knows.

Belongs here: what is to be sent, to which channel, when again. Does not belong here: sending
(``operation.channels``).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from rul_platform.core.backoff import wait_after
from rul_platform.storage.database import reading, writing
from rul_platform.storage.operation_tables import ALERT, DELIVERY
from rul_platform.storage.upsert import insert

Severity = Literal["info", "warning", "critical"]

Kind = Literal[
    "trigger",
    "retrain_ended",
    "retrain_failed",
    "promotion",
    "approval",
    "forced",
    "rollback",
    "guard",
    "recalibration",
    "shadow",
    "freeze",
    "unfreeze",
    "data_drift",
    "service",
    "run_failed",
    "sensor_failed",
    "switch",
    "audit",
    "retention",
    "fire_drill",
    "test",
]
"""What an alert tells of; docs/integrations.md says for programs when each comes."""

MAX_ATTEMPTS = 8
"""With the waits of ``core.backoff`` they span two days."""

CLAIM = timedelta(minutes=5)
"""How long a claimed delivery is left to its sender; longer than any channel takes."""

UNFINISHED = "the last attempt did not come to its end"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAlert:
    """Something people must hear of. It holds no personal data: it leaves the platform.

    Attributes:
        key: The same key is the same alert, as ``trigger:press:12``.
        plant: Empty where it is about no plant.
        kind: What it tells of.
        severity: How much it matters.
        title: One line.
        text: What was found, and what to do.
    """

    key: str
    plant: str
    kind: Kind
    severity: Severity
    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How far one channel has come with one alert.

    Attributes:
        channel: Its name.
        state: One of ``operation_tables.DELIVERY_STATES``.
        attempts: Begun so far.
        next_at: When it may be tried again, in UTC; of no meaning unless it waits.
        sent_at: In UTC, or None.
        error: Why the last attempt failed, or None.
    """

    channel: str
    state: str
    attempts: int
    next_at: datetime
    sent_at: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert(NewAlert):
    """An alert as it was recorded.

    Attributes:
        id: Its row.
        created_at: When it was raised first, in UTC.
        repeats: How often it was raised again.
        deliveries: By channel, in the order of their names.
    """

    id: int
    created_at: datetime
    repeats: int
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """A delivery whose time has come.

    Attributes:
        alert: What to send.
        delivery: Where to, and how often that was tried before.
    """

    alert: Alert
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Backlog:
    """What the channels have not taken.

    Attributes:
        waiting: Deliveries that are still tried.
        given_up: Deliveries that are not tried any more.
        oldest: When the first alert of those that wait was raised; None where none waits.
    """

    waiting: int
    given_up: int
    oldest: datetime | None


class AlertOutbox:
    """All alerts and their deliveries."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def put(self, alert: NewAlert, channels: Sequence[str], now: datetime) -> bool:
        """Record an alert, in the open transaction where there is one.

        Returns:
            False where the key was there: it is counted as a repeat, and not delivered again.
        """
        row = {name: getattr(alert, name) for name in NewAlert.__dataclass_fields__}
        again = {"repeats": ALERT.c.repeats + 1}
        with writing(self._engine) as connection:
            upsert = (
                insert(connection, ALERT)
                .values(**row, created_at=now, repeats=0)
                .on_conflict_do_update(index_elements=[ALERT.c.key], set_=again)
                .returning(ALERT.c.id, ALERT.c.repeats)
            )
            alert_id, repeats = connection.execute(upsert).one()
            if repeats == 0:
                _insert(connection, alert_id, channels, now)
        return repeats == 0

    def add(self, alert_id: int, channels: Collection[str], now: datetime) -> None:
        """Let these channels have an alert as well; a delivery that is there stays as it is."""
        with writing(self._engine) as connection:
            _insert(connection, alert_id, channels, now)

    def due(
        self, now: datetime, limit: int, *, without: Collection[str] = ()
    ) -> tuple[DueDelivery, ...]:
        """At most ``limit`` deliveries whose time has come, the longest waiting first.

        Args:
            now: Which time has come.
            limit: At most so many.
            without: Channels to leave out.
        """
        question = (
            sa.select(DELIVERY)
            .where(DELIVERY.c.state == "waiting", DELIVERY.c.next_at <= now)
            .where(DELIVERY.c.channel.not_in(without))
            .order_by(DELIVERY.c.next_at, DELIVERY.c.alert_id, DELIVERY.c.channel)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(question).mappings().all()
        alerts = {a.id: a for a in self._alerts(ALERT.c.id.in_({r["alert_id"] for r in rows}))}
        return tuple(DueDelivery(alerts[row["alert_id"]], _delivery(row)) for row in rows)

    def claim(self, due: DueDelivery, now: datetime) -> bool:
        """Begin the next attempt, before it is sent: of several senders exactly one gets True.

        One whose sender died in its last attempt is given up here.
        """
        seen = due.delivery
        values: dict[str, Any] = {"attempts": seen.attempts + 1, "next_at": now + CLAIM}
        if seen.attempts >= MAX_ATTEMPTS:
            values = {"state": "given_up", "error": seen.error or UNFINISHED}
        change = (
            _of(due.alert.id, seen.channel)
            .where(DELIVERY.c.state == "waiting", DELIVERY.c.attempts == seen.attempts)
            .where(DELIVERY.c.next_at == seen.next_at)
            .values(values)
        )
        with writing(self._engine) as connection:
            changed = connection.execute(change).rowcount == 1
        return changed and "state" not in values

    def sent(self, alert_id: int, channel: str, now: datetime) -> None:
        """The channel took it."""
        change = _of(alert_id, channel).where(DELIVERY.c.state != "sent")
        with writing(self._engine) as connection:
            connection.execute(change.values(state="sent", sent_at=now, error=None))

    def failed(self, alert_id: int, channel: str, error: str, now: datetime) -> None:
        """The channel did not take it: it is tried again later, or given up after the last attempt.

        Args:
            alert_id: Which alert.
            channel: Which channel.
            error: Why, without any secret: it is kept and shown.
            now: When.
        """
        is_it = (DELIVERY.c.alert_id == alert_id, DELIVERY.c.channel == channel)
        with writing(self._engine) as connection:
            question = sa.select(DELIVERY.c.attempts).where(*is_it)
            attempts = connection.execute(question).scalar_one()
            wait = wait_after(max(attempts, 1), of=f"{alert_id}/{channel}")
            state = "given_up" if attempts >= MAX_ATTEMPTS else "waiting"
            change = _of(alert_id, channel).where(DELIVERY.c.state == "waiting")
            connection.execute(change.values(state=state, error=error, next_at=now + wait))

    def backlog(self) -> Backlog:
        """How much is left to deliver, and since when."""
        state = DELIVERY.c.state
        question = (
            sa.select(state, sa.func.count(), sa.func.min(ALERT.c.created_at))
            .join_from(DELIVERY, ALERT)
            .where(state.in_(("waiting", "given_up")))
            .group_by(state)
        )
        with reading(self._engine) as connection:
            found = {row[0]: (row[1], row[2]) for row in connection.execute(question)}
        waiting, oldest = found.get("waiting", (0, None))
        return Backlog(waiting, found.get("given_up", (0, None))[0], oldest)

    def recent(self, limit: int, *, only_undelivered: bool = False) -> tuple[Alert, ...]:
        """The last ``limit`` alerts, newest first.

        Args:
            limit: At most so many.
            only_undelivered: Those alone that some channel has not taken yet, or never will.
        """
        undelivered = sa.select(DELIVERY.c.alert_id).where(DELIVERY.c.state != "sent")
        return self._alerts(
            ALERT.c.id.in_(undelivered) if only_undelivered else sa.true(), limit=limit
        )

    def _alerts(
        self, condition: sa.ColumnElement[bool], limit: int | None = None
    ) -> tuple[Alert, ...]:
        chosen = sa.select(ALERT).where(condition).order_by(ALERT.c.id.desc()).limit(limit)
        with reading(self._engine) as connection:
            rows = connection.execute(chosen).mappings().all()
            of_them = DELIVERY.c.alert_id.in_([row["id"] for row in rows])
            question = sa.select(DELIVERY).where(of_them).order_by(DELIVERY.c.channel)
            deliveries = connection.execute(question).mappings().all()
        return tuple(
            Alert(
                **row,
                deliveries=tuple(_delivery(d) for d in deliveries if d["alert_id"] == row["id"]),
            )
            for row in rows
        )


def _insert(
    connection: sa.Connection, alert_id: int, channels: Collection[str], now: datetime
) -> None:
    rows = [
        {
            "alert_id": alert_id,
            "channel": channel,
            "state": "waiting",
            "attempts": 0,
            "next_at": now,
        }
        for channel in dict.fromkeys(channels)
    ]
    if rows:
        connection.execute(insert(connection, DELIVERY).on_conflict_do_nothing(), rows)


def _of(alert_id: int, channel: str) -> sa.Update:
    return sa.update(DELIVERY).where(DELIVERY.c.alert_id == alert_id, DELIVERY.c.channel == channel)


def _delivery(row: sa.RowMapping) -> Delivery:
    return Delivery(**{name: row[name] for name in Delivery.__dataclass_fields__})
