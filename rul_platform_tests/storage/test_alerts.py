"""The outbox keeps every alert once, with its event or not at all, and lets it be sent once a try."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from rul_platform.core.backoff import LONGEST_WAIT, MAX_JITTER
from rul_platform.storage.alerts import (
    CLAIM,
    MAX_ATTEMPTS,
    UNFINISHED,
    AlertOutbox,
    Backlog,
    NewAlert,
)
from rul_platform.storage.database import writing
from rul_platform_tests.storage.at_once import in_threads

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def alert(key: str = "trigger:press:12") -> NewAlert:
    return NewAlert(
        key=key,
        plant="press",
        kind="trigger",
        severity="warning",
        title="Retraining asked for",
        text="63 % of 120 ratings are positive, 70 % are asked for.",
    )


@pytest.fixture
def outbox(engine: sa.Engine) -> AlertOutbox:
    return AlertOutbox(engine)


def test_an_alert_is_due_at_once_for_each_channel(outbox: AlertOutbox):
    assert outbox.put(alert(), ["log", "slack", "log"], NOW)

    due = outbox.due(NOW, 10)

    assert [(d.delivery.channel, d.delivery.attempts) for d in due] == [("log", 0), ("slack", 0)]
    assert due[0].alert == outbox.recent(10)[0]
    assert (due[0].alert.title, due[0].alert.created_at) == ("Retraining asked for", NOW)
    assert not outbox.due(NOW - MINUTE, 10)
    assert [d.delivery.channel for d in outbox.due(NOW, 10, without={"log"})] == ["slack"]


def test_the_same_key_is_the_same_alert_and_not_delivered_again(outbox: AlertOutbox):
    outbox.put(alert(), ["log"], NOW)
    outbox.sent(outbox.recent(1)[0].id, "log", NOW)

    assert not outbox.put(alert(), ["log", "slack"], NOW + MINUTE)

    (kept,) = outbox.recent(10)
    assert (kept.repeats, kept.created_at, len(kept.deliveries)) == (1, NOW, 1)
    assert not outbox.due(NOW + MINUTE, 10)


def test_channels_come_in_addition_and_leave_the_others_as_they_are(outbox: AlertOutbox):
    outbox.put(alert(), ["log"], NOW)
    (only,) = outbox.due(NOW, 10)
    outbox.sent(only.alert.id, "log", NOW)

    outbox.add(only.alert.id, {"log", "slack"}, NOW + MINUTE)

    assert [(d.channel, d.state) for d in outbox.recent(1)[0].deliveries] == [
        ("log", "sent"), ("slack", "waiting"),
    ]  # fmt: skip
    assert [each.delivery.channel for each in outbox.due(NOW + MINUTE, 10)] == ["slack"]


def test_of_many_who_raise_the_same_alert_at_once_one_is_new(outbox: AlertOutbox):
    new = in_threads(lambda _: outbox.put(alert(), ["log"], NOW), 8)

    assert sum(new) == 1
    (kept,) = outbox.recent(10)
    assert (kept.repeats, len(kept.deliveries)) == (7, 1)


def test_an_alert_goes_with_its_event_or_not_at_all(outbox: AlertOutbox, engine: sa.Engine):
    def event_that_fails():
        with writing(engine):
            outbox.put(alert(), ["log"], NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        event_that_fails()

    assert outbox.recent(10) == ()


def test_of_many_senders_exactly_one_claims_an_attempt(outbox: AlertOutbox):
    outbox.put(alert(), ["log"], NOW)
    (due,) = outbox.due(NOW, 1)

    claims = in_threads(lambda _: outbox.claim(due, NOW), 8)

    assert sum(claims) == 1
    assert not outbox.due(NOW, 10)


def test_what_its_sender_left_unfinished_is_due_again(outbox: AlertOutbox):
    outbox.put(alert(), ["log"], NOW)
    (due,) = outbox.due(NOW, 1)
    outbox.claim(due, NOW)

    assert not outbox.due(NOW + CLAIM - MINUTE, 1)
    (again,) = outbox.due(NOW + CLAIM, 1)
    assert again.delivery.attempts == 1
    assert not outbox.claim(due, NOW + CLAIM)  # by what was seen before: too late
    assert outbox.claim(again, NOW + CLAIM)


def test_a_failure_waits_longer_each_time_and_is_given_up_after_the_eighth(outbox: AlertOutbox):
    outbox.put(alert(), ["slack"], NOW)
    now, waits = NOW, list[timedelta]()

    while due := outbox.due(now, 1):
        assert outbox.claim(due[0], now)
        outbox.failed(due[0].alert.id, "slack", "the server answered 503", now)
        delivery = outbox.recent(1)[0].deliveries[0]
        waits.append(delivery.next_at - now)
        now = delivery.next_at

    assert len(waits) == MAX_ATTEMPTS
    assert waits == sorted(waits)
    assert sum(waits[:-1], timedelta()) > timedelta(hours=36)
    assert max(waits) <= LONGEST_WAIT * (1 + MAX_JITTER)
    assert (delivery.state, delivery.error) == ("given_up", "the server answered 503")


def test_a_sender_that_dies_in_its_last_attempt_does_not_keep_it_for_ever(outbox: AlertOutbox):
    outbox.put(alert(), ["log"], NOW)
    now = NOW
    for _ in range(MAX_ATTEMPTS):
        assert outbox.claim(outbox.due(now, 1)[0], now)
        now += CLAIM

    assert not outbox.claim(outbox.due(now, 1)[0], now)

    delivery = outbox.recent(1)[0].deliveries[0]
    assert (delivery.state, delivery.error) == ("given_up", UNFINISHED)
    assert not outbox.due(now + LONGEST_WAIT, 1)


def test_what_was_sent_stays_sent(outbox: AlertOutbox):
    outbox.put(alert(), ["log"], NOW)
    (due,) = outbox.due(NOW, 1)
    outbox.claim(due, NOW)
    outbox.sent(due.alert.id, "log", NOW + MINUTE)

    outbox.failed(due.alert.id, "log", "late", NOW + CLAIM)

    delivery = outbox.recent(1)[0].deliveries[0]
    assert (delivery.state, delivery.sent_at, delivery.error) == ("sent", NOW + MINUTE, None)


def test_the_newest_come_first_and_the_undelivered_can_be_asked_for(outbox: AlertOutbox):
    for key in ("a", "b", "c"):
        outbox.put(alert(key), ["log"], NOW)
    outbox.sent(outbox.recent(1)[0].id, "log", NOW)

    assert [a.key for a in outbox.recent(2)] == ["c", "b"]
    assert [a.key for a in outbox.recent(2, only_undelivered=True)] == ["b", "a"]


def test_the_backlog_is_what_waits_and_what_was_given_up(outbox: AlertOutbox):
    assert outbox.backlog() == Backlog(0, 0, None)
    outbox.put(alert("old"), ["log", "mail"], NOW - 2 * MINUTE)
    outbox.put(alert("new"), ["log"], NOW)
    assert outbox.backlog() == Backlog(3, 0, NOW - 2 * MINUTE)
    now = NOW
    for _ in range(MAX_ATTEMPTS):
        now += 2 * LONGEST_WAIT
        for due in outbox.due(now, 10, without=["mail"]):
            assert outbox.claim(due, now)
            outbox.failed(due.alert.id, due.delivery.channel, "no answer", now)
    assert outbox.backlog() == Backlog(1, 2, NOW - 2 * MINUTE)
