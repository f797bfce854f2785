"""A deployed model answers."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from rul_platform.core.preparation import Preparation
from rul_platform.core.recipe import FitConfig
from rul_platform.core.scaling import Scaler
from rul_platform.errors import ReadingsError
from rul_platform.inference.predictor import Predictor
from rul_platform.learning import models, packaging, training
from rul_platform_tests.fleets import wearing_fleet


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    """Trained for a moment on six machines with two sensors."""
    lives = {f"u{unit}": 40 + 5 * unit for unit in range(6)}
    fleet = wearing_fleet(lives)
    roles = pd.Series({unit: "valid" if unit == "u5" else "train" for unit in lives})
    preparation = Preparation(
        window=10, cap=50.0, life_unit="hours", scaler=Scaler.fit(fleet, fleet.sensors)
    )
    windows = preparation.windows(fleet, roles)
    model = models.default_config("gru", len(preparation.channels), hidden_size=8)
    network = models.build(model, seed=0)
    fitted = training.fit(
        network,
        windows.select("train"),
        windows.select("valid"),
        FitConfig(seed=0, steps=60, validate_every=20),
        cap=50.0,
    )
    return Predictor.from_files(
        packaging.package(network, model, preparation, windows=windows, fitted=fitted, facts={})
    )


def history(rows: int = 30) -> pd.DataFrame:
    return wearing_fleet({"m": 60}).readings.head(rows)


def test_the_answer_is_the_one_of_the_evaluation(predictor: Predictor):
    """The same history gives the same number, whether it is scored or asked for."""
    fleet = wearing_fleet({"m": 60})
    scored = predictor.score(predictor.preparation.windows(fleet, "test"))
    for rows in (1, 5, 30, 60):
        (said,) = predictor.predict(history(rows))
        assert said.rul == pytest.approx(scored[rows - 1], abs=1e-4)
        assert said.life == float(rows)


def test_rul_falls_as_the_machine_wears(predictor: Predictor):
    (early,), (late,) = predictor.predict(history(10)), predictor.predict(history(58))
    assert late.rul < early.rul
    assert late.rul_low <= late.rul <= late.rul_high
    assert late.life_unit == "hours"


def test_the_order_of_the_rows_does_not_matter(predictor: Predictor):
    table = history()
    assert predictor.predict(table) == predictor.predict(table.iloc[::-1])


def test_one_reading_is_enough_and_is_warned_of(predictor: Predictor):
    (said,) = predictor.predict(history(1))
    assert said.warnings[0] == "short history: 1 readings, the model looks at 10"
    assert np.isfinite(said.rul)


def test_several_units_are_answered_apart(predictor: Predictor):
    fleet = wearing_fleet({"b": 20, "a": 40})
    alone = [predictor.predict(fleet.take([unit]).readings)[0] for unit in ("a", "b")]
    assert predictor.predict(fleet.readings) == alone


def test_a_machine_with_one_condition_need_not_name_it(predictor: Predictor):
    table = history()
    assert predictor.predict(table.drop(columns="condition")) == predictor.predict(table)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns=["s0", "life"]), "column life, s0 missing"),
        (lambda t: t.head(0), "no row"),
        (lambda t: t.assign(s1=np.nan), "s1 is nan in row 1, a number is expected"),
        (lambda t: t.assign(s1="high"), "s1 is 'high' in row 1, a number is expected"),
        (lambda t: t.assign(s0=np.inf), "s0 is inf in row 1"),
        (lambda t: t.assign(life=3.0), "unit m has two readings at life 3.0"),
        (lambda t: t.assign(condition="9"), "Operating condition 9 was not seen in training"),
    ],
)
def test_readings_that_cannot_be_used_are_refused(predictor: Predictor, change, message: str):
    with pytest.raises(ReadingsError, match=message):
        predictor.predict(change(history()))


def test_no_torch_and_no_dagster_are_needed_to_answer():
    """The service must stay small: what it imports is looked at in a process of its own."""
    code = (
        "import sys; import rul_platform.inference.predictor; "
        "print([m for m in ('torch', 'dagster', 'sklearn', 'sqlalchemy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
