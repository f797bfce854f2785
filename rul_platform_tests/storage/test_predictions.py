"""A prediction can be found again, with the version that made it."""

import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from rul_platform.errors import RecordError, UnknownPredictionError
from rul_platform.storage.models import ModelRegistry
from rul_platform.storage.operation_tables import PREDICTION_FAILURE
from rul_platform.storage.predictions import LoggedPrediction, PredictionLog
from rul_platform_tests.storage.at_once import in_threads

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
SHA = "a" * 64


@pytest.fixture
def log(engine: sa.Engine) -> PredictionLog:
    """With version 1 of two plants' models."""
    for plant in ("press", "mill"):
        ModelRegistry(engine).register(plant, SHA, now=NOW)
    return PredictionLog(engine)


def answer(**other: Any) -> dict[str, Any]:
    values = {"plant": "press", "unit": "unit 7", "number": 1, "sha256": SHA, "now": NOW}
    return values | {"life": 120.0, "rul": 31.5, "rul_low": 20.25, "rul_high": 42.75} | other


def test_what_was_answered_is_read_back(log: PredictionLog):
    made = log.record(**answer())

    assert re.fullmatch("[0-9a-f]{32}", made)
    assert log.get(made) == LoggedPrediction(
        id=made,
        plant="press",
        unit="unit 7",
        number=1,
        sha256=SHA,
        life=120.0,
        rul=31.5,
        rul_low=20.25,
        rul_high=42.75,
        created_at=NOW,
        role="champion",
        beside=None,
        raw_rul=None,
        inference_ms=None,
        readings_sha256=None,
        is_strange=False,
    )


def test_a_shadow_is_read_back_with_the_answer_that_was_given(log: PredictionLog):
    given = log.record(**answer())

    asked = log.record(
        **answer(role="shadow", beside=given, raw_rul=-3.5, inference_ms=1.25, readings_sha256=SHA)
    )

    found = log.get(asked)
    assert (found.role, found.beside, found.raw_rul) == ("shadow", given, -3.5)
    assert (found.inference_ms, found.readings_sha256) == (1.25, SHA)


def test_numbers_of_numpy_come_back_to_the_last_digit(log: PredictionLog):
    rul = 100 / 3
    numbers = {
        "life": np.int64(7),
        "rul": np.float64(rul),
        "rul_low": np.float32(0.1),
        "rul_high": 1e6 / 7,
    }

    found = log.get(log.record(**answer(**numbers)))

    assert (found.life, found.rul, found.rul_low) == (7.0, rul, float(np.float32(0.1)))
    assert found.rul_high == 1e6 / 7


def test_the_same_answer_twice_is_two_predictions(log: PredictionLog):
    assert log.record(**answer()) != log.record(**answer())
    assert len(log.recent("press", 10)) == 2


def test_recent_is_newest_first_of_one_plant_and_no_more_than_asked(log: PredictionLog):
    made = [log.record(**answer(now=NOW + timedelta(hours=hour))) for hour in (1, 3, 2)]
    log.record(**answer(plant="mill", now=NOW + timedelta(hours=4)))

    assert [each.id for each in log.recent("press", 2)] == [made[1], made[2]]
    assert [each.id for each in log.recent("press", 99)] == [made[1], made[2], made[0]]
    assert log.recent("press", 0) == ()
    assert log.recent("unknown", 5) == ()


def test_an_unknown_id(log: PredictionLog):
    with pytest.raises(UnknownPredictionError) as refused:
        log.get("nothing")

    assert str(refused.value) == (
        "No prediction 'nothing' was recorded. Copy its id from the answer that gave it."
    )


@pytest.mark.parametrize(
    "wrong",
    [{"number": 2}, {"sha256": "b" * 64}, {"plant": "saw"}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_version_that_is_not_registered_is_refused(log: PredictionLog, wrong: dict[str, Any]):
    said = answer(**wrong)

    with pytest.raises(RecordError) as refused:
        log.record(**said)

    assert str(refused.value) == (
        f"The version of a prediction is {said['plant']} version {said['number']} with sha256 "
        f"{said['sha256']}, but must be one that is registered under this number and this hash. "
        "Nothing was recorded."
    )


def test_all_numbers_that_are_not_finite_are_named(log: PredictionLog):
    with pytest.raises(RecordError) as refused:
        log.record(**answer(rul=math.nan, rul_high=math.inf))

    assert str(refused.value) == (
        "A prediction is rul nan, rul_high inf, but must be finite numbers. Nothing was recorded."
    )


def test_an_interval_turned_round_is_refused(log: PredictionLog):
    with pytest.raises(
        RecordError, match=r"from 3\.0 to 2\.0, but must be from the lower to the upper"
    ):
        log.record(**answer(rul_low=3.0, rul_high=2.0))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"role": "king"}, "The role of a prediction is king, but must be one of champion, chall"),
        (
            {"role": "shadow"},
            "A prediction is a shadow's beside none, but must be a shadow's beside",
        ),
        (
            {"beside": "x"},
            "A prediction is a champion's beside x, but must be a shadow's beside the",
        ),
        ({"raw_rul": math.nan}, "A prediction is raw_rul nan, but must be finite numbers."),
        ({"inference_ms": math.inf}, "A prediction is inference_ms inf, but must be finite"),
        ({"readings_sha256": "x"}, "A sha256 is 'x', but must be 64 lower-case hex digits"),
    ],
)
def test_what_no_answer_can_be_is_refused(log: PredictionLog, wrong: dict[str, Any], message: str):
    with pytest.raises(RecordError, match=re.escape(message)):
        log.record(**answer(**wrong))


def test_a_failure_is_kept_without_what_the_caller_sent(log: PredictionLog, engine: sa.Engine):
    log.failed("press", 1, "InferenceError", NOW)
    log.failed("press", None, "MissingArtifactError", NOW, 2)

    with engine.connect() as connection:
        rows = connection.execute(sa.select(PREDICTION_FAILURE)).all()
    assert [tuple(row)[1:] for row in rows] == [
        ("press", 1, "InferenceError", NOW),
        ("press", None, "MissingArtifactError", NOW),
        ("press", None, "MissingArtifactError", NOW),
    ]


def test_a_time_without_a_zone_is_refused(log: PredictionLog):
    with pytest.raises(RecordError, match="2026-03-01T08:00:00 without a time zone"):
        log.record(**answer(now=NOW.replace(tzinfo=None)))

    assert log.recent("press", 1) == ()


def test_eight_answers_at_once_are_all_kept(log: PredictionLog):
    made = in_threads(lambda number: [log.record(**answer(life=number)) for _ in range(5)], 8)

    assert {each.id for each in log.recent("press", 99)} == {one for many in made for one in many}


def test_answers_are_given_oldest_first_without_what_was_only_asked(log: PredictionLog):
    later = log.record(**answer(now=NOW + timedelta(hours=1)))
    first = log.record(**answer(role="challenger"))
    log.record(**answer(role="shadow", beside=first))
    log.record(**answer(plant="mill"))

    assert [given.id for given in log.answered("press")] == [first, later]
