"""What an alarm threshold costs, worked by hand."""

import numpy as np
import pytest

from rul_platform.core.maintenance import cheapest, cost_curve, has_curve

LIFE = [60.0, 80.0, 90.0, 95.0, 100.0] * 2
TRUTH = [40.0, 20.0, 10.0, 5.0, 0.0] * 2
UNITS = ["early"] * 5 + ["late"] * 5
PREDICTED = [30.0, 12.0, 4.0, 2.0, 0.0, 50.0, 45.0, 40.0, 35.0, 30.0]


def curve(*thresholds: float, **other: float):
    return cost_curve(
        UNITS, LIFE, TRUTH, PREDICTED, cap=50.0, cost_ratio=10.0, thresholds=thresholds, **other
    )


def test_three_thresholds_by_hand():
    """12: early is replaced with 20 left, late fails. 35: with 40 and 5 left. 50: with 40 each."""
    at_12, at_35, at_50 = curve(12.0, 35.0, 50.0).to_dict("records")
    waiting = 20 / 200
    assert (at_12["failures"], at_12["unused_life"], at_12["unused_share"]) == (0.5, 20.0, 0.1)
    assert at_12["cost"] == pytest.approx((1 + 10) / 180 / waiting)
    assert (at_35["failures"], at_35["unused_life"]) == (0.0, 22.5)
    assert at_35["cost"] == pytest.approx(2 / 155 / waiting)
    assert (at_50["unused_life"], at_50["unused_share"]) == (40.0, 0.4)


def test_the_cheapest_threshold_is_the_lowest_of_equal_ones():
    found = curve(12.0, 35.0, 36.0, 50.0)
    assert cheapest(found)["threshold"] == 35.0


def test_waiting_for_every_failure_costs_one():
    (at,) = curve(-1.0).to_dict("records")
    assert (at["failures"], at["unused_life"], at["cost"]) == (1.0, 0.0, 1.0)


def test_an_alarm_at_the_failure_comes_too_late():
    """At 30 the unit named late alarms only when nothing is left."""
    (at,) = curve(30.0).to_dict("records")
    assert at["failures"] == 0.5


def test_an_alarm_with_less_life_than_it_takes_to_act_is_a_failure():
    assert curve(35.0, lead=5.0)["failures"].tolist() == [0.5]
    assert curve(35.0, lead=4.0)["failures"].tolist() == [0.0]


def test_each_unit_counts_once_however_often_it_was_scored():
    often = cost_curve(
        UNITS + ["early"] * 5, [*LIFE, 61.0, 62.0, 63.0, 64.0, 65.0],
        [*TRUTH, 39.0, 38.0, 37.0, 36.0, 35.0], PREDICTED + [30.0] * 5, cap=50.0, thresholds=[12.0],
    )  # fmt: skip
    assert often["failures"].tolist() == [0.5]


def test_the_curve_goes_to_the_cap():
    found = cost_curve(UNITS, LIFE, TRUTH, PREDICTED, cap=50.0)["threshold"].to_numpy()
    assert (len(found), found[-1]) == (25, 50.0)
    assert np.allclose(np.diff(found), 2.0)


def test_a_test_set_with_one_row_for_each_engine_has_no_curve():
    assert has_curve(UNITS)
    assert not has_curve(["1", "2", "3"])
    assert not has_curve([*UNITS, "3"])
    assert not has_curve([])
