"""Division by unit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rul_platform.core.splits import TEST, TRAIN, VALID, SplitPolicy, assign
from rul_platform.errors import LeakError, TooFewUnitsError

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
