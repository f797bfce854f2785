"""Predictions over whole lives: all readings of a unit, or it is said which are lacking."""

from dataclasses import replace

import numpy as np
import pytest

from rul_platform.core.predicted_lives import PredictedLives
from rul_platform.errors import EvaluationError

LIVES = PredictedLives(
    unit_ids=np.array(["b", "a", "b", "a", "b"]),
    life=np.array([3.0, 2.0, 1.0, 1.0, 2.0]),
    truth=np.array([0.0, 0.0, 2.0, 1.0, 1.0]),
    predicted=np.array([0.5, 0.0, 2.0, 1.5, 1.0]),
    interval_low=np.zeros(5),
    readings={"a": 2, "b": 3},
)


def test_each_unit_comes_with_its_rows_oldest_first():
    assert {unit: rows.tolist() for unit, rows in LIVES.by_unit()} == {"a": [3, 1], "b": [2, 4, 0]}
    assert LIVES.is_whole
    LIVES.demand_whole()


def test_readings_without_a_prediction_are_named_with_their_units():
    thin = replace(LIVES, readings={"a": 2, "b": 231, "c": 40})
    assert not thin.is_whole
    with pytest.raises(EvaluationError) as caught:
        thin.demand_whole()
    assert str(caught.value).startswith(
        "Predictions over whole lives: unit b was predicted at 3 of its 231 readings; "
        "unit c was predicted at 0 of its 40 readings; expected a prediction at each"
    )


def test_rows_that_do_not_fit_together_are_refused_with_all_that_is_wrong():
    with pytest.raises(EvaluationError) as caught:
        replace(
            LIVES,
            life=np.zeros(4),
            truth=np.array([0.0, -1.0, 2.0, 1.0, 1.0]),
            predicted=np.array([0.0, np.nan, 2.0, 1.0, 1.0]),
            readings={"a": 1, "b": 3},
        )
    assert str(caught.value) == (
        "Predictions over whole lives: life has shape (4,), expected (5,) as there are unit names; "
        "truth falls to -1, expected 0 or more; "
        "predicted has values that are not finite; leave out units that have not failed; "
        "unit a has 2 rows, expected at most one for each of its 1 readings."
    )


def test_no_rows_are_refused():
    nothing = np.array([])
    with pytest.raises(EvaluationError, match="no rows, expected one for each reading"):
        PredictedLives(
            unit_ids=np.array([], dtype=str), life=nothing, truth=nothing, predicted=nothing,
            readings={},
        )  # fmt: skip


def test_the_table_has_a_row_for_each_reading():
    table = LIVES.to_table()
    assert table.columns.tolist() == ["unit", "life", "truth", "predicted", "interval_low"]
    assert len(table) == 5
    assert "interval_low" not in replace(LIVES, interval_low=None).to_table()
