"""Figures by hand, by property, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rul_platform.core.metrics import (
    FIGURES,
    mape,
    penalty,
    r2,
    raw_and_clipped,
    rul_metrics,
    unit_means,
    unit_rmse,
    unit_weights,
)
from rul_platform.errors import EvaluationError

LIVES = st.floats(0, 400, width=32)
PAIRS = st.lists(st.tuples(LIVES, LIVES), min_size=1, max_size=30)


def test_three_rows_by_hand():
    """Errors are +10, -10 and 0 for truths of 50, 20 and 40."""
    found = rul_metrics([50, 20, 40], [60, 10, 40])

    assert found.rmse == pytest.approx(np.sqrt(200 / 3))
    assert found.mae == pytest.approx(20 / 3)
    assert found.bias == 0
    assert found.late_rate == pytest.approx(1 / 3)
    assert found.mape == pytest.approx((0.2 + 0.5) / 3)
    assert found.r2 == pytest.approx(1 - 200 / (1400 / 3))
    assert found.nasa_score == pytest.approx(1.71828 + 1.15805, abs=1e-4)
    assert found.count == 3


def test_late_costs_more_than_early():
    """The anchor of the published score: +10 gives 1.718 and -10 gives 1.158, not the other way."""
    assert penalty(np.array([10.0, -10.0])).round(3).tolist() == [1.718, 1.158]


def test_the_score_of_a_hopeless_prediction_is_still_a_number():
    found = rul_metrics([0.0, 0.0], [1e9, 1e12])

    assert np.isfinite(found.nasa_score)
    assert found.nasa_score > 1e200


def test_a_unit_with_many_rows_weighs_no_more_than_one_with_a_few():
    """Unit a errs by 4 everywhere, b by 2; the truth of b is limited to 50."""
    units, truth = ["a", "a", "a", "b"], [10.0, 20.0, 30.0, 90.0]

    found = unit_rmse(units, truth, [14.0, 24.0, 34.0, 48.0], cap=50.0)

    assert found == pytest.approx(np.sqrt((16 + 4) / 2))


def test_r2_is_undefined_where_the_truth_does_not_vary():
    assert rul_metrics([7.1, 7.1, 7.1], [1, 2, 3]).r2 is None


def test_mape_leaves_out_rows_at_the_end_of_life():
    """A truth of 0 has no relative error."""
    assert rul_metrics([0, 10], [5, 15]).mape == 0.5
    assert rul_metrics([0, 0], [5, 15]).mape is None


def test_a_prediction_within_the_tolerance_is_not_late():
    assert rul_metrics([10, 10], [12, 15], late_tolerance=3).late_rate == 0.5


def test_clipping_alters_the_truth_and_never_the_prediction():
    """The prediction of 130 is 5 above the cap: 5 late when clipped, 20 early when raw."""
    found = raw_and_clipped([150.0], [130.0], 125.0)

    assert found["raw"].bias == -20
    assert found["clipped"].bias == 5


def test_a_perfect_model_that_knows_the_cap_is_perfect_only_against_clipped_truth():
    truth = np.array([10.0, 125.0, 145.0])
    found = raw_and_clipped(truth, np.minimum(truth, 125), 125)

    assert found["clipped"].rmse == 0
    assert found["raw"].rmse == pytest.approx(np.sqrt(400 / 3))


def test_with_unit_weights_a_unit_counts_once():
    """Unit a errs by 4 in each of three rows, unit b by 0 in one: the mean is 2, not 3."""
    weights = unit_weights(["a", "a", "a", "b"])
    found = rul_metrics([5, 6, 7, 8], [9, 10, 11, 8], weights=weights)

    assert found.mae == pytest.approx(2)
    assert found.late_rate == pytest.approx(0.5)
    assert found.nasa_score == pytest.approx(np.expm1(0.4))


def test_figures_by_name_are_ready_for_json():
    found = rul_metrics([5.0], [6.0]).as_dict()

    assert list(found) == ["rmse", "mae", "r2", "mape", "bias", "late_rate", "nasa_score", "count"]
    assert {type(value) for value in found.values()} == {float, int, type(None)}


def test_many_weightings_at_once_give_what_each_gives_alone():
    truth, predicted = np.array([50.0, 20.0, 40.0]), np.array([60.0, 10.0, 41.0])
    weights = np.array([[1.0, 1.0, 1.0], [0.0, 2.0, 1.0]])

    for name, figure in FIGURES.items():
        alone = [rul_metrics(truth, predicted, weights=row).as_dict()[name] for row in weights]
        assert figure(truth, predicted, weights).tolist() == pytest.approx(alone)


def test_among_many_weightings_only_those_without_a_figure_have_none():
    truth, predicted = np.array([0.0, 20.0]), np.array([5.0, 10.0])
    weights = np.array([[1.0, 1.0], [2.0, 0.0]])

    assert r2(truth, predicted, weights).tolist() == pytest.approx([0.375, np.nan], nan_ok=True)
    assert mape(truth, predicted, weights).tolist() == pytest.approx([0.5, np.nan], nan_ok=True)


@given(pairs=PAIRS)
def test_figures_keep_their_order(pairs):
    """|bias| <= MAE <= RMSE holds for every set of errors."""
    truth, predicted = np.array(pairs, dtype=float).T
    found = rul_metrics(truth, predicted)

    assert abs(found.bias) <= found.mae * (1 + 1e-9) + 1e-12
    assert found.mae <= found.rmse * (1 + 1e-9) + 1e-12
    assert 0 <= found.late_rate <= 1
    assert found.nasa_score >= 0


@given(pairs=PAIRS, data=st.data())
def test_a_weight_of_k_counts_like_k_rows(pairs, data):
    truth, predicted = np.array(pairs, dtype=float).T
    times = data.draw(st.lists(st.integers(1, 4), min_size=len(pairs), max_size=len(pairs)))

    weighted = rul_metrics(truth, predicted, weights=times).as_dict()
    repeated = rul_metrics(np.repeat(truth, times), np.repeat(predicted, times)).as_dict()

    assert (weighted["mape"] is None) == (repeated["mape"] is None)
    for figure in ("rmse", "mae", "bias", "late_rate", "nasa_score"):
        assert weighted[figure] == pytest.approx(repeated[figure], rel=1e-6, abs=1e-9)


@given(units=st.lists(st.sampled_from("abcd"), min_size=1, max_size=30))
def test_unit_weights_sum_to_the_number_of_units(units):
    assert unit_weights(units).sum() == pytest.approx(len(set(units)))
    assert unit_means(units, np.ones(len(units))).tolist() == [1] * len(set(units))


def test_other_shapes_are_refused():
    with pytest.raises(
        EvaluationError,
        match=r"predictions has shape \(3,\), expected one row each for truth of shape \(2,\)",
    ):
        rul_metrics([1, 2], [1, 2, 3])
    with pytest.raises(EvaluationError, match=r"truth has shape \(1, 2\), expected one row each"):
        rul_metrics([[1, 2]], [[1, 2]])


def test_nothing_is_refused():
    with pytest.raises(EvaluationError, match="truth is empty, expected at least one row"):
        rul_metrics([], [])


def test_a_number_that_is_none_is_refused_and_everything_is_said_at_once():
    with pytest.raises(EvaluationError) as caught:
        rul_metrics([1, np.nan], [np.inf, np.nan])

    assert [problem.split(";")[0] for problem in caught.value.problems] == [
        "truth has 1 of 2 values that are not finite numbers",
        "predictions has 2 of 2 values that are not finite numbers",
    ]
    assert "leave out units that have not failed" in str(caught.value)


@pytest.mark.parametrize("weights", [[1, -1], [0, 0]])
def test_weights_below_zero_or_all_zero_are_refused(weights):
    with pytest.raises(EvaluationError, match="weights must be 0 or more, and not all 0"):
        rul_metrics([1, 2], [1, 2], weights=weights)
