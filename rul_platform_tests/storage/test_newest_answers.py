"""The newest answer of each machine, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from rul_platform.storage.newest_answers import NewestAnswers
from rul_platform.storage.predictions import PredictionLog
from rul_platform_tests.storage.answers import log_answers

NOW = datetime(2024, 3, 1, tzinfo=UTC)


@pytest.fixture
def answers(engine: sa.Engine) -> NewestAnswers:
    """Three machines, answered for three times each; a shadow is newer than all."""
    log_answers(engine, "pumps", ["b", "a", "\u00e9 c"], each=3, now=NOW)
    log_answers(engine, "others", ["a"], each=1, now=NOW)
    return NewestAnswers(engine)


def test_each_machine_has_its_newest_answer(answers: NewestAnswers):
    found = answers.of_units("pumps")
    assert [each.unit for each in found] == ["a", "b", "\u00e9 c"]
    assert {each.life for each in found} == {2.0}
    assert {each.created_at for each in found} == {NOW + timedelta(hours=2)}


def test_a_shadow_is_no_answer(answers: NewestAnswers, engine: sa.Engine):
    (newest,) = (each for each in answers.of_units("pumps") if each.unit == "a")
    given = PredictionLog(engine).get(newest.id)
    PredictionLog(engine).record(
        plant="pumps", unit="a", number=given.number, sha256=given.sha256, life=9, rul=1, rul_low=0,
        rul_high=2, now=NOW + timedelta(days=1), role="shadow", beside=given.id,
    )  # fmt: skip
    PredictionLog(engine).record(
        plant="pumps", unit="only a shadow", number=given.number, sha256=given.sha256, life=9, rul=1,
        rul_low=0, rul_high=2, now=NOW, role="shadow", beside=given.id,
    )  # fmt: skip
    found = answers.of_units("pumps")
    assert [each.unit for each in found] == ["a", "b", "\u00e9 c"]
    assert found[0] == newest
    assert [each.id for each in answers.of_unit("pumps", "a", 1)] == [newest.id]


def test_a_plant_without_answers_has_none(answers: NewestAnswers):
    assert answers.of_units("nowhere") == ()
    assert answers.newest_at("nowhere") is None
    assert answers.newest_at("pumps") == NOW + timedelta(hours=2)


def test_of_two_answers_of_one_moment_one_counts_everywhere(engine: sa.Engine):
    log_answers(engine, "pumps", ["a", "a"], each=1, now=NOW)
    answers = NewestAnswers(engine)
    assert answers.of_units("pumps")[0].id == answers.of_unit("pumps", "a", 1)[0].id
