"""Labels from what became of machines. Every case can be checked by eye."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rul_platform.core.landed import Merged
from rul_platform.core.outcomes import Ends, Told, end_moments, labels_of, settle_ends

CAP = 100.0
DAY = pd.Timestamp("2026-03-01", tz="UTC")


def outcomes(*rows: tuple[str, str, float], day: int = 9) -> pd.DataFrame:
    """Unit, kind, life; observed on ``day``; the id of the first is o0."""
    table = pd.DataFrame(rows, columns=["unit", "kind", "life"]).astype({"life": "float64"})
    moment = DAY + pd.Timedelta(days=day)
    return table.assign(id=[f"o{n}" for n in range(len(rows))], observed_at=moment)


def predictions(*rows: tuple[str, float, float], day: int = 0) -> pd.DataFrame:
    """Unit, life, upper end; answered on ``day``; the id of the first is p0."""
    table = pd.DataFrame(rows, columns=["unit", "life", "rul_high"])
    table = table.astype({"life": "float64", "rul_high": "float64"})
    moment = DAY + pd.Timedelta(days=day)
    return table.assign(id=[f"p{n}" for n in range(len(rows))], created_at=moment)


def labels(said: pd.DataFrame, asked: pd.DataFrame) -> list[tuple[str, str, float, str]]:
    return list(labels_of(said, asked, cap=CAP).itertuples(index=False, name=None))


def told(**lives: dict[str, float]) -> Told:
    return Told(**lives)


def test_outcomes_become_labels_that_say_where_they_come_from():
    said = outcomes(("a", "failed", 40), ("b", "replaced", 30), ("c", "repaired", 20))
    assert labels(said, predictions()) == [
        ("a", "failed", 40, "outcome o0"),
        ("b", "ended", 30, "outcome o1"),
        ("c", "ended", 20, "outcome o2"),
    ]


def test_a_unit_that_is_seen_running_has_no_end():
    said = outcomes(("a", "failed", 40), ("b", "repaired", 30), ("c", "running", 20), day=3)
    moment = DAY + pd.Timedelta(days=3)
    assert end_moments(said) == {"a": moment, "b": moment}


def test_a_unit_that_outlives_what_was_predicted_has_a_lower_bound():
    """At 50 it was to fail by 60; at 75 it still ran."""
    said = outcomes(("a", "running", 70), ("a", "running", 75))
    assert labels(said, predictions(("a", 50, 10))) == [
        ("a", "at_least", 75, "prediction p0"),
        ("a", "promised", 60, "prediction p0"),
        ("a", "running", 75, "outcome o1"),
    ]


@pytest.mark.parametrize("life", [60.0, 59.0])
def test_running_until_the_promise_contradicts_nothing(life: float):
    found = labels(outcomes(("a", "running", life)), predictions(("a", 50, 10)))
    assert [kind for _, kind, _, _ in found] == ["promised", "running"]


def test_a_later_prediction_is_evidence_that_the_unit_ran():
    found = labels(outcomes(), predictions(("a", 50, 10), ("a", 70, 40)))
    assert found == [
        ("a", "at_least", 70, "prediction p0"),
        ("a", "promised", 60, "prediction p0"),
    ]


def test_an_upper_end_at_the_cap_promises_nothing():
    assert labels(outcomes(("a", "running", 500)), predictions(("a", 50, CAP))) == [
        ("a", "running", 500, "outcome o0")
    ]


def test_a_unit_that_failed_has_no_lower_bound():
    found = labels(outcomes(("a", "failed", 80)), predictions(("a", 50, 10), ("a", 70, 5)))
    assert found == [("a", "failed", 80, "outcome o0")]


def test_what_was_predicted_after_a_repair_is_about_another_machine():
    """It was repaired at 100; afterwards life begins anew, and the promise of 5 + 10 is no promise."""
    said = outcomes(("a", "repaired", 100), day=3)
    before, after = predictions(("a", 90, 20), day=1), predictions(("a", 5, 10), day=4)
    found = labels(said, pd.concat([before, after], ignore_index=True))
    assert [kind for _, kind, _, _ in found] == ["ended", "promised"]


def test_evidence_ends_where_the_unit_left_service():
    """By mistake somebody asked at 95 for a unit that was replaced at 80."""
    said = outcomes(("a", "replaced", 80))
    found = labels(said, predictions(("a", 50, 10), ("a", 95, 40)))
    assert found[0] == ("a", "at_least", 80, "prediction p0")


def test_nothing_gives_an_empty_table_of_the_same_columns():
    table = labels_of(outcomes(), predictions(), cap=CAP)
    assert list(table.columns) == ["unit", "kind", "life", "source"]
    assert Told.from_labels(table) == Told()


def test_labels_are_read_back_as_they_were():
    said = outcomes(("a", "failed", 40), ("b", "replaced", 30), ("c", "running", 75))
    table = labels_of(said, predictions(("c", 50, 10)), cap=CAP)
    assert Told.from_labels(table) == told(
        failed_at={"a": 40},
        ended_at={"b": 30},
        running_at={"c": 75},
        promised={"c": 60},
        ran_until={"c": 75},
    )


def test_readings_alone_can_contradict_a_promise():
    """The plant's own source has it at 70 though it was to fail by 60; d kept its promise so far."""
    known = told(promised={"c": 60, "d": 60, "e": 60})
    assert known.known_lives({"c": 70, "d": 60, "e": 70, "f": 9}, {"e": 65}) == {"c": 70}


def merged(*only_landed: str, **lives: list[float]) -> Merged:
    """Units with the lives of their readings."""
    rows = [(unit, life) for unit, found in lives.items() for life in found]
    return Merged(pd.DataFrame(rows, columns=["unit", "life"]), frozenset(only_landed), {})


def settle(by_rule: dict[str, float], known: Told, readings: Merged) -> Ends:
    return settle_ends(by_rule, known, merged=readings)


def test_a_reported_failure_counts_where_the_plant_knows_of_none():
    ends = settle({"b": 2}, told(failed_at={"a": 2.5}), merged(a=[1, 2], b=[1, 2]))
    assert ends.failed_at == {"a": 2.5, "b": 2}
    assert ends.counts["failed_by_outcome"] == 1
    assert ends.counts["outcomes_overruled"] == "none"


def test_the_plants_own_failure_counts_and_the_difference_is_told():
    ends = settle({"a": 2, "b": 2}, told(failed_at={"a": 3, "b": 2}), merged(a=[1, 2], b=[1, 2]))
    assert ends.failed_at == {"a": 2, "b": 2}
    assert ends.counts["outcomes_overruled"] == "a"


def test_a_unit_taken_out_of_service_before_its_failure_has_not_failed():
    ends = settle({"a": 3}, told(ended_at={"a": 2}), merged(a=[1, 2, 3]))
    assert (ends.failed_at, ends.censored_at) == ({}, {"a": 2})
    assert ends.counts["ended_by_outcome"] == 1


def test_a_unit_that_failed_before_it_was_taken_out_has_failed():
    ends = settle({"a": 2}, told(ended_at={"a": 2}), merged(a=[1, 2]))
    assert (ends.failed_at, ends.censored_at) == ({"a": 2}, {})
    assert ends.counts["outcomes_overruled"] == "a"


def test_a_unit_seen_running_after_its_failure_is_told():
    ends = settle({"a": 2}, told(running_at={"a": 5}), merged(a=[1, 2]))
    assert ends.failed_at == {"a": 2}
    assert ends.counts["outcomes_overruled"] == "a"


def test_an_outcome_of_a_unit_without_readings_is_counted_and_no_error():
    known = told(failed_at={"x": 3}, ended_at={"y": 3}, running_at={"z": 3})
    ends = settle({}, known, merged(a=[1, 2]))
    assert (ends.failed_at, ends.censored_at) == ({}, {})
    assert ends.counts["outcomes_without_readings"] == 3


def test_a_reported_failure_with_one_reading_up_to_it_ends_the_history_only():
    ends = settle({}, told(failed_at={"a": 1}), merged(a=[1, 2]))
    assert (ends.failed_at, ends.censored_at) == ({}, {"a": 1})
    assert ends.counts["failed_with_too_few_readings"] == 1


def test_a_landed_unit_that_crosses_a_threshold_at_once_is_no_reason_to_stop():
    """A plant's own unit like that is refused; nobody can correct what a service was sent."""
    ends = settle({"a": 1, "b": 1}, told(), merged("a", a=[1, 2], b=[1, 2]))
    assert (ends.failed_at, ends.censored_at) == ({"b": 1}, {"a": 1})


@settings(deadline=None, max_examples=40)
@given(
    end=st.integers(1, 50),
    seen=st.lists(st.integers(0, 50), max_size=5),
    asked=st.lists(st.tuples(st.integers(0, 50), st.integers(0, 120)), max_size=5),
)
def test_no_lower_bound_reaches_beyond_the_true_end(
    end: int, seen: list[int], asked: list[tuple[int, int]]
):
    """Whatever was predicted of a machine and however often it was seen, until it will have failed."""
    said = outcomes(*(("a", "running", life) for life in seen if life <= end))
    found = labels(said, predictions(*(("a", t, up) for t, up in asked if t <= end)))
    lives = {kind: life for _, kind, life, _ in found}
    if "at_least" in lives:
        assert lives["promised"] < lives["at_least"] <= end


LIVES = st.dictionaries(st.sampled_from("abcd"), st.integers(1, 9).map(float), max_size=4)


@settings(deadline=None, max_examples=40)
@given(rule=LIVES, failed=LIVES, ended=LIVES, running=LIVES)
def test_no_unit_both_fails_and_leaves_service(
    rule: dict[str, float],
    failed: dict[str, float],
    ended: dict[str, float],
    running: dict[str, float],
):
    """Nor does a failure by the plant's rule move, unless the unit left service before."""
    ended = {unit: life for unit, life in ended.items() if unit not in failed}
    readings = merged(**{unit: [float(n) for n in range(10)] for unit in "abc"})
    rule.pop("d", None)
    ends = settle(rule, told(failed_at=failed, ended_at=ended, running_at=running), readings)
    assert not ends.failed_at.keys() & ends.censored_at.keys()
    for unit, life in rule.items():
        assert ends.failed_at.get(unit) == life or ended[unit] < life
