"""Figures of a plant at work, counted by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from rul_platform.storage.database import writing
from rul_platform.storage.figures import FigureQuestions, JudgedAnswer
from rul_platform.storage.models import ModelRegistry
from rul_platform.storage.operation_tables import OUTCOME
from rul_platform.storage.predictions import PredictionLog

NOW = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
SHA = "a" * 64
DAY = timedelta(days=1)


@pytest.fixture
def log(engine: sa.Engine) -> PredictionLog:
    """With version 1 of two plants' models."""
    for plant in ("press", "mill"):
        ModelRegistry(engine).register(plant, SHA, now=NOW)
    return PredictionLog(engine)


def answer(**other: Any) -> dict[str, Any]:
    values = {"plant": "press", "unit": "u1", "number": 1, "sha256": SHA, "now": NOW, "life": 100.0}
    return values | {"rul": 30.0, "rul_low": 20.0, "rul_high": 40.0, "inference_ms": 2.0} | other


def failed_at(engine: sa.Engine, unit: str, life: float, kind: str = "failed") -> None:
    row = {"plant": "press", "unit": unit, "kind": kind, "life": life}
    with writing(engine) as connection:
        connection.execute(
            OUTCOME.insert().values(id=unit + kind, observed_at=NOW, recorded_at=NOW, **row)
        )


def test_answers_are_counted_by_the_day_in_utc(log: PredictionLog, engine: sa.Engine):
    zone = NOW.astimezone().tzinfo
    for later in (timedelta(0), timedelta(minutes=29), timedelta(minutes=31), DAY):
        log.record(**answer(now=(NOW + later).astimezone(zone)))
    log.record(**answer(plant="mill"))
    log.record(**answer(role="shadow", beside="x"))
    log.record(**answer(now=NOW - DAY))

    days = FigureQuestions(engine).answers_per_day("press", NOW)

    assert days == {"2026-03-01": 2, "2026-03-02": 2}
    assert FigureQuestions(engine).answers_per_day("saw", NOW) == {}


def test_failures_are_counted_beside_them(log: PredictionLog, engine: sa.Engine):
    log.failed("press", 1, "InferenceError", NOW)
    log.failed("mill", 1, "InferenceError", NOW)
    log.failed("press", 1, "InferenceError", NOW - DAY)

    assert FigureQuestions(engine).failures_per_day("press", NOW) == {"2026-03-01": 1}


def test_times_are_those_of_answers_that_were_given(log: PredictionLog, engine: sa.Engine):
    log.record(**answer(inference_ms=3.5))
    log.record(**answer(inference_ms=None))
    log.record(**answer(inference_ms=99.0, role="shadow", beside="x"))

    assert FigureQuestions(engine).inference_ms("press", NOW) == (3.5,)


def test_answers_are_judged_by_the_failure_that_followed(log: PredictionLog, engine: sa.Engine):
    log.record(**answer())
    log.record(
        **answer(life=140.0)
    )  # after the failure: a unit of the same name, or a typing error
    log.record(**answer(unit="u2"))
    log.record(**answer(unit="u3"))
    log.record(**answer(role="shadow", beside="x"))
    failed_at(engine, "u1", 125.0)
    failed_at(engine, "u2", 125.0, "replaced")
    failed_at(engine, "u3", 110.0, "running")

    assert FigureQuestions(engine).judged("press", NOW) == (
        JudgedAnswer(unit="u1", number=1, truth=25.0, rul=30.0, rul_low=20.0, rul_high=40.0),
    )
    with writing(engine) as connection:
        connection.execute(OUTCOME.update().values(withdrawn_at=NOW))
    assert FigureQuestions(engine).judged("press", NOW) == ()
