"""Division by unit."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rul_platform.core.fleet import Fleet, summarise_units
from rul_platform.core.splits import (
    CENSORED,
    TEST,
    TRAIN,
    VALID,
    SplitPolicy,
    assign,
    assign_fleet,
    remember,
    require_known_conditions,
)
from rul_platform.errors import DataError, LeakError, TooFewUnitsError

POLICY = SplitPolicy(valid=0.2, test=0.3, seed=1)
UNITS = [str(unit) for unit in range(20)]


def count(roles: dict[str, str]) -> dict[str, int]:
    return {role: list(roles.values()).count(role) for role in (TRAIN, VALID, TEST)}


def test_twenty_units_divide_as_asked():
    assert count(assign(UNITS, POLICY, source="plant")) == {TRAIN: 10, VALID: 4, TEST: 6}


@given(order=st.permutations(UNITS))
def test_the_order_of_the_units_does_not_matter(order: list[str]):
    assert assign(order, POLICY, source="plant") == assign(UNITS, POLICY, source="plant")


def test_another_seed_gives_another_division():
    other = SplitPolicy(valid=0.2, test=0.3, seed=2)
    assert assign(UNITS, other, source="plant") != assign(UNITS, POLICY, source="plant")


@given(more=st.integers(1, 30))
def test_a_unit_keeps_its_role_when_others_arrive(more: int):
    first = assign(UNITS, POLICY, source="plant")
    grown = [*UNITS, *(f"new{unit}" for unit in range(more))]
    second = assign(grown, POLICY, source="plant", previous=first)
    assert {unit: second[unit] for unit in UNITS} == first
    assert count(second)[TEST] == round(0.3 * len(grown))


def fleet_of(units: list[str], *, failed: set[str], odd: str = "") -> Fleet:
    """One reading of each unit, in condition ``b`` for the unit ``odd``, else in ``a``."""
    readings = pd.DataFrame({"unit": units, "life": 1.0})
    readings["condition"] = ["b" if unit == odd else "a" for unit in units]
    left = pd.Series({unit: 0.0 if unit in failed else np.nan for unit in units})
    return Fleet(readings, summarise_units(readings, left))


HISTORIES = st.lists(
    st.dictionaries(st.sampled_from([f"u{at}" for at in range(12)]), st.booleans(), min_size=3),
    min_size=2,
    max_size=6,
)
"""Materialisations: which units are there, and whether each has failed."""


@given(
    days=HISTORIES, seeds=st.lists(st.integers(0, 3), min_size=6, max_size=6), share=st.booleans()
)
def test_no_absence_return_or_new_unit_changes_a_role_once_given(
    days: list[dict[str, bool]], seeds: list[int], share: bool
):
    """Whoever taught once never tests, however long it was away, and whatever the seed is then."""
    ever: dict[str, str] = {}
    for day, seed in zip(days, seeds, strict=False):
        policy = SplitPolicy(valid=0.2, test=0.3 if share else 0.0, seed=seed)
        failed = {unit for unit, has_failed in day.items() if has_failed}
        fleet = fleet_of(list(day), failed=failed)
        try:
            roles = assign_fleet(fleet, policy, source="plant", previous=ever)
        except TooFewUnitsError:
            continue  # nothing is stored then
        assert set(roles) == set(day)
        assert {unit for unit, role in roles.items() if role == CENSORED} == set(day) - failed
        assert all(roles[unit] == ever[unit] for unit in failed & set(ever))
        after = remember(ever, roles)
        assert {unit: after[unit] for unit in ever} == ever
        assert set(after) == set(ever) | failed
        ever = after


def test_a_unit_that_was_away_for_a_day_returns_to_its_role():
    """Without the memory of absent units it would be divided anew, by another seed."""
    first = assign(UNITS, POLICY, source="plant")
    taught = [unit for unit, role in first.items() if role == TRAIN]
    rest = [unit for unit in UNITS if unit not in taught[:5]]
    second = assign(rest, POLICY, source="plant", previous=first)
    other = SplitPolicy(valid=0.4, test=0.4, seed=7)
    third = assign(UNITS, other, source="plant", previous=remember(first, second))
    assert third == first


def test_to_be_censored_is_no_role_to_remember():
    ever = remember({"a": TRAIN, "b": CENSORED}, {"a": CENSORED, "c": CENSORED, "d": TEST})
    assert ever == {"a": TRAIN, "d": TEST}


@pytest.mark.parametrize("role", [VALID, TEST])
def test_a_condition_that_training_does_not_know_is_named_with_unit_and_role(role: str):
    fleet = fleet_of(["1", "2", "3"], failed={"1", "2"}, odd="2")
    roles = {"1": TRAIN, "2": role, "3": CENSORED}
    with pytest.raises(
        DataError,
        match=rf"plant: .* {role} unit 2 in condition b\. Training knows a\. Set another seed in "
        r"the launchpad's plant_windows config, or change \[split\] in the plant file",
    ):
        require_known_conditions(fleet, roles, source="plant")


def test_a_censored_unit_may_work_in_any_condition():
    fleet = fleet_of(["1", "2", "3"], failed={"1", "2"}, odd="3")
    require_known_conditions(fleet, {"1": TRAIN, "2": VALID, "3": CENSORED}, source="plant")


def test_named_units_are_only_ever_tested_on():
    policy = SplitPolicy(valid=0.2, test=0.0, seed=1, always_test=("rig-b/*",))
    roles = assign([*UNITS, "rig-b/1", "rig-b/2"], policy, source="plant")
    assert [unit for unit, role in roles.items() if role == TEST] == ["rig-b/1", "rig-b/2"]
    assert count(roles)[VALID] == 4


def test_a_unit_that_taught_cannot_become_a_test_unit():
    first = assign(UNITS, POLICY, source="plant")
    taught = next(unit for unit, role in first.items() if role == TRAIN)
    policy = SplitPolicy(valid=0.2, test=0.3, seed=1, always_test=(taught,))
    with pytest.raises(LeakError, match=f"plant: {taught} served for training before"):
        assign(UNITS, policy, source="plant", previous=first)


@pytest.mark.parametrize("units", [0, 1, 2])
def test_too_few_units_are_refused(units: int):
    with pytest.raises(TooFewUnitsError, match=rf"plant: {units} units .* at least \d needed"):
        assign(UNITS[:units], POLICY, source="plant")


def test_three_units_are_just_enough():
    assert count(assign(UNITS[:3], POLICY, source="plant")) == {TRAIN: 1, VALID: 1, TEST: 1}


def outlived_fleet(units: list[str], *, failed: set[str], outlived: set[str]) -> Fleet:
    """As :func:`fleet_of`; the ``outlived`` are known to have run longer than a prediction said."""
    fleet = fleet_of(units, failed=failed)
    known = [9.0 if unit in outlived else np.nan for unit in fleet.units["unit"]]
    return Fleet(fleet.readings, fleet.units.assign(known_life=known))


def test_a_unit_that_outlived_a_prediction_trains_and_keeps_training_once_it_failed():
    failed = set(UNITS)
    fleet = outlived_fleet([*UNITS, "x"], failed=failed, outlived={"x"})
    roles = assign_fleet(fleet, POLICY, source="plant")
    assert roles["x"] == TRAIN
    assert {u: r for u, r in roles.items() if u != "x"} == assign(UNITS, POLICY, source="plant")
    later = fleet_of([*UNITS, "x"], failed={*failed, "x"})
    for seed in range(8):
        policy = SplitPolicy(valid=0.2, test=0.3, seed=seed)
        kept = assign_fleet(later, policy, source="plant", previous=remember(None, roles))
        assert kept["x"] == TRAIN


def test_a_judge_that_outlived_a_prediction_does_not_train():
    fleet = outlived_fleet([*UNITS, "x"], failed=set(UNITS), outlived={"x"})
    for role in (VALID, TEST):
        assert assign_fleet(fleet, POLICY, source="p", previous={"x": role})["x"] == CENSORED


def test_a_unit_that_is_set_aside_for_testing_never_trains():
    aside = SplitPolicy(valid=0.2, always_test=("x", "0"))
    fleet = outlived_fleet([*UNITS, "x"], failed=set(UNITS), outlived={"x"})
    assert assign_fleet(fleet, aside, source="plant")["x"] == CENSORED


@given(
    failed=st.sets(st.sampled_from(UNITS), min_size=5),
    outlived=st.sets(st.sampled_from(UNITS)),
    seed=st.integers(0, 3),
)
def test_no_judge_has_a_lower_bound(failed: set[str], outlived: set[str], seed: int):
    fleet = outlived_fleet(UNITS, failed=failed, outlived=outlived)
    policy = SplitPolicy(valid=0.2, test=0.3, seed=seed)
    roles = assign_fleet(fleet, policy, source="plant")
    bounded = {u for u in outlived if u not in failed}
    assert {roles[u] for u in bounded} <= {TRAIN}
    assert all(roles[u] == CENSORED for u in set(UNITS) - failed - bounded)
