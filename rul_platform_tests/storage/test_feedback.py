"""Ratings: taken once, kept for good, forgotten only as to who gave them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from rul_platform.core.commitments import merkle_root
from rul_platform.core.policy import Configured, Policy
from rul_platform.errors import RecordError, UnknownPredictionError
from rul_platform.storage.feedback import FeedbackStore
from rul_platform.storage.feedback_rows import NewFeedback
from rul_platform.storage.models import ModelRegistry
from rul_platform.storage.predictions import PredictionLog
from rul_platform.storage.retrains import RetrainStore
from rul_platform.storage.snapshots import SnapshotStore
from rul_platform_tests.storage.rows import execute, insert

NOON = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ANN, BEN = "a" * 64, "b" * 64
SALT = "5" * 32


@pytest.fixture
def feedback(engine: sa.Engine) -> FeedbackStore:
    return FeedbackStore(engine)


def predict(engine: sa.Engine, unit: str = "u1", plant: str = "press") -> str:
    version = ModelRegistry(engine).register(plant, "c" * 64, now=NOON)
    return PredictionLog(engine).record(
        plant=plant, unit=unit, number=version.number, sha256=version.sha256, life=50.0, rul=30.0,
        rul_low=20.0, rul_high=40.0, now=NOON,
    )  # fmt: skip


def rating(prediction: str, **changed) -> NewFeedback:
    entry = NewFeedback(
        prediction_id=prediction, rating="negative", reason="too_late", person=ANN,
        created_at=NOON, salt=SALT,
    )  # fmt: skip
    return replace(entry, **changed)


def open_retrain(engine: sa.Engine, plant: str = "press", watermark: int = 1) -> int:
    snapshot = SnapshotStore(engine).keep(Configured(Policy(), {}), NOON)
    asked = {"trigger": "feedback", "watermark": watermark, "snapshot": snapshot, "cause": {}}
    return RetrainStore(engine).open(plant=plant, **asked, now=NOON).id


def test_a_rating_is_kept_with_what_the_prediction_was_about(engine, feedback):
    prediction = predict(engine, "u7")

    added = feedback.add(rating(prediction))

    [kept] = feedback.recent("press", 5)
    assert (kept.id, kept.plant, kept.unit, kept.number) == (added.id, "press", "u7", 1)
    assert (kept.rating, kept.reason, kept.person) == ("negative", "too_late", ANN)
    assert (kept.created_at, kept.day) == (NOON, NOON.date())
    assert added.is_new
    assert kept.standing == "intact"


def test_one_persons_clicks_count_once_for_each_unit_and_day(engine, feedback):
    prediction = predict(engine)
    first = feedback.add(rating(prediction))
    again = feedback.add(rating(prediction, rating="positive", reason=None, created_at=NOON + HOUR))
    another_prediction = feedback.add(rating(predict(engine)))
    others = feedback.add_all(
        [
            rating(prediction, person=BEN),
            rating(predict(engine), created_at=NOON + DAY),
            rating(predict(engine, "u2")),
        ]
    )

    assert (again.id, again.is_new) == (first.id, False)
    assert (another_prediction.id, another_prediction.is_new) == (first.id, False)
    assert all(each.is_new for each in others)
    assert {each.rating for each in feedback.recent("press", 9)} == {"negative"}


def test_one_persons_clicks_count_once_for_each_prediction(engine, feedback):
    """On whatever day: else one person could fill a whole window with one prediction."""
    prediction, other = predict(engine), predict(engine)
    first = feedback.add(rating(prediction))
    next_day = feedback.add(rating(other, created_at=NOON + DAY))

    days = [feedback.add(rating(prediction, created_at=NOON + n * DAY)) for n in range(5)]

    assert {(each.id, each.is_new) for each in days} == {(first.id, False)}  # also on the next day
    assert next_day.is_new
    twice = [insert("feedback", ("'f'", f"'{n}'"), ("'u1'", f"'{n}'")) for n in (1, 2)]
    if engine.dialect.name == "postgresql":  # left out by a trigger, and not refused
        execute(engine, *twice)
        assert [row.id for row in feedback.all() if row.prediction_id == "p"] == ["1"]
        return
    with pytest.raises(DBAPIError, match=r"(?i)unique"):
        execute(engine, *twice)


def test_what_was_erased_does_not_count_again_when_it_is_imported_again(engine, feedback):
    prediction = predict(engine)
    same = rating(prediction)
    first = feedback.add(same)
    feedback.forget([ANN])

    again = feedback.add_all([same, replace(same, created_at=NOON + HOUR)])
    others = [
        rating(prediction, rating="positive"),
        rating(prediction, person=BEN, created_at=NOON + DAY),
        rating(predict(engine, "u2")),
    ]

    assert {(each.id, each.is_new) for each in again} == {(first.id, False)}
    assert feedback.add(replace(same, person=BEN)).id == first.id  # the price: it may be another's
    assert all(feedback.add(other).is_new for other in others)


def test_ratings_since_a_moment_are_all_there_oldest_first(engine, feedback):
    ids = [
        feedback.add(rating(predict(engine, f"u{n}"), created_at=NOON + n * HOUR)).id
        for n in range(3)
    ]
    feedback.add(rating(predict(engine, plant="mill"), created_at=NOON + HOUR))

    assert [each.id for each in feedback.since("press", NOON + HOUR)] == ids[1:]


def test_all_ratings_are_taken_or_none(engine, feedback):
    with pytest.raises(UnknownPredictionError, match="No prediction 'nothing' was recorded"):
        feedback.add_all([rating(predict(engine)), rating("nothing")])
    with pytest.raises(RecordError, match="without a time zone"):
        feedback.add_all([rating(predict(engine), created_at=NOON.replace(tzinfo=None))])
    assert feedback.recent("press", 5) == ()


def test_more_predictions_than_one_question_takes(engine, feedback):
    prediction = predict(engine)

    found = feedback.rated([*(f"{n:032x}" for n in range(1_100)), prediction])

    assert list(found) == [prediction]


def test_a_claim_takes_what_was_counted_and_nothing_else(engine, feedback):
    old = feedback.add(rating(predict(engine), created_at=NOON - 2 * DAY))
    taken = [feedback.add(rating(predict(engine, unit))) for unit in ("u1", "u2", "u3")]
    elsewhere = feedback.add(rating(predict(engine, plant="mill")))
    feedback.roll_up()
    waiting = feedback.add(rating(predict(engine, "u4")))

    retrain = open_retrain(engine)
    claim = feedback.claim("press", NOON - HOUR, retrain)

    claimed = feedback.claimed(retrain)
    assert {each.id for each in claimed} == {each.id for each in taken}
    assert claim.rows == 3
    assert claim.root == merkle_root([each.commitment for each in claimed])
    assert {old.id, waiting.id, elsewhere.id}.isdisjoint(each.id for each in claimed)
    assert feedback.counts("press", NOON - HOUR).total == 0
    assert feedback.counts("press", NOON - 3 * DAY).total == 1
    assert feedback.counts("mill", NOON - HOUR).total == 1


def test_a_second_claim_takes_what_came_since(engine, feedback):
    feedback.add(rating(predict(engine)))
    feedback.roll_up()
    first = open_retrain(engine)
    feedback.claim("press", NOON - HOUR, first)
    RetrainStore(engine).close(first, "held", now=NOON)
    feedback.add(rating(predict(engine, "u2")))
    feedback.roll_up()

    second = open_retrain(engine, watermark=2)

    assert feedback.counts("press", NOON - HOUR).total == 1
    assert feedback.claim("press", NOON - HOUR, second).rows == 1
    assert len(feedback.claimed(first)) == len(feedback.claimed(second)) == 1


def test_the_database_itself_keeps_a_rating_and_its_claim(engine, feedback):
    feedback.add(rating(predict(engine)))
    feedback.roll_up()
    feedback.claim("press", NOON - HOUR, open_retrain(engine))
    for change in (
        "UPDATE feedback SET rating = 'positive'",
        "UPDATE feedback SET retrain_id = NULL",
        "UPDATE feedback SET rolled_up = 7",
        "UPDATE feedback SET person = plant",
        "DELETE FROM feedback",
    ):
        with pytest.raises(DBAPIError, match="refused: feedback is a record"):
            execute(engine, change)


def test_a_forgotten_person_leaves_the_rating_and_its_commitment(engine, feedback):
    feedback.add_all([rating(predict(engine)), rating(predict(engine), person=BEN)])
    before = {each.id: each.commitment for each in feedback.recent("press", 5)}

    assert feedback.forget([ANN]) == 1
    assert feedback.forget([ANN]) == 0

    after = feedback.recent("press", 5)
    assert {each.id: each.commitment for each in after} == before
    assert sorted(each.standing for each in after) == ["erased", "intact"]
    assert feedback.of_person([ANN]) == ()
    assert [each.person for each in feedback.of_person([BEN])] == [BEN]
    assert [each.salt for each in after if each.person is None] == [None]


def test_persons_are_forgotten_after_a_time(engine, feedback):
    feedback.add_all(
        [rating(predict(engine), created_at=NOON - DAY), rating(predict(engine), created_at=NOON)]
    )

    assert feedback.forget_before(NOON) == 1
    assert [each.standing for each in feedback.recent("press", 5)] == ["intact", "erased"]


def test_an_altered_row_is_told_from_an_erased_one(engine, feedback):
    feedback.add(rating(predict(engine)))
    [kept] = feedback.recent("press", 1)

    assert replace(kept, rating="positive").standing == "altered"
    assert replace(kept, created_at=NOON + HOUR).standing == "altered"
    assert replace(kept, rating="positive", person=None).standing == "erased"
