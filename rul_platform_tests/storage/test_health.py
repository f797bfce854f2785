"""What the log says of a model at work."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from rul_platform.core.guard import Health
from rul_platform.core.shadow import PairedOutcome
from rul_platform.storage.database import writing
from rul_platform.storage.health import HealthQuestions
from rul_platform.storage.operation_tables import FEEDBACK, OUTCOME, ROLES
from rul_platform.storage.predictions import PredictionLog
from rul_platform_tests.storage.versions import NOW, PRESS, register, sha

CAP = 100.0
BEFORE = NOW - timedelta(hours=1)


@pytest.fixture
def questions(registry: Any, engine: sa.Engine) -> HealthQuestions:
    """With three versions."""
    register(registry, 3)
    return HealthQuestions(engine)


@pytest.fixture
def log(engine: sa.Engine) -> PredictionLog:
    return PredictionLog(engine)


def say(log: PredictionLog, unit: str = "u1", *, number: int = 1, **changes: Any) -> str:
    row = {"plant": PRESS, "unit": unit, "number": number, "sha256": sha(number), "life": 10.0}
    row |= {"rul": 50.0, "rul_low": 0.0, "rul_high": CAP, "now": NOW}
    return log.record(**(row | changes))


def end(engine: sa.Engine, unit: str, life: float, kind: str = "failed") -> None:
    row = {"id": uuid4().hex, "plant": PRESS, "unit": unit, "kind": kind, "life": life}
    with writing(engine) as connection:
        connection.execute(OUTCOME.insert().values(**row, observed_at=NOW, recorded_at=NOW))


def rate(engine: sa.Engine, rating: str, *, number: int = 1, at: datetime = NOW) -> None:
    key = uuid4().hex
    row = {"id": key, "prediction_id": key, "plant": PRESS, "unit": key, "number": number}
    row |= {"rating": rating, "day": at.date(), "created_at": at, "commitment": sha(9)}
    with writing(engine) as connection:
        connection.execute(FEEDBACK.insert().values(row))


def test_nothing_was_asked(questions: HealthQuestions):
    assert questions.since(PRESS, {1}, NOW, cap=CAP) == Health(
        predictions=0,
        strange=0,
        failures=0,
        latency_p95_ms=None,
        out_of_range=0,
        pairs=0,
        jumps=0,
        positive=0,
        negative=0,
    )
    assert questions.paired_outcomes(PRESS, 1, 2, cap=CAP) == []
    assert questions.outcome_errors(PRESS, None, NOW, cap=CAP) == {}


def test_versions_of_one_model_are_counted_together(
    questions: HealthQuestions, log: PredictionLog, engine: sa.Engine
):
    """A unit that is answered again by the other version makes a pair."""
    for number, rul in ((1, 90.0), (2, 10.0), (3, 50.0)):
        say(log, number=number, life=10.0 * number, rul=rul)
        rate(engine, "negative", number=number)
        log.failed(PRESS, number, "InferenceError", NOW)

    health = questions.since(PRESS, {1, 2}, NOW, cap=CAP)

    assert (health.predictions, health.failures, health.negative) == (2, 2, 2)
    assert (health.pairs, health.jumps) == (1, 1)


def test_what_others_said_and_what_was_before_does_not_count(
    questions: HealthQuestions, log: PredictionLog, engine: sa.Engine
):
    given = say(log)
    say(log, "u2", role="challenger", life=3.0)
    say(log, number=2)
    say(log, now=BEFORE)
    say(log, role="shadow", beside=given)
    for number, at in ((1, NOW), (2, NOW), (None, NOW), (1, BEFORE)):
        log.failed(PRESS, number, "InferenceError", at)
    for rating in ("positive", "negative", "negative"):
        rate(engine, rating)
    rate(engine, "negative", number=2)
    rate(engine, "negative", at=BEFORE)

    health = questions.since(PRESS, {1}, NOW, cap=CAP)

    assert (health.predictions, health.failures) == (2, 1)
    assert (health.positive, health.negative) == (1, 2)


@pytest.mark.parametrize(("count", "expected"), [(1, 1.0), (20, 19.0), (21, 20.0), (100, 95.0)])
def test_the_95th_percentile_is_one_of_the_measured_times(
    questions: HealthQuestions, log: PredictionLog, count: int, expected: float
):
    say(log)  # not measured
    for number in reversed(range(1, count + 1)):
        say(log, f"u{number}", inference_ms=float(number))

    assert questions.since(PRESS, {1}, NOW, cap=CAP).latency_p95_ms == expected


def test_answers_out_of_range(questions: HealthQuestions, log: PredictionLog):
    for raw in (None, -25.1, -25.0, 0.0, 125.0, 125.1):
        say(log, f"u{raw}", raw_rul=raw)

    assert questions.since(PRESS, {1}, NOW, cap=CAP).out_of_range == 2


def test_answers_to_strange_readings_are_told_apart(questions: HealthQuestions, log: PredictionLog):
    say(log, life=10.0, rul=50.0)
    say(log, life=20.0, rul=0.0, raw_rul=-500.0, is_strange=True)
    say(log, life=30.0, rul=40.0)

    health = questions.since(PRESS, {1}, NOW, cap=CAP)

    assert (health.predictions, health.strange, health.out_of_range) == (3, 1, 0)
    assert (health.pairs, health.jumps) == (1, 0)


def test_a_store_that_was_away_is_no_failure_of_a_model(
    questions: HealthQuestions, log: PredictionLog
):
    log.failed(PRESS, 1, "MissingArtifactError", NOW, 40)
    log.failed(PRESS, 1, "InferenceError", NOW, 2)

    assert questions.since(PRESS, {1}, NOW, cap=CAP).failures == 2


def test_all_that_a_challenger_was_asked(questions: HealthQuestions, log: PredictionLog):
    say(log, "u1", number=2, role="challenger")
    say(log, "u2", number=2, role="shadow", beside=say(log, "u2"))

    assert questions.since(PRESS, {2}, NOW, cap=CAP).predictions == 1
    assert questions.since(PRESS, {2}, NOW, cap=CAP, roles=ROLES).predictions == 2


@pytest.mark.parametrize(
    ("first", "then", "is_jump"),
    [
        ((10.0, 60.0), (20.0, 50.0), False),  # as time passes
        ((10.0, 100.0), (300.0, 100.0), False),  # held by the cap, however long
        ((10.0, 30.0), (20.0, 80.0), False),  # half a cap up
        ((10.0, 30.0), (20.0, 80.1), True),
        ((10.0, 90.0), (20.0, 30.0), False),  # half a cap down, and the time that passed
        ((10.0, 90.0), (20.0, 29.9), True),
    ],
)
def test_jumps_between_answers_for_one_unit(
    questions: HealthQuestions,
    log: PredictionLog,
    first: tuple[float, float],
    then: tuple[float, float],
    is_jump: bool,
):
    say(log, "other", life=15.0, rul=0.0)
    for life, rul in (then, first):  # asked in any order
        say(log, life=life, rul=rul)
    say(log, number=2, life=15.0, rul=0.0)

    health = questions.since(PRESS, {1}, NOW, cap=CAP)

    assert (health.pairs, health.jumps) == (1, int(is_jump))


def test_both_models_on_the_same_readings_of_units_that_failed(
    questions: HealthQuestions, log: PredictionLog, engine: sa.Engine
):
    def both(unit: str, life: float, champion: float, challenger: float, arm: int = 1) -> None:
        said = {1: champion, 2: challenger}
        role = "champion" if arm == 1 else "challenger"
        given = say(log, unit, number=arm, life=life, rul=said[arm], role=role)
        other = 3 - arm
        say(log, unit, number=other, life=life, rul=said[other], role="shadow", beside=given)

    both("u1", 10.0, champion=43.0, challenger=40.0)  # 40 left
    both("u1", 20.0, champion=34.0, challenger=30.0)  # 30 left
    both("u1", 60.0, champion=0.0, challenger=0.0)  # after its end
    both("u2", 10.0, champion=100.0, challenger=90.0, arm=2)  # more than the cap left
    both("u3", 10.0, champion=1.0, challenger=1.0)  # replaced
    both("u4", 10.0, champion=1.0, challenger=1.0)  # still running
    say(log, "u5", life=10.0)  # the challenger had no answer
    say(log, "u2", number=3, life=9.0, role="shadow", beside=say(log, "u2", life=9.0))
    for unit, life in (("u1", 50.0), ("u2", 300.0), ("u5", 30.0)):
        end(engine, unit, life)
    end(engine, "u3", 30.0, "replaced")
    end(engine, "u4", 30.0, "running")

    assert questions.paired_outcomes(PRESS, 1, 2, cap=CAP) == [
        PairedOutcome("u1", pytest.approx(12.5**0.5), 0.0),  # pyright: ignore[reportArgumentType]
        PairedOutcome("u2", 0.0, 10.0),
    ]


def test_errors_of_what_was_answered(
    questions: HealthQuestions, log: PredictionLog, engine: sa.Engine
):
    later = NOW + timedelta(days=1)
    given = say(log, "u1", rul=37.0)  # 40 left
    say(log, "u1", rul=0.0, role="shadow", number=2, beside=given)
    say(log, "u2", number=2, rul=44.0, now=later)
    say(log, "u3", rul=44.0)
    for unit in ("u1", "u2"):
        end(engine, unit, 50.0)

    assert questions.outcome_errors(PRESS, None, NOW, cap=CAP) == {"u1": 3.0, "u2": 4.0}
    assert questions.outcome_errors(PRESS, 2, NOW, cap=CAP) == {"u2": 4.0}
    assert questions.outcome_errors(PRESS, None, later, cap=CAP) == {"u2": 4.0}
    assert questions.outcome_errors(PRESS, None, NOW, cap=CAP, until=later) == {"u1": 3.0}
    assert questions.outcome_errors(PRESS, None, NOW, cap=20.0) == {"u1": 17.0, "u2": 24.0}
    with writing(engine) as connection:
        connection.execute(OUTCOME.update().values(withdrawn_at=later))
    assert questions.outcome_errors(PRESS, None, NOW, cap=CAP) == {}
