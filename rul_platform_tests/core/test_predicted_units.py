"""Predictions that cannot be compared are refused, with everything that is wrong."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from rul_platform.core.predicted_units import PredictedUnits
from rul_platform.errors import EvaluationError

TWO = PredictedUnits(
    title="Pumps",
    life_unit="hours",
    cap=100.0,
    unit_ids=np.array(["a", "b", "b"]),
    life=np.array([10.0, 20.0, 30.0]),
    truth=np.array([150.0, 30.0, 20.0]),
    predictions={"fine-tuned": np.array([90.0, 33.0, 20.0])},
    main="fine-tuned",
)


def test_truth_is_kept_raw_and_clipped_on_demand():
    assert TWO.truth.tolist() == [150, 30, 20]
    assert TWO.clipped_truth.tolist() == [100, 30, 20]
    assert TWO.unit_count == 2


def test_all_problems_are_said_at_once():
    with pytest.raises(EvaluationError) as caught:
        replace(
            TWO,
            cap=0.0,
            main="boosting",
            life=np.zeros(2),
            truth=np.array([1.0, np.nan, 2.0]),
            interval_low=np.zeros(3),
            history=pd.DataFrame({"step": [1]}),
        )

    assert str(caught.value) == (
        "Evaluation 'Pumps': no predictions of the main model 'boosting', found ['fine-tuned']; "
        "cap is 0.0, expected above 0 hours; "
        "history lacks train_loss, valid_rmse; "
        "one end of the prediction interval is missing, expected both or none; "
        "life has shape (2,), expected (3,) as there are unit names; "
        "truth has values that are not finite; leave out units that have not failed."
    )


def test_no_rows_are_refused():
    nothing = np.array([])
    with pytest.raises(EvaluationError, match="no rows, expected one for each prediction"):
        replace(
            TWO, unit_ids=np.array([], dtype=str), life=nothing, truth=nothing,
            predictions={"fine-tuned": nothing},
        )  # fmt: skip


def test_a_truth_below_zero_is_refused():
    with pytest.raises(EvaluationError, match="truth falls to -1, expected 0 or more"):
        replace(TWO, truth=np.array([3.0, -1.0, 2.0]))


def test_an_interval_upside_down_is_refused():
    with pytest.raises(
        EvaluationError, match="2 prediction intervals have their low end above their high end"
    ):
        replace(TWO, interval_low=np.full(3, 50.0), interval_high=np.array([60.0, 40.0, 40.0]))
