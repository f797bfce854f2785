"""What became of units: each end told once, each outcome used once."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from rul_platform.errors import RecordError
from rul_platform.storage.artifacts import ArtifactStore
from rul_platform.storage.landing import LandingStore
from rul_platform.storage.outcomes import NewOutcome, OutcomeStore
from rul_platform_tests.storage.rows import execute
from rul_platform_tests.storage.test_feedback import open_retrain, predict

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def outcomes(engine: sa.Engine) -> OutcomeStore:
    return OutcomeStore(engine)


def end(unit: str = "u1", kind: str = "failed", life: float = 120.5) -> NewOutcome:
    return NewOutcome(plant="press", unit=unit, kind=kind, life=life, observed_at=NOW)


def test_outcomes_are_kept_and_told_again_without_harm(outcomes):
    [first] = outcomes.add_all([end()], NOW)
    [again, other] = outcomes.add_all([end(), end("u2", "running", 5)], NOW + timedelta(days=1))

    assert (first.is_new, again.is_new, other.is_new) == (True, False, True)
    assert again.id == first.id
    kept = outcomes.of_plant("press")
    assert [(each.unit, each.kind, each.life, each.is_end) for each in kept] == [
        ("u1", "failed", 120.5, True),
        ("u2", "running", 5.0, False),
    ]
    assert (kept[0].observed_at, kept[0].recorded_at) == (NOW, NOW)
    assert outcomes.of_plant("mill") == ()


def test_a_unit_ends_once_and_nothing_is_half_taken(outcomes):
    outcomes.add_all([end()], NOW)

    with pytest.raises(RecordError, match="end of u1 of plant press is replaced at 130, though"):
        outcomes.add_all([end("u9"), end("u1", "replaced", 130)], NOW)
    assert [each.unit for each in outcomes.of_plant("press")] == ["u1"]


def test_each_outcome_is_used_once(engine, outcomes):
    outcomes.add_all([end("u1"), end("u2")], NOW)
    retrain = open_retrain(engine)

    assert outcomes.claim("mill", retrain) == 0
    assert outcomes.claim("press", retrain) == 2
    assert outcomes.claim("press", retrain) == 0
    outcomes.add_all([end("u3")], NOW)
    assert [each.unit for each in outcomes.unclaimed("press")] == ["u3"]


def test_a_withdrawn_outcome_counts_no_more_and_the_right_one_can_be_told(engine, outcomes):
    [wrong] = outcomes.add_all([end(life=900)], NOW)

    outcomes.withdraw(wrong.id, NOW)

    assert (outcomes.of_plant("press"), outcomes.unclaimed("press")) == ((), ())
    assert outcomes.last_lives("press", {"u1"}) == {}
    assert outcomes.longest_life("press") == 0
    assert outcomes.claim("press", open_retrain(engine)) == 0
    with pytest.raises(RecordError, match="is unknown or withdrawn already, but must be one that"):
        outcomes.withdraw(wrong.id, NOW)
    [right, other] = outcomes.add_all([end(life=100), end("u2")], NOW)
    assert outcomes.longest_life("press") == 120.5
    outcomes.withdraw(right.id, NOW)
    [again] = outcomes.add_all([end(life=900)], NOW)  # it was right after all
    assert again.is_new
    assert {each.id for each in outcomes.of_plant("press")} == {again.id, other.id}
    assert (outcomes.told("press"), outcomes.told("mill")) == (4, 0)


def test_a_withdrawal_stays(engine, outcomes):
    outcomes.withdraw(outcomes.add_all([end()], NOW)[0].id, NOW)

    with pytest.raises(DBAPIError, match="UPDATE refused: outcome is a record of what happened"):
        execute(engine, "UPDATE outcome SET withdrawn_at = NULL")


def test_the_largest_life_that_anything_saw(engine, outcomes, tmp_path):
    predict(engine, "u1")  # at 50
    outcomes.add_all([end("u2", "running", 70), end("u2", "running", 60)], NOW)
    readings = pd.DataFrame(
        {"unit": ["u1", "u3", "u3"], "life": [30.0, 1.0, 9.0], "condition": "0", "flow": 1.0}
    )
    LandingStore(engine, ArtifactStore(tmp_path / "store")).add("press", readings, NOW)

    assert outcomes.last_lives("press", {"u1", "u2", "u3", "u4"}) == {"u1": 50, "u2": 70, "u3": 9}
    assert outcomes.last_lives("press", {"u4"}) == {}
    assert outcomes.last_lives("mill", {"u1"}) == {}
