import json

import numpy as np
import pandas as pd
import pytest

from rul_platform.core.drift import data_drift, drift_score, outcome_drift
from rul_platform.core.policy import Policy
from rul_platform.core.scaling import Scaler
from rul_platform.errors import DataError

SCALER = Scaler(
    sensors=("heat_c", "flow"),
    conditions=("heavy", "light"),
    mean=np.array([[60.0, 5.0], [40.0, 2.0]]),
    spread=np.array([[4.0, 0.5], [2.0, 0.1]]),
    fitted_on=("a",),
)


def readings(*, heat=0.0, flow=0.0, scatter=1.0, units=6, rows=60, condition="light"):
    """Normal readings, moved by so many training spreads."""
    random = np.random.default_rng(0)
    row = SCALER.conditions.index(condition)
    scaled = scatter * random.normal(size=(units * rows, 2)) + [heat, flow]
    table = pd.DataFrame(SCALER.mean[row] + SCALER.spread[row] * scaled, columns=["heat_c", "flow"])
    return table.assign(
        unit=np.repeat([f"u{number}" for number in range(units)], rows), condition=condition
    )


def test_the_same_world_does_not_fire():
    found = data_drift(readings(), SCALER, Policy())

    assert not found.fires
    assert found.sensors == ()
    assert found.reasons == (
        "6 units: no sensor moved more than 1 training spread from its training data",
    )
    assert found.numbers["shift"]["heat_c"] == pytest.approx(0.0, abs=0.2)
    assert found.numbers["spread"]["heat_c"] == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize(("heat", "side"), [(2.0, "above"), (-2.0, "below")])
def test_a_sensor_that_moved_is_named_with_the_side(heat, side):
    found = data_drift(readings(heat=heat, condition="heavy"), SCALER, Policy())

    assert found.fires
    assert found.sensors == ("heat_c",)
    assert f"training spreads {side} training's, limit 1" in found.reasons[0]


def test_a_sensor_that_became_noisy_is_named():
    found = data_drift(readings(scatter=3.0), SCALER, Policy())

    assert found.sensors == ("heat_c", "flow")
    assert "times as widely as in training, limit 2" in found.reasons[0]


def test_a_calmer_fleet_is_no_drift():
    """Young machines scatter less than whole lives do."""
    assert not data_drift(readings(scatter=0.2, heat=0.8), SCALER, Policy()).fires


def test_another_condition_is_compared_with_itself():
    both = pd.concat([readings(condition="light"), readings(condition="heavy")])

    assert not data_drift(both, SCALER, Policy()).fires


def test_the_limit_is_the_policys():
    assert data_drift(readings(heat=0.8), SCALER, Policy(max_drift=0.5)).fires


def test_one_broken_value_is_no_drift():
    table = readings()
    table.loc[0, "heat_c"] = 1e9

    assert not data_drift(table, SCALER, Policy()).fires


def test_a_unit_counts_once_however_many_readings_it_has():
    moved = readings(heat=5.0, units=1, rows=2000).assign(unit="chatty")
    table = pd.concat([readings(units=9), moved])

    assert not data_drift(table, SCALER, Policy()).fires


def test_two_machines_are_too_few():
    found = data_drift(readings(heat=5.0, units=2), SCALER, Policy())

    assert not found.fires
    assert found.reasons == ("readings of 2 units, fewer than the 3 needed",)


def test_no_reading_at_all_is_too_few():
    assert not data_drift(readings().head(0), SCALER, Policy()).fires


def test_a_new_operating_condition_fires_and_the_others_are_judged():
    new = readings(heat=50.0).assign(condition="harsh")
    found = data_drift(pd.concat([readings(), new]), SCALER, Policy())

    assert found.fires
    assert found.sensors == ()
    assert found.reasons[0] == "operating condition harsh was not seen in training"


def test_a_missing_sensor_is_refused():
    with pytest.raises(DataError, match="The readings lack flow"):
        data_drift(readings().drop(columns="flow"), SCALER, Policy())


def test_the_verdict_is_plain_json():
    found = json.loads(json.dumps(data_drift(readings(heat=2.0), SCALER, Policy()).to_json()))

    assert found["sensors"] == ["heat_c"]
    assert found["numbers"]["units"] == 6


def test_errors_as_claimed_do_not_fire():
    errors = np.random.default_rng(0).normal(scale=10.0, size=40)

    found = outcome_drift(errors, 10.0, Policy())

    assert not found.fires
    assert (
        "not above the limit of 12.50, which is 1.25 times the 10.00 at the gate"
        in found.reasons[0]
    )


def test_errors_surely_above_the_limit_fire_with_the_numbers():
    found = outcome_drift([20.0] * 12, 10.0, Policy())

    assert found.fires
    assert found.reasons == (
        "RMSE 20.00 on 12 units with a known end, with 95 % confidence at least 20.00: above the "
        "limit of 12.50, which is 1.25 times the 10.00 at the gate",
    )
    assert json.loads(json.dumps(found.to_json()))["numbers"]["rmse"] == pytest.approx(20.0)


def test_one_unlucky_unit_does_not_fire():
    found = outcome_drift([8.0] * 11 + [90.0], 10.0, Policy())

    assert found.numbers["rmse"] > found.numbers["limit"]
    assert not found.fires


def test_smaller_errors_never_fire():
    assert not outcome_drift([1.0] * 50, 10.0, Policy()).fires


@pytest.mark.parametrize("errors", [[], [99.0] * 9])
def test_too_few_known_ends_do_not_fire(errors):
    found = outcome_drift(errors, 10.0, Policy())

    assert not found.fires
    assert found.reasons == (f"{len(errors)} units with a known end, fewer than the 10 needed",)


def test_the_same_seed_gives_the_same_bound():
    errors = np.random.default_rng(0).normal(scale=20.0, size=15)

    assert outcome_drift(errors, 10.0, Policy(), seed=3) == outcome_drift(
        errors, 10.0, Policy(), seed=3
    )


def test_the_score_is_above_one_just_where_a_sensor_moved():
    """The limit is two spreads: half of it, one and a half of it, and scatter."""
    policy = Policy(max_drift=2.0)
    for moved, score in ((1.0, 0.5), (-3.0, 1.5)):
        found = data_drift(readings(heat=moved), SCALER, policy)
        assert drift_score(found) == pytest.approx(score, abs=0.1)
        assert found.fires == (score > 1.0)
    wide = data_drift(readings(scatter=5.0), SCALER, policy)
    assert drift_score(wide) == pytest.approx(2.0, abs=0.2)
    assert drift_score(data_drift(readings(units=2), SCALER, policy)) is None
