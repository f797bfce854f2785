"""Counting: every row exactly once, whenever it was committed and whatever its clock said."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from rul_platform.core.trigger import FeedbackCounts
from rul_platform.storage.database import writing
from rul_platform.storage.feedback import FeedbackStore
from rul_platform.storage.operation_tables import FEEDBACK_HOUR
from rul_platform.storage.tables import MODEL_VERSION
from rul_platform_tests.storage.test_feedback import BEN, DAY, HOUR, NOON, predict, rating

LONG_AGO = NOON - 400 * DAY


@pytest.fixture
def feedback(engine: sa.Engine) -> FeedbackStore:
    return FeedbackStore(engine)


def hours(engine: sa.Engine) -> list[tuple]:
    h = FEEDBACK_HOUR.c
    question = sa.select(h.plant, h.hour, h.positive, h.negative, h.last_roll_up)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(question.order_by(h.plant, h.hour))]


def test_each_roll_up_adds_what_came_since_the_last(engine, feedback):
    """Worked by hand: two hours of one plant, one of another."""
    noon = NOON.replace(minute=0)
    feedback.add_all(
        [
            rating(predict(engine, "u1")),
            rating(predict(engine, "u2"), rating="positive", reason=None),
            rating(predict(engine, "u3"), created_at=NOON - HOUR),
            rating(predict(engine, plant="mill")),
        ]
    )
    assert feedback.roll_up() == 4
    assert feedback.roll_up() == 0
    feedback.add(rating(predict(engine, "u4"), created_at=NOON.replace(minute=59, second=59)))
    assert feedback.roll_up() == 1

    assert hours(engine) == [
        ("mill", noon, 0, 1, 1),
        ("press", noon - HOUR, 0, 1, 1),
        ("press", noon, 1, 2, 2),
    ]
    assert feedback.counts("press", LONG_AGO) == FeedbackCounts(1, 3, 2)
    assert feedback.counts("mill", LONG_AGO) == FeedbackCounts(0, 1, 1)
    assert feedback.counts("lathe", LONG_AGO) == FeedbackCounts(0, 0, None)
    assert feedback.plants() == ("mill", "press")


def test_what_is_told_late_or_with_a_wrong_clock_counts_in_its_own_hour(engine, feedback):
    feedback.add(rating(predict(engine)))
    feedback.roll_up()
    feedback.add(rating(predict(engine), created_at=LONG_AGO))
    feedback.add(rating(predict(engine), created_at=NOON + DAY))
    feedback.roll_up()

    assert feedback.counts("press", NOON).total == 2
    assert feedback.counts("press", LONG_AGO).total == 3


def test_the_window_begins_with_a_full_hour(engine, feedback):
    feedback.add(rating(predict(engine), created_at=NOON.replace(minute=1)))
    feedback.roll_up()

    assert feedback.counts("press", NOON).total == 1
    assert feedback.counts("press", NOON.replace(minute=0) + HOUR).total == 0


def test_another_time_zone_is_the_same_hour(engine, feedback):
    """Kathmandu is 5:45 ahead: its hours are not ours."""
    kathmandu = NOON.astimezone(datetime.strptime("+0545", "%z").tzinfo)
    feedback.add(rating(predict(engine), created_at=kathmandu))
    feedback.roll_up()

    assert [row[1] for row in hours(engine)] == [NOON.replace(minute=0)]


def test_looking_without_writing_counts_waiting_rows_too(engine, feedback):
    feedback.add(rating(predict(engine)))
    feedback.roll_up()
    feedback.add(rating(predict(engine, "u2"), rating="positive", reason=None))
    feedback.add(rating(predict(engine, "u3"), created_at=LONG_AGO))
    feedback.add(rating(predict(engine, plant="mill")))

    assert feedback.counts("press", NOON - DAY) == FeedbackCounts(0, 1, 1)
    assert feedback.counts("press", NOON - DAY, with_waiting=True) == FeedbackCounts(1, 1, 1)


def test_days_count_what_waits_and_what_was_consumed(engine, feedback):
    feedback.add(rating(predict(engine), created_at=NOON - DAY))
    feedback.add(rating(predict(engine)))
    feedback.roll_up()
    feedback.add(rating(predict(engine), person=BEN))

    days = feedback.stats("press", NOON - 2 * DAY)

    found = [(each.day.day, each.positive, each.negative) for each in days]
    assert found == [(1, 0, 1), (2, 0, 2)]
    assert feedback.stats("press", NOON + DAY) == ()


def test_a_row_that_commits_after_a_later_one_was_counted_is_counted_then(engine, feedback):
    """What a cursor on row numbers or times would lose; SQLite has one writer, so it cannot happen."""
    if engine.dialect.name == "sqlite":
        pytest.skip("one writer at a time")
    first, second = predict(engine, "u1"), predict(engine, "u2")
    is_written, may_commit = threading.Event(), threading.Event()

    def slow() -> None:
        with writing(engine):
            feedback.add(rating(first))
            is_written.set()
            may_commit.wait(30)

    writer = threading.Thread(target=slow)
    writer.start()
    assert is_written.wait(30)
    feedback.add(rating(second))
    assert feedback.roll_up() == 1  # neither waits for the open transaction nor counts its row
    may_commit.set()
    writer.join()

    assert feedback.roll_up() == 1
    assert feedback.counts("press", NOON).total == 2


def test_taking_feedback_does_not_wait_for_a_roll_up(engine, feedback):
    """On PostgreSQL; on SQLite whoever writes waits for whoever else writes."""
    if engine.dialect.name == "sqlite":
        pytest.skip("one writer at a time")
    prediction = predict(engine)
    is_taken = threading.Event()

    def take() -> None:
        feedback.add(rating(prediction))
        is_taken.set()

    with feedback.deciding():  # holds what a roll-up holds
        writer = threading.Thread(target=take)
        writer.start()
        assert is_taken.wait(30)
    writer.join()


def test_roll_ups_at_once_count_each_row_once(engine, feedback):
    predictions = [predict(engine, f"u{n}") for n in range(60)]
    at = datetime(2026, 3, 2, tzinfo=UTC)

    def take(some: list[str]) -> None:
        for number, prediction in enumerate(some):
            feedback.add(rating(prediction, created_at=at + timedelta(minutes=10 * number)))
            feedback.roll_up()

    workers = [threading.Thread(target=take, args=(predictions[k::4],)) for k in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    feedback.roll_up()

    assert sum(row[3] for row in hours(engine)) == 60
    assert feedback.counts("press", at).total == 60


def test_what_was_said_of_a_version_that_was_rolled_back_counts_for_nothing(engine, feedback):
    feedback.add(rating(predict(engine, "u1")))
    feedback.roll_up()
    feedback.add(rating(predict(engine, "u2")))  # waits to be counted
    assert feedback.counts("press", LONG_AGO, with_waiting=True).negative == 2

    with writing(engine) as connection:
        connection.execute(sa.update(MODEL_VERSION).values(state="rolled_back"))

    assert feedback.counts("press", LONG_AGO, with_waiting=True) == FeedbackCounts(0, 0, None)
    assert sum(day.negative for day in feedback.stats("press", LONG_AGO)) == 2  # it was said


def test_all_plants_are_counted_at_once_waiting_ratings_too(engine, feedback):
    feedback.add(rating(predict(engine, "u1")))
    feedback.add(rating(predict(engine, plant="mill"), rating="positive", reason=None))
    feedback.roll_up()
    feedback.add(rating(predict(engine, "u2"), created_at=LONG_AGO))
    feedback.add(rating(predict(engine, "u3"), rating="positive", reason=None))

    found = feedback.by_plant(["press", "lathe"], NOON - HOUR)
    assert found == {"press": (1, 1), "lathe": (0, 0)}
    assert feedback.by_plant(["press", "mill"], LONG_AGO) == {"press": (1, 2), "mill": (1, 0)}
    assert feedback.by_plant([], LONG_AGO) == {}
