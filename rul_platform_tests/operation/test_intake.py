"""Feedback and outcomes from people: every problem is told, and nothing is half taken."""

import json
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from rul_platform.core.parquet import to_parquet
from rul_platform.errors import IntakeError, RecordError, UnknownPlantError
from rul_platform.operation.intake import (
    FeedbackRow,
    OutcomeRow,
    add_feedback,
    add_outcomes,
    withdraw_outcome,
)
from rul_platform.storage.home import Home
from rul_platform_tests.operation.rated_plant import NOW, PRESS, predict, put_in_charge

HOUR = timedelta(hours=1)


@pytest.fixture
def at_work(home: Home) -> Home:
    put_in_charge(home)
    return home


def refused(home: Home, *rows: FeedbackRow | OutcomeRow) -> list[str]:
    """The problems of rows that must be refused."""
    add = add_feedback if isinstance(rows[0], FeedbackRow) else add_outcomes
    with pytest.raises(IntakeError) as caught:
        add(home, PRESS, rows, now=NOW)
    assert home.feedback.recent(PRESS, 5) == ()
    assert "no row was taken" in str(caught.value)
    return list(caught.value.problems)


def test_ratings_are_taken_under_a_pseudonym(at_work: Home):
    prediction = predict(at_work, "u1")
    row = FeedbackRow(prediction, "negative", person="Ann", reason="too_late", unit="u1")

    [added] = add_feedback(at_work, PRESS, [row], now=NOW)

    [kept] = at_work.feedback.recent(PRESS, 5)
    assert (kept.id, kept.unit, kept.reason, kept.created_at) == (added.id, "u1", "too_late", NOW)
    assert kept.person == at_work.people.of("Ann", NOW)
    assert kept.standing == "intact"
    assert len(kept.salt or "") == 32


def test_a_second_click_is_no_mistake(at_work: Home):
    prediction = predict(at_work, "u1")
    rows = [
        FeedbackRow(prediction, "negative", person="Ann"),
        FeedbackRow(prediction, "positive", person=" Ann ", created_at=NOW - HOUR),
        FeedbackRow(prediction, "positive", person="Ben"),
    ]

    added = add_feedback(at_work, PRESS, rows, now=NOW)

    assert [each.is_new for each in added] == [True, False, True]
    assert added[1].id == added[0].id


def test_all_problems_of_all_ratings_are_told(at_work: Home):
    put_in_charge(at_work, "mill")
    good, elsewhere = predict(at_work, "u1"), predict(at_work, "u1", "mill")
    shown = at_work.predictions.get(good)
    shadow = at_work.predictions.record(
        plant=PRESS, unit="u1", number=shown.number, sha256=shown.sha256, life=50.0, rul=30.0,
        rul_low=20.0, rul_high=40.0, now=NOW, role="shadow", beside=good,
    )  # fmt: skip

    found = refused(
        at_work,
        FeedbackRow(good, "positive", person="Ann"),
        FeedbackRow("nothing", "positiv", person=" ", reason="to_late"),
        FeedbackRow(elsewhere, "positive", person="Ann"),
        FeedbackRow(good, "positive", person="Ann", unit="u2"),
        FeedbackRow(shadow, "positive", person="Ann"),
        FeedbackRow(good, "positive", person="Ann", created_at=NOW + HOUR),
        FeedbackRow(good, "positive", person="Ann", created_at=NOW.replace(tzinfo=None)),
    )

    assert found == [
        "row 2: no prediction 'nothing' was recorded",
        "row 2: rating is 'positiv', positive or negative is expected; did you mean 'positive'?",
        "row 2: reason is 'to_late', too_early, too_late, implausible, interval_too_wide, "
        "wrong_machine or other is expected; did you mean 'too_late'?",
        "row 2: the person is empty, a name is expected (only a pseudonym is kept)",
        f"row 3: prediction {elsewhere} is about plant 'mill', not 'press'",
        f"row 4: prediction {good} is about unit 'u1', not 'u2'",
        f"row 5: prediction {shadow} was never shown to anybody: a model in the shadow made it",
        "row 6: 2026-03-20T13:30:00+00:00 is in the future: it is 2026-03-20 12:30 UTC",
        "row 7: 2026-03-20T12:30:00 has no time zone, as in 2026-03-20T12:30:00Z",
    ]


def test_a_rating_cannot_be_older_than_what_it_rates(at_work: Home):
    """One person alone must not fill the window with ratings of last month."""
    prediction = predict(at_work, "u1")
    made = at_work.predictions.get(prediction).created_at
    days = [made - n * 24 * HOUR for n in range(30)]
    rows = [FeedbackRow(prediction, "negative", person="Ann", created_at=day) for day in days]

    found = refused(at_work, *rows)

    assert len(found) == 29
    assert found[0] == (
        f"row 2: 2026-03-17 12:30 UTC is before prediction {prediction} was made, at 2026-03-18 "
        f"12:30 UTC"
    )


def test_clocks_of_two_machines_may_differ_a_little(at_work: Home):
    little = timedelta(minutes=4)
    first, second = predict(at_work, "u1"), predict(at_work, "u2")
    made = at_work.predictions.get(first).created_at
    rows = [
        FeedbackRow(first, "positive", person="Ann", created_at=made - little),
        FeedbackRow(second, "positive", person="Ann", created_at=NOW + little),
    ]

    assert all(each.is_new for each in add_feedback(at_work, PRESS, rows, now=NOW))


def test_a_plant_that_is_none_is_told(at_work: Home):
    with pytest.raises(UnknownPlantError, match="There is no plant 'pres'"):
        add_feedback(at_work, "pres", [], now=NOW)
    with pytest.raises(UnknownPlantError, match="did you mean 'press'"):
        add_outcomes(at_work, "pres", [], now=NOW)


def test_outcomes_are_taken_and_told_again_without_harm(at_work: Home):
    predict(at_work, "u1")
    predict(at_work, "u2")
    rows = [
        OutcomeRow("u1", "running", 70),
        OutcomeRow("u1", "failed", 80.0, NOW - HOUR),
        OutcomeRow("u2", "replaced", 50.0),
    ]

    first = add_outcomes(at_work, PRESS, rows, now=NOW)
    again = add_outcomes(at_work, PRESS, rows[::-1], now=NOW + HOUR)

    assert [each.is_new for each in first] == [True] * 3
    assert [each.id for each in again] == [each.id for each in first[::-1]]
    kept = {(each.unit, each.kind): each.observed_at for each in at_work.outcomes.of_plant(PRESS)}
    assert kept["u1", "failed"] == NOW - HOUR
    assert kept["u2", "replaced"] == NOW


def test_all_problems_of_all_outcomes_are_told(at_work: Home):
    for unit in ("u1", "u2", "u3", "u4"):
        predict(at_work, unit)  # at 50 hours
    add_outcomes(at_work, PRESS, [OutcomeRow("u1", "failed", 80)], now=NOW)

    found = refused(
        at_work,
        OutcomeRow("u2", "failed", 60),
        OutcomeRow("pump", "failed", 60),
        OutcomeRow("u1", "broken", 80),
        OutcomeRow("u2", "fialed", float("nan")),
        OutcomeRow("u3", "failed", -1.0, NOW + HOUR),
        OutcomeRow("u1", "replaced", 90),
        OutcomeRow("u1", "running", 81),
        OutcomeRow("u3", "repaired", 49.5),
        OutcomeRow("u2", "failed", 61),
        OutcomeRow("u4", "running", 200),
        OutcomeRow("u4", "failed", 100),
    )

    assert found == [
        "row 2: nobody knows unit 'pump': no prediction, no reading, no outcome",
        "row 3: kind is 'broken', failed, replaced, repaired or running is expected",
        "row 4: kind is 'fialed', failed, replaced, repaired or running is expected; did you mean "
        "'failed'?",
        "row 4: life is nan, a number from 0 on is expected",
        "row 5: life is -1, a number from 0 on is expected",
        "row 5: 2026-03-20T13:30:00+00:00 is in the future: it is 2026-03-20 12:30 UTC",
        "row 6: unit 'u1' failed at 80 already and cannot end twice; after a repair it is another "
        "unit",
        "row 7: unit 'u1' failed at 80 and cannot be running at 81",
        "row 8: unit 'u3' was seen at 50 and cannot have ended before, at 49.5",
        "row 9: unit 'u2' failed at 60 already and cannot end twice; after a repair it is another "
        "unit",
        "row 11: unit 'u4' was seen at 200 and cannot have ended before, at 100",
    ]
    assert len(at_work.outcomes.of_plant(PRESS)) == 1


def test_a_unit_of_the_plants_own_readings_is_known(at_work: Home):
    units = pd.DataFrame({"unit": ["pump 7"], "end_life": [90.0]})
    made = at_work.store.write({"units.parquet": to_parquet(units)})
    at_work.lineage.record(
        asset="plant_readings", partition=PRESS, sha256=made.sha256, run_id="r", code_version="1",
        parameters={}, environment={}, inputs=[], now=NOW,
    )  # fmt: skip

    add_outcomes(at_work, PRESS, [OutcomeRow("pump 7", "failed", 90)], now=NOW)

    found = refused(at_work, OutcomeRow("pump 8", "failed", 90))
    assert found[0].endswith("; did you mean 'pump 7'?")
    found = refused(at_work, OutcomeRow("pump 7", "running", 901))
    assert found[0].startswith("row 1: life is 901, at most 900 is expected, 10 times the longest")


def test_what_nobody_can_mean_is_refused(at_work: Home):
    predict(at_work, "u1")  # at 50 hours, the longest life known
    before = datetime(1969, 12, 31, tzinfo=UTC)

    found = refused(
        at_work,
        OutcomeRow("u1", "failed", 1e300),
        OutcomeRow("u1", "failed", float("inf")),
        OutcomeRow("u1", "failed", 60, before),
    )

    assert found == [
        "row 1: life is 1e+300, at most 500 is expected, 10 times the longest life known here",
        "row 2: life is inf, a number from 0 on is expected",
        "row 3: 1969-12-31T00:00:00+00:00 is before 1970, a later moment is expected",
    ]
    late = OutcomeRow("u1", "failed", 500, NOW - timedelta(days=400))
    assert add_outcomes(at_work, PRESS, [late], now=NOW)[0].is_new


def test_a_wrong_end_is_withdrawn_and_the_right_one_told(at_work: Home):
    predict(at_work, "u1")
    rows = [OutcomeRow("u1", "running", 55), OutcomeRow("u1", "failed", 400)]
    add_outcomes(at_work, PRESS, rows, now=NOW)

    wrong = withdraw_outcome(at_work, PRESS, "u1", actor="ann", reason=" typed 400 ", now=NOW)

    assert (wrong.kind, wrong.life) == ("failed", 400.0)
    [row] = at_work.ledger.of_plant(PRESS, ["withdrawal"])
    assert json.loads(row.body) == {
        "unit": "u1", "kind": "failed", "life": 400.0, "outcome": wrong.id, "actor": "ann",
        "reason": "typed 400",
    }  # fmt: skip
    assert add_outcomes(at_work, PRESS, [OutcomeRow("u1", "failed", 60)], now=NOW)[0].is_new
    lives = sorted(each.life for each in at_work.outcomes.of_plant(PRESS))
    assert lives == [55.0, 60.0]


def test_what_cannot_be_withdrawn_leaves_no_trace(at_work: Home):
    predict(at_work, "u1")
    rows = [OutcomeRow("u1", "running", 55)]
    add_outcomes(at_work, PRESS, rows, now=NOW)
    told = {"actor": "ann", "now": NOW}

    with pytest.raises(IntakeError, match="nobody told the end of unit 'u1', so none can be"):
        withdraw_outcome(at_work, PRESS, "u1", reason="wrong", **told)
    with pytest.raises(RecordError, match="The reason is empty, but must be said in a few words"):
        withdraw_outcome(at_work, PRESS, "u1", reason=" ", **told)
    with pytest.raises(UnknownPlantError, match="There is no plant 'pres'"):
        withdraw_outcome(at_work, "pres", "u1", reason="wrong", **told)
    assert at_work.ledger.of_plant(PRESS, ["withdrawal"]) == ()
    assert len(at_work.outcomes.of_plant(PRESS)) == 1
