"""What is told of a network that learned on other terms."""

import dataclasses

import numpy as np
import pytest

from rul_platform.core.preparation import Preparation
from rul_platform.core.terms import UNKNOWN, Terms, scaler_fingerprint, terms_of
from rul_platform_tests.fleets import wearing_fleet


def prepared(*, seed: int, cap: float = 40.0, life_unit: str = "cycles") -> Preparation:
    fleet = wearing_fleet({"a": 40, "b": 50}, seed=seed)
    return Preparation.fit(fleet, fleet.sensors, window=8, cap=cap, life_unit=life_unit)


def test_what_is_equal_or_not_known_of_both_is_no_difference():
    known = Terms(cap=40.0, life_unit="hours", window=8, scalers=("s",))
    assert (
        known.differences(known) == UNKNOWN.differences(known) == known.differences(UNKNOWN) == {}
    )
    assert known.foreign_answers(known) is None


def test_every_difference_has_a_name_and_words():
    then, here = (
        terms_of(prepared(seed=0)),
        Terms(cap=60.0, life_unit="hours", window=9, scalers=("s",)),
    )
    found = then.differences(here)
    assert list(found) == ["cap", "life_unit", "window", "scaler"]
    assert "label cap of 40, here the cap is 60" in found["cap"]
    assert then.foreign_answers(here) == f"{found['cap']}; {found['life_unit']}"


@pytest.mark.parametrize("other", [{"window": 9}, {"scalers": ("s",)}])
def test_another_window_or_scaler_leaves_the_unit_of_the_answers(other: dict):
    then = terms_of(prepared(seed=0))
    assert then.foreign_answers(dataclasses.replace(then, **other)) is None


def test_a_network_of_several_subsets_knows_the_scale_of_each():
    both = terms_of(prepared(seed=0), prepared(seed=1))
    assert len(both.scalers) == 2
    assert both.differences(terms_of(prepared(seed=1))) == {}
    assert list(both.differences(terms_of(prepared(seed=2)))) == ["scaler"]


def test_subsets_in_different_units_have_none_in_common():
    assert terms_of(prepared(seed=0), prepared(seed=0, life_unit="hours")).life_unit is None


def test_equal_scalers_have_equal_fingerprints_and_nothing_else_has():
    scaler = prepared(seed=0).scaler
    again = type(scaler).from_json(scaler.to_json())
    assert scaler_fingerprint(scaler.to_json()) == scaler_fingerprint(again.to_json())
    moved = dataclasses.replace(scaler, mean=np.nextafter(scaler.mean, np.inf))
    assert scaler_fingerprint(scaler.to_json()) != scaler_fingerprint(moved.to_json())
