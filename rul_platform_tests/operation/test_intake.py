"""Feedback and outcomes from people: every problem is told, and nothing is half taken."""

from datetime import timedelta

import pandas as pd
import pytest

from rul_platform.core.parquet import to_parquet
from rul_platform.errors import IntakeError, UnknownPlantError
from rul_platform.operation.intake import FeedbackRow, OutcomeRow, add_feedback, add_outcomes
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


def test_clocks_of_two_machines_may_differ_a_little(at_work: Home):
    row = FeedbackRow(
        predict(at_work, "u1"), "positive", person="Ann", created_at=NOW + timedelta(minutes=4)
    )

    assert add_feedback(at_work, PRESS, [row], now=NOW)[0].is_new


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
    units = pd.DataFrame({"unit": ["pump 7"], "life": [90.0]})
    made = at_work.store.write({"units.parquet": to_parquet(units)})
    at_work.lineage.record(
        asset="plant_readings", partition=PRESS, sha256=made.sha256, run_id="r", code_version="1",
        parameters={}, environment={}, inputs=[], now=NOW,
    )  # fmt: skip

    add_outcomes(at_work, PRESS, [OutcomeRow("pump 7", "failed", 90)], now=NOW)

    found = refused(at_work, OutcomeRow("pump 8", "failed", 90))
    assert found[0].endswith("; did you mean 'pump 7'?")
