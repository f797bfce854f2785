"""What an alarm threshold costs, worked by hand."""

from dataclasses import replace

import numpy as np
import pytest

from rul_platform.core.maintenance import cheapest, cost_curve, cost_curves
from rul_platform.core.predicted_lives import PredictedLives
from rul_platform.errors import EvaluationError

TWO = PredictedLives(
    unit_ids=np.array(["early"] * 5 + ["late"] * 5),
    life=np.array([60.0, 80.0, 90.0, 95.0, 100.0] * 2),
    truth=np.array([40.0, 20.0, 10.0, 5.0, 0.0] * 2),
    predicted=np.array([30.0, 12.0, 4.0, 2.0, 0.0, 50.0, 45.0, 40.0, 35.0, 30.0]),
    interval_low=np.array([25.0, 7.0, 0.0, 0.0, 0.0, 35.0, 30.0, 25.0, 20.0, 15.0]),
    readings={"early": 5, "late": 5},
)
CAP, CUTS = 125.0, 20


def curve(*thresholds: float, **other: float):
    return cost_curve(TWO, cap=50.0, cost_ratio=10.0, thresholds=thresholds, **other)


def perfect(cuts: int | None = None) -> PredictedLives:
    """Forty lives of 150 to 340 cycles, and a model that knows their end; at all cycles or at cuts."""
    ends = np.linspace(150, 340, 40).round().astype(int)
    lives = [
        np.arange(1, end + 1) if cuts is None else np.linspace(1, end, cuts).round() for end in ends
    ]
    life = np.concatenate(lives).astype(float)
    rows = [len(each) for each in lives]
    truth = np.repeat(ends, rows) - life
    return PredictedLives(
        unit_ids=np.repeat(ends.astype(str), rows),
        life=life,
        truth=truth,
        predicted=np.minimum(truth, CAP),
        readings={str(end): int(end) for end in ends},
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


def test_each_unit_counts_once_however_often_it_was_read():
    more = np.array([61.0, 62.0, 63.0, 64.0, 65.0])
    often = PredictedLives(
        unit_ids=np.append(TWO.unit_ids, ["early"] * 5),
        life=np.append(TWO.life, more),
        truth=np.append(TWO.truth, 100 - more),
        predicted=np.append(TWO.predicted, [30.0] * 5),
        readings={"early": 10, "late": 5},
    )
    assert cost_curve(often, cap=50.0, thresholds=[12.0])["failures"].tolist() == [0.5]


def test_the_curve_goes_to_the_cap():
    found = cost_curve(TWO, cap=50.0)["threshold"].to_numpy()
    assert (len(found), found[-1]) == (25, 50.0)
    assert np.allclose(np.diff(found), 2.0)


def test_an_alarm_can_be_set_on_the_lower_end_too():
    found = cost_curves(TWO, cap=50.0)
    assert found["alarm_on"].tolist() == ["prediction"] * 25 + ["lower end"] * 25
    by_signal = found.set_index(["alarm_on", "threshold"])["failures"]
    assert (by_signal["prediction", 20.0], by_signal["lower end", 20.0]) == (0.5, 0.0)
    alone = cost_curves(replace(TWO, interval_low=None), cap=50.0)
    assert set(alone["alarm_on"]) == {"prediction"}


def test_with_a_perfect_model_the_lowest_threshold_is_the_cheapest():
    """An alarm with 5 of some 245 cycles left: nothing fails, 2 % is thrown away, a failure costs 10."""
    found = cost_curve(perfect(), cap=CAP)
    best = cheapest(found)
    assert (best["threshold"], best["failures"], best["unused_life"]) == (5.0, 0.0, 5.0)
    assert best["unused_share"] == pytest.approx(5 / 245, rel=0.01)
    assert best["cost"] == pytest.approx(0.1 / (1 - 5 / 245), rel=0.01)
    assert (found["failures"] == 0).all()


def test_cuts_of_a_life_are_refused_however_even():
    """Between two of them 8 to 18 cycles pass: an alarm at 5 would seem to come too late."""
    with pytest.raises(EvaluationError, match="unit 150 was predicted at 20 of its 150 readings"):
        cost_curve(perfect(CUTS), cap=CAP)


def test_a_test_set_with_one_row_for_each_engine_is_refused():
    with pytest.raises(EvaluationError, match="unit 340 was predicted at 1 of its 340 readings"):
        cost_curve(perfect(1), cap=CAP)


def test_a_unit_that_was_seldom_read_is_seen_as_seldom_as_at_work():
    """Its 20 readings are all there are: an alarm between them comes neither here nor there."""
    seldom = replace(perfect(CUTS), readings=dict.fromkeys(perfect().readings, CUTS))
    found = cost_curve(seldom, cap=CAP, thresholds=[5.0, 20.0])
    assert found["failures"].tolist() == [1.0, 0.0]
