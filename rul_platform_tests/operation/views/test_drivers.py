"""What drives a machine's answer, held against the public way of asking the model."""

import numpy as np
import pandas as pd
import pytest

from rul_platform.core.features import BASELINE_READINGS
from rul_platform.core.histories import Histories
from rul_platform.inference.held_still import hold_still
from rul_platform.inference.predictor import Predictor
from rul_platform_tests.fleets import wearing_fleet
from rul_platform_tests.operation.served import model_files


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor.from_files(model_files(1))


def held_still(predictor: Predictor, readings: pd.DataFrame):
    histories = Histories.of(readings).only(predictor.preparation.scaler.sensors)
    scaler = predictor.preparation.scaler
    scaled = scaler.scale(histories.values, histories.labels, histories.condition)
    return hold_still(predictor, scaled, histories.life)


def by_hand(readings: pd.DataFrame, *sensors: str) -> pd.DataFrame:
    """The same history with these sensors written over, as anyone could in a file."""
    changed = readings.copy()
    for name in sensors:
        usual = readings[name].iloc[:BASELINE_READINGS].mean()
        changed.loc[changed.index[BASELINE_READINGS:], name] = usual
    return changed


@pytest.mark.parametrize("rows", [1, BASELINE_READINGS, BASELINE_READINGS + 1, 40, 58])
def test_it_is_what_the_model_says_of_a_history_written_over_by_hand(
    predictor: Predictor, rows: int
):
    readings = wearing_fleet({"m": 60}).readings.head(rows)
    held = held_still(predictor, readings)
    sensors = predictor.preparation.scaler.sensors

    def said(*still: str) -> float:
        (answer,) = predictor.predict(by_hand(readings, *still))
        return answer.rul

    assert held.rul == pytest.approx(said(), abs=1e-4)
    assert held.without_all == pytest.approx(said(*sensors), abs=1e-4)
    for at, name in enumerate(sensors):
        assert held.without[at] == pytest.approx(said(name), abs=1e-4)
        assert held.gains[at] == pytest.approx(said(name) - said(), abs=2e-4)
    if rows <= BASELINE_READINGS:
        assert np.abs(held.gains).max() == pytest.approx(0.0, abs=1e-4)


def test_a_worn_machine_owes_its_short_answer_to_what_wore(predictor: Predictor):
    held = held_still(predictor, wearing_fleet({"m": 60}).readings.head(58))
    assert held.without_all > held.rul + 1.0
    assert held.gains.max() > 1.0


def test_a_sensor_that_never_moved_weighs_nothing(predictor: Predictor):
    readings = wearing_fleet({"m": 60}).readings.head(58).copy()
    still = predictor.preparation.scaler.sensors[0]
    readings[still] = readings[still].iloc[0]
    held = held_still(predictor, readings)
    assert held.gains[0] == pytest.approx(0.0, abs=1e-4)
    assert abs(held.gains[1]) > 0.5
