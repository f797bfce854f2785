"""Asking for a retrain: when, on what evidence, and what is written about it."""

import json
from datetime import timedelta

import pandas as pd
import pytest

from rul_platform.core.commitments import merkle_root
from rul_platform.core.ledger import chain_problems
from rul_platform.errors import (
    OpenRetrainError,
    RecordError,
    RetrainStateError,
    UnknownPlantError,
    UnknownRetrainError,
)
from rul_platform.operation import triggering, watch_notes
from rul_platform.storage.database import writing
from rul_platform.storage.home import Home
from rul_platform.storage.outcomes import NewOutcome
from rul_platform.storage.retrains import Retrain
from rul_platform_tests.operation.rated_plant import (
    CLAIMED_RMSE,
    DAY,
    FEW,
    NOW,
    PRESS,
    predict,
    put_in_charge,
    rate,
)
from rul_platform_tests.storage.at_once import in_threads

HOUR = timedelta(hours=1)
ANN = "a" * 64


@pytest.fixture
def at_work(home: Home) -> Home:
    put_in_charge(home)
    return home


def bodies(home: Home, kind: str) -> list[dict]:
    return [json.loads(row.body) for row in home.ledger.of_plant(PRESS, [kind])]


def test_bad_feedback_asks_for_a_retrain_and_says_why(at_work: Home):
    given = rate(at_work, 4, 6)

    retrain = triggering.evaluate(at_work, PRESS, NOW, flags=FEW)

    assert retrain is not None
    assert (retrain.trigger, retrain.state, retrain.watermark) == ("feedback", "requested", 1)
    assert retrain.cause["counts"] == {"positive": 4, "negative": 6, "watermark": 1}
    assert "satisfaction 40.0%: below the limit of 70.0%" in retrain.cause["reasons"]
    assert at_work.snapshots.get(retrain.snapshot)["min_feedback"] == 10
    claimed = at_work.feedback.claimed(retrain.id)
    assert {each.id for each in claimed} == {each.id for each in given}

    [body] = bodies(at_work, "trigger")
    assert body["settings"] == retrain.snapshot
    assert body["cause"] == retrain.cause
    assert body["feedback"]["rows"] == 10
    assert body["feedback"]["root"] == merkle_root([each.commitment for each in claimed])
    [alert] = at_work.alerts.recent(5)
    assert alert.title == f"press: retrain {retrain.id} is asked for (feedback)"
    assert "10 feedbacks of at least 10" in alert.text


def test_good_feedback_asks_for_nothing_and_leaves_nothing(at_work: Home):
    before = len(at_work.ledger.rows())
    rate(at_work, 7, 3)

    assert triggering.evaluate(at_work, PRESS, NOW, flags=FEW) is None
    assert at_work.retrains.history() == ()
    assert len(at_work.ledger.rows()) == before
    assert at_work.feedback.counts(PRESS, NOW - DAY).total == 10


def test_the_same_feedback_never_asks_twice(at_work: Home):
    rate(at_work, 4, 6)
    first = triggering.evaluate(at_work, PRESS, NOW, flags=FEW)
    assert first is not None
    assert triggering.evaluate(at_work, PRESS, NOW, flags=FEW) is None
    at_work.retrains.close(first.id, "held", now=NOW + HOUR)

    for later in (2 * HOUR, 2 * DAY, 29 * DAY, -3 * DAY):
        assert triggering.evaluate(at_work, PRESS, NOW + later, flags=FEW) is None

    rate(at_work, 4, 6, at=NOW + 2 * DAY, tag="new")
    second = triggering.evaluate(at_work, PRESS, NOW + 2 * DAY, flags=FEW)
    assert second is not None
    assert len(at_work.feedback.claimed(second.id)) == 10


def test_nothing_asks_during_the_cool_down(at_work: Home):
    rate(at_work, 4, 6)
    first = triggering.evaluate(at_work, PRESS, NOW, flags=FEW)
    assert first is not None
    at_work.retrains.close(first.id, "held", now=NOW + HOUR)
    rate(at_work, 4, 6, at=NOW + HOUR, tag="new")

    assert triggering.evaluate(at_work, PRESS, NOW + 24 * HOUR, flags=FEW) is None
    assert triggering.check(at_work, PRESS, NOW + 24 * HOUR, flags=FEW).verdict.blocks == (
        "24 h of cool-down after the last retrain, until 2026-03-21 13:30 UTC",
    )
    assert triggering.evaluate(at_work, PRESS, NOW + 25 * HOUR, flags=FEW) is not None


def test_a_frozen_plant_and_one_that_was_rolled_back_are_left_alone(at_work: Home):
    rate(at_work, 4, 6)
    at_work.freezes.freeze(PRESS, ANN, "overhaul", NOW)
    assert triggering.evaluate(at_work, PRESS, NOW, flags=FEW) is None
    at_work.freezes.lift(PRESS, ANN, NOW)

    put_in_charge(at_work, seed=1)
    at_work.registry.rollback(PRESS, actor=ANN, reason="jumps", now=NOW)
    check = triggering.check(at_work, PRESS, NOW + HOUR, flags=FEW)
    assert triggering.evaluate(at_work, PRESS, NOW + HOUR, flags=FEW) is None
    assert "cool-down after the last rollback" in check.verdict.blocks[0]
    assert triggering.evaluate(at_work, PRESS, NOW + 25 * HOUR, flags=FEW) is not None


def test_without_a_model_nothing_asks(home: Home):
    put_in_charge(home, "mill")
    home.registry.register(PRESS, "c" * 64, now=NOW)
    rate(home, 4, 6)

    assert triggering.evaluate(home, PRESS, NOW, flags=FEW) is None
    verdict = triggering.check(home, PRESS, NOW, flags=FEW).verdict
    assert (verdict.fires, verdict.literal) == (False, True)
    assert verdict.blocks == ("no model is deployed",)


def test_a_check_counts_what_waits_and_writes_nothing(at_work: Home):
    rate(at_work, 4, 6, at=NOW - DAY)
    rows = len(at_work.ledger.rows())

    check = triggering.check(at_work, PRESS, NOW, flags=FEW)

    assert check.verdict.fires
    assert (check.verdict.counts.positive, check.verdict.counts.negative) == (4, 6)
    assert check.configured.sources["min_feedback"] == "command line"
    assert check.per_day == 5.0
    assert check.healthy_satisfaction == 0.75
    assert check.false_alarms.literal > 0.9
    assert at_work.feedback.counts(PRESS, NOW - 2 * DAY).total == 0
    assert at_work.retrains.history() == ()
    assert len(at_work.ledger.rows()) == rows


def test_a_check_without_any_feedback(at_work: Home):
    check = triggering.check(at_work, PRESS, NOW)

    assert (check.verdict.fires, check.per_day) == (False, 0.0)
    assert check.verdict.reasons[0] == "0 feedbacks, fewer than the 100 needed"


def test_a_person_may_ask_whatever_the_conditions_say(at_work: Home):
    rate(at_work, 9, 1)
    reason, flags = "new bearings in all pumps", {"epochs": "3"}

    retrain = triggering.force(at_work, PRESS, actor=ANN, reason=reason, flags=flags, now=NOW)

    assert (retrain.trigger, retrain.actor, retrain.reason) == ("forced", ANN, reason)
    assert at_work.snapshots.get(retrain.snapshot)["epochs"] == 3
    assert at_work.feedback.counts(PRESS, NOW - DAY).total == 0
    [body] = bodies(at_work, "forced")
    assert (body["actor"], body["reason"], body["feedback"]["rows"]) == (ANN, reason, 10)
    with pytest.raises(OpenRetrainError, match=f"retrain {retrain.id} is not over"):
        triggering.force(at_work, PRESS, actor=ANN, reason=reason, now=NOW)


def test_who_asks_says_why_and_of_which_plant(at_work: Home):
    with pytest.raises(RecordError, match="The reason is empty, but must be said in a few words"):
        triggering.force(at_work, PRESS, actor=ANN, reason=" ", now=NOW)
    with pytest.raises(UnknownPlantError, match="There is no plant 'pres'"):
        triggering.force(at_work, "pres", actor=ANN, reason="why not", now=NOW)
    assert at_work.retrains.history() == ()


def test_a_retrain_is_given_up_once_and_its_feedback_stays_used(at_work: Home):
    rate(at_work, 4, 6)
    retrain = triggering.evaluate(at_work, PRESS, NOW, flags=FEW)
    assert retrain is not None
    with pytest.raises(RecordError, match="The reason is empty"):
        triggering.cancel(at_work, retrain.id, actor=ANN, reason="", now=NOW)

    ended = triggering.cancel(at_work, retrain.id, actor=ANN, reason="wrong plant", now=NOW)
    again = triggering.cancel(at_work, retrain.id, actor=ANN, reason="wrong plant", now=NOW)

    assert (ended.state, ended.error) == ("cancelled", "cancelled: wrong plant")
    assert again == ended
    assert bodies(at_work, "cancel") == [
        {"retrain": retrain.id, "actor": ANN, "reason": "wrong plant"}
    ]
    assert len(bodies(at_work, "retrain_closed")) == 1
    assert triggering.evaluate(at_work, PRESS, NOW + 2 * DAY, flags=FEW) is None


def test_a_retrain_that_two_give_up_at_once_is_given_up_once(at_work: Home):
    retrain = triggering.force(at_work, PRESS, actor=ANN, reason="test", now=NOW)

    def cancel(_: int) -> Retrain:
        return triggering.cancel(at_work, retrain.id, actor=ANN, reason="wrong plant", now=NOW)

    ended = in_threads(cancel, 4)

    assert {each.state for each in ended} == {"cancelled"}
    assert len(bodies(at_work, "cancel")) == len(bodies(at_work, "retrain_closed")) == 1


def test_what_is_over_cannot_be_given_up(at_work: Home):
    retrain = triggering.force(at_work, PRESS, actor=ANN, reason="test", now=NOW)
    at_work.retrains.close(retrain.id, "held", now=NOW)

    with pytest.raises(RetrainStateError, match="is held"):
        triggering.cancel(at_work, retrain.id, actor=ANN, reason="too late", now=NOW)
    with pytest.raises(UnknownRetrainError):
        triggering.cancel(at_work, 99, actor=ANN, reason="which one?", now=NOW)
    assert bodies(at_work, "cancel") == []


def fail(home: Home, count: int, *, error: float, tag: str = "") -> None:
    """Units of which the model said ``error`` hours too much before they failed."""
    with writing(home.engine):
        for number in range(count):
            unit = f"f{tag}{number}"
            predict(home, unit, life=50.0, rul=30.0 + error)
            end = NewOutcome(plant=PRESS, unit=unit, kind="failed", life=80.0, observed_at=NOW)
            home.outcomes.add_all([end], NOW)


def test_failures_that_were_predicted_badly_ask_once(at_work: Home):
    fail(at_work, 12, error=3 * CLAIMED_RMSE)

    retrain = triggering.evaluate_outcomes(at_work, PRESS, NOW)

    assert retrain is not None
    assert (retrain.trigger, retrain.watermark) == ("outcomes", 12)
    assert "RMSE 24.00 on 12 units with a known end" in retrain.cause["reasons"][0]
    [body] = bodies(at_work, "trigger")
    assert body["outcomes"] == {"rows": 12}
    at_work.retrains.close(retrain.id, "held", now=NOW)
    assert triggering.evaluate_outcomes(at_work, PRESS, NOW + 2 * DAY) is None
    fail(at_work, 3, error=3 * CLAIMED_RMSE, tag="x")
    assert triggering.evaluate_outcomes(at_work, PRESS, NOW + 2 * DAY) is None
    fail(at_work, 9, error=3 * CLAIMED_RMSE, tag="y")
    second = triggering.evaluate_outcomes(at_work, PRESS, NOW + 2 * DAY)
    assert second is not None
    assert second.watermark == 24


def test_failures_that_were_predicted_as_claimed_ask_for_nothing(at_work: Home):
    fail(at_work, 12, error=CLAIMED_RMSE)

    assert triggering.evaluate_outcomes(at_work, PRESS, NOW) is None
    assert len(at_work.outcomes.unclaimed(PRESS)) == 12


def test_outcomes_wait_where_something_stands_against_a_retrain(at_work: Home):
    fail(at_work, 12, error=3 * CLAIMED_RMSE)
    at_work.freezes.freeze(PRESS, ANN, "overhaul", NOW)

    assert triggering.evaluate_outcomes(at_work, PRESS, NOW) is None
    assert triggering.evaluate_outcomes(at_work, "mill", NOW) is None


def readings(shift: float) -> pd.DataFrame:
    """Four units whose sensors scatter as in training, one of them shifted."""
    lives = [float(life) for life in range(40)]
    wave = [(-1.0) ** n for n in range(40)]
    table = {"life": lives, "condition": "0", "s0": wave, "s1": [w + shift for w in wave]}
    return pd.concat(
        [pd.DataFrame({"unit": f"m{n}", **table}) for n in range(4)], ignore_index=True
    )


def test_drifted_readings_raise_one_alert_and_no_retrain(at_work: Home):
    at_work.landing.add(PRESS, readings(shift=5.0), NOW)

    verdicts = [triggering.evaluate_data_drift(at_work, PRESS, NOW + n * HOUR) for n in range(3)]

    assert [verdict.sensors for verdict in verdicts] == [("s1",)] * 3
    [alert] = at_work.alerts.recent(5)
    assert (alert.key, alert.repeats) == ("data_drift:press:1:s1:2026-W12", 2)
    assert "s1: mean 5.00 training spreads above training's" in alert.text
    assert at_work.retrains.history() == ()
    note = watch_notes.last(at_work, PRESS)
    assert note is not None
    assert (note.at, note.number, note.has_drifted) == (NOW + 2 * HOUR, 1, True)
    assert note.drift_score == pytest.approx(5.0, abs=0.01)
    assert note.coverage is None
    triggering.evaluate_data_drift(at_work, PRESS, NOW + 7 * DAY)
    assert len(at_work.alerts.recent(5)) == 2  # told again, in another week
    later = triggering.evaluate_data_drift(at_work, PRESS, NOW + 31 * DAY)
    assert later.reasons == ("no readings came in",)


def test_readings_as_in_training_raise_nothing(at_work: Home):
    assert triggering.evaluate_data_drift(at_work, PRESS, NOW).reasons == ("no readings came in",)
    assert triggering.evaluate_data_drift(at_work, "mill", NOW).reasons == ("no model is deployed",)
    assert at_work.alerts.recent(5) == ()
    note = watch_notes.last(at_work, PRESS)
    assert note is not None
    assert (note.drift_score, note.has_drifted) == (None, False)
    assert watch_notes.last(at_work, "mill") is None


def test_everything_is_in_one_chain(at_work: Home):
    rate(at_work, 4, 6)
    retrain = triggering.evaluate(at_work, PRESS, NOW, flags=FEW)
    assert retrain is not None
    triggering.cancel(at_work, retrain.id, actor=ANN, reason="test", now=NOW)
    triggering.force(at_work, PRESS, actor=ANN, reason="test", now=NOW)

    rows = at_work.ledger.rows()
    kinds = [row.kind for row in rows if row.kind not in ("configuration", "key")]
    assert kinds[-4:] == ["trigger", "retrain_closed", "cancel", "forced"]
    assert chain_problems(rows) == ()
