"""Intervals over units: what they hold, what they do not depend on, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rul_platform.core import bootstrap
from rul_platform.core.bootstrap import (
    DEFAULT_RESAMPLES,
    UNKNOWN,
    Difference,
    Interval,
    metric_interval,
    resample,
)
from rul_platform.core.metrics import FIGURES, bias, mape, nasa_score, r2, rmse, unit_weights
from rul_platform.errors import EvaluationError

RNG = np.random.default_rng(5)
UNITS = np.repeat([f"u{number}" for number in range(20)], 6)
TRUTH = RNG.uniform(0, 125, UNITS.size)
OFFSET = np.repeat(RNG.normal(0, 8, 20), 6)
PREDICTED = TRUTH + OFFSET + RNG.normal(0, 2, UNITS.size)


def paired(units, truth, a, b, *, seed=0) -> Difference:
    """RMSE of ``a`` minus RMSE of ``b``."""
    truth, a, b = (np.asarray(values, dtype=float) for values in (truth, a, b))
    drawn = resample(
        units, lambda w: {("a",): rmse(truth, a, w), ("b",): rmse(truth, b, w)}, seed=seed
    )
    return drawn.difference(("a",), ("b",))


def test_the_interval_of_a_mean_has_the_width_that_theory_gives():
    """400 normal values: plus and minus 1.96 standard errors."""
    values = np.random.default_rng(1).normal(50, 10, 400)
    found = metric_interval(np.arange(400), np.zeros(400), values, bias, seed=0)
    standard_error = values.std() / np.sqrt(400)

    assert found.low == pytest.approx(values.mean() - 1.96 * standard_error, abs=0.1)
    assert found.high == pytest.approx(values.mean() + 1.96 * standard_error, abs=0.1)


def test_two_units_by_hand():
    """With errors of 0 and 10, drawn means are 0, 5 or 10, and a wide interval holds them all."""
    assert metric_interval(["a", "b"], [0, 0], [0, 10], bias, seed=0) == Interval(0.0, 10.0)


def test_errors_of_one_unit_go_together():
    """Six rows that err alike are one observation: drawing rows would give too narrow an interval."""
    by_unit = metric_interval(UNITS, TRUTH, PREDICTED, seed=0)
    by_row = metric_interval(np.arange(UNITS.size), TRUTH, PREDICTED, seed=0)

    assert by_unit.high - by_unit.low > 1.5 * (by_row.high - by_row.low)


def test_the_interval_holds_the_figure_itself():
    found = metric_interval(UNITS, TRUTH, PREDICTED, seed=0)

    assert found.low < float(rmse(TRUTH, PREDICTED, unit_weights(UNITS))) < found.high


def test_any_figure_may_be_resampled():
    found = metric_interval(UNITS, TRUTH, PREDICTED, nasa_score, seed=0)

    assert 0 < found.low < found.high


@pytest.mark.parametrize("figure", FIGURES)
def test_every_figure_has_the_interval_that_redrawing_the_units_by_hand_gives(figure):
    """A unit drawn twice is two units: rows are repeated instead of weighted."""
    rng, compute, drawn = np.random.default_rng(0), FIGURES[figure], []
    for _ in range(DEFAULT_RESAMPLES):
        rows = (rng.integers(0, 20, 20)[:, np.newaxis] * 6 + np.arange(6)).ravel()
        drawn.append(compute(TRUTH[rows], PREDICTED[rows], np.full(rows.size, 1 / 6)))
    low, high = np.quantile(drawn, [0.025, 0.975])
    found = metric_interval(UNITS, TRUTH, PREDICTED, compute, seed=0)

    assert (found.low, found.high) == pytest.approx((low, high), abs=0.1 * (high - low))


def test_a_figure_undefined_in_too_many_resamples_has_no_interval():
    """Of three units with one row each, one resample in nine is one truth, three times: no R2."""
    few, many = [np.arange(count) for count in (3, 12)]

    assert metric_interval(few, few + 1, few, r2, seed=0) == UNKNOWN
    assert metric_interval(few, few + 1, few, rmse, seed=0) == Interval(1.0, 1.0)
    assert metric_interval(many, many + 1, many, r2, seed=0).is_known


def test_a_figure_that_is_undefined_has_no_interval():
    assert metric_interval(["a", "b"], [0, 0], [1, 2], mape, seed=0) == UNKNOWN


def test_a_higher_level_gives_a_wider_interval():
    narrow = metric_interval(UNITS, TRUTH, PREDICTED, level=0.5, seed=0)
    wide = metric_interval(UNITS, TRUTH, PREDICTED, level=0.99, seed=0)

    assert wide.low < narrow.low < narrow.high < wide.high


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_the_same_seed_gives_the_same_interval(seed):
    def once():
        return metric_interval(UNITS, TRUTH, PREDICTED, resamples=50, seed=seed)

    assert once() == once()


def test_another_seed_gives_another_interval():
    assert metric_interval(UNITS, TRUTH, PREDICTED, seed=0) != metric_interval(
        UNITS, TRUTH, PREDICTED, seed=1
    )


def test_portions_that_fit_in_memory_change_nothing(monkeypatch):
    whole = metric_interval(UNITS, TRUTH, PREDICTED, seed=3)
    monkeypatch.setattr(bootstrap, "_NUMBERS_AT_ONCE", 7 * UNITS.size)

    assert metric_interval(UNITS, TRUTH, PREDICTED, seed=3) == whole


def test_repeating_every_row_of_a_unit_changes_nothing():
    """A unit counts once, however often it is scored."""
    twice = [np.repeat(values, 2) for values in (UNITS, TRUTH, PREDICTED)]

    found, expected = (
        metric_interval(*rows, seed=0) for rows in (twice, (UNITS, TRUTH, PREDICTED))
    )
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_one_unit_says_nothing_about_others():
    """An interval of no width would look like certainty."""
    found = metric_interval(["a", "a"], [1, 2], [2, 4], seed=0)
    difference = paired(["a", "a"], [1, 2], [2, 4], [1, 2], seed=0)

    assert found == Interval(-np.inf, np.inf)
    assert difference.mean == pytest.approx(np.sqrt(2.5))
    assert difference.verdict == "undecided"


def test_pairing_tells_models_apart_that_separate_intervals_do_not():
    """Both err with the same units, one of them always a little more."""
    worse = TRUTH + 1.15 * (PREDICTED - TRUTH)
    ours = metric_interval(UNITS, TRUTH, PREDICTED, seed=0)
    theirs = metric_interval(UNITS, TRUTH, worse, seed=0)
    difference = paired(UNITS, TRUTH, PREDICTED, worse)

    assert theirs.low < ours.high
    assert difference.verdict == "better"
    assert difference.low < difference.mean < difference.high < 0


def test_a_model_compared_with_itself_is_undecided():
    found = paired(UNITS, TRUTH, PREDICTED, PREDICTED, seed=0)

    assert (found.mean, found.low, found.high) == (0, 0, 0)
    assert found.verdict == "undecided"


def test_the_comparison_told_from_the_other_side_is_its_mirror():
    other = TRUTH + 5.0
    forth = paired(UNITS, TRUTH, PREDICTED, other)
    back = paired(UNITS, TRUTH, other, PREDICTED, seed=0)

    assert (back.mean, back.low, back.high) == pytest.approx((-forth.mean, -forth.high, -forth.low))
    assert Difference(1.0, 0.5, 2.0).verdict == "worse"


def test_a_name_for_each_row_is_needed():
    with pytest.raises(EvaluationError, match=r"\(1,\) unit names for 2 rows, expected one each"):
        metric_interval(["a"], [1, 2], [1, 2], seed=0)


@pytest.mark.parametrize("level", [0, 1, 95])
def test_a_level_is_between_zero_and_one(level):
    with pytest.raises(EvaluationError, match=rf"level is {level}, expected above 0 and below 1"):
        metric_interval(["a", "b"], [1, 2], [1, 2], level=level, seed=0)


def test_no_resample_is_too_few():
    with pytest.raises(EvaluationError, match="resamples is 0, expected 1 or more"):
        metric_interval(["a", "b"], [1, 2], [1, 2], resamples=0, seed=0)


def test_units_are_needed_and_everything_is_said_at_once():
    with pytest.raises(EvaluationError) as caught:
        resample([], lambda weights: {("sum",): weights.sum(axis=-1)}, level=2, resamples=0, seed=0)

    assert caught.value.problems == (
        "unit names have shape (0,), expected one for each of one or more rows",
        "level is 2, expected above 0 and below 1",
        "resamples is 0, expected 1 or more",
    )
