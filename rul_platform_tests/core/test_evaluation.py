"""An evaluation: who is compared with whom, weighted how, and as which tables."""

from dataclasses import replace

import numpy as np
import pytest

from rul_platform.core.evaluation import (
    BOOSTING,
    CONSTANT,
    FINE_TUNED,
    FROM_SCRATCH,
    evaluate,
)
from rul_platform.core.metrics import FIGURES
from rul_platform.core.predicted_lives import PredictedLives
from rul_platform.core.predicted_units import PredictedUnits

TRUTH = np.array([140.0, 60.0, 20.0, 90.0, 30.0, 10.0])
GIVEN = PredictedUnits(
    title="Pumps",
    life_unit="hours",
    cap=100.0,
    unit_ids=np.array(["a", "b", "c", "d", "d", "d"]),
    life=np.array([10.0, 20.0, 30.0, 5.0, 65.0, 85.0]),
    truth=TRUTH,
    predictions={
        BOOSTING: np.minimum(TRUTH, 100) + 6,
        FINE_TUNED: np.minimum(TRUTH, 100) + np.array([2.0, -2.0, 2.0, -2.0, 2.0, 2.0]),
        FROM_SCRATCH: np.minimum(TRUTH, 100) + 2,
        CONSTANT: np.full(6, 55.0),
    },
    main=FINE_TUNED,
    interval_low=np.array([95.0, 50.0, 21.0, 80.0, 20.0, 11.0]),
    interval_high=np.array([100.0, 70.0, 30.0, 99.0, 40.0, 30.0]),
    cpu_seconds={FINE_TUNED: 4.0},
)
FOUND = evaluate(GIVEN, seed=0, resamples=200)
LIFE_OF_D = PredictedLives(
    unit_ids=np.full(10, "d"),
    life=np.arange(5.0, 105.0, 10.0),
    truth=np.arange(90.0, -10.0, -10.0),
    predicted=np.arange(90.0, -10.0, -10.0),
    readings={"d": 10},
)


def test_the_main_model_comes_first_and_the_others_keep_their_order():
    assert [score.name for score in FOUND.scores] == [FINE_TUNED, BOOSTING, FROM_SCRATCH, CONSTANT]
    assert FOUND.main_score.cpu_seconds == 4.0
    assert FOUND.scores[1].cpu_seconds is None


def test_every_unit_counts_once():
    """Unit d has three rows, one of them early: late are c, a and two thirds of d."""
    assert FOUND.main_score.clipped.late_rate == pytest.approx((1 + 1 + 2 / 3) / 4)
    assert FOUND.main_score.clipped.rmse == pytest.approx(2)
    assert FOUND.main_score.raw.rmse == pytest.approx(np.sqrt((38**2 + 3 * 4) / 4))


def test_the_main_model_is_compared_with_every_other_against_clipped_truth():
    assert FOUND.differences[BOOSTING].mean == pytest.approx(-4)
    assert FOUND.differences[BOOSTING].verdict == "better"
    assert list(FOUND.differences) == [BOOSTING, FROM_SCRATCH, CONSTANT]


def test_transfer_is_fine_tuned_minus_from_scratch_whoever_is_the_main_model():
    assert FOUND.transfer is not None
    assert FOUND.transfer.mean == pytest.approx(0, abs=1e-12)
    told_of_boosting = evaluate(replace(GIVEN, main=BOOSTING), seed=0, resamples=200)
    assert told_of_boosting.transfer == FOUND.transfer


def test_without_a_model_from_scratch_transfer_is_not_known():
    less = {FINE_TUNED: GIVEN.predictions[FINE_TUNED]}
    assert evaluate(replace(GIVEN, predictions=less), seed=0, resamples=20).transfer is None


def test_coverage_counts_clipped_truth_and_weighs_units_alike():
    """Inside: a (as 100), b and two thirds of d; c is missed."""
    assert FOUND.coverage == pytest.approx((1 + 1 + 0 + 2 / 3) / 4)
    assert FOUND.coverage_interval is not None
    assert FOUND.coverage_interval.low <= FOUND.coverage <= FOUND.coverage_interval.high


def test_without_an_interval_there_is_no_coverage():
    found = evaluate(replace(GIVEN, interval_low=None, interval_high=None), seed=0, resamples=20)
    assert found.coverage is None
    assert found.coverage_interval is None


def test_the_same_seed_gives_the_same_evaluation():
    again = evaluate(GIVEN, seed=0, resamples=200)
    assert again.scores == FOUND.scores
    assert again.differences == FOUND.differences


def test_one_unit_is_scored_and_leaves_every_comparison_open():
    one = replace(GIVEN, unit_ids=np.full(6, "only"), interval_low=None, interval_high=None)
    found = evaluate(one, seed=0, resamples=20)
    assert {difference.verdict for difference in found.differences.values()} == {"undecided"}


def test_every_figure_lies_in_its_interval_raw_and_clipped():
    for score in FOUND.scores:
        for metrics, around in (
            (score.clipped, score.clipped_intervals),
            (score.raw, score.raw_intervals),
        ):
            figures = metrics.as_dict()
            assert list(around) == list(FIGURES) == [name for name in figures if name != "count"]
            for figure, interval in around.items():
                assert interval.low - 1e-9 <= figures[figure] <= interval.high + 1e-9


def test_figures_of_one_evaluation_share_their_resamples():
    """With equal errors everywhere all figures of a draw are the same number."""
    same = {FINE_TUNED: TRUTH + np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])}
    score = evaluate(replace(GIVEN, predictions=same), seed=0, resamples=99).main_score

    assert score.raw_intervals["mae"] == score.raw_intervals["bias"]
    assert score.rmse_interval == score.clipped_intervals["rmse"]
    assert FOUND.late_rate_interval == FOUND.main_score.clipped_intervals["late_rate"]


def test_the_table_of_scores_has_both_ends_of_every_interval():
    row = FOUND.to_tables()["scores"].loc[0]

    for truth, around in (
        ("clipped", FOUND.main_score.clipped_intervals),
        ("raw", FOUND.main_score.raw_intervals),
    ):
        for figure, interval in around.items():
            ends = (row[f"{truth}_{figure}_low"], row[f"{truth}_{figure}_high"])
            assert ends == (interval.low, interval.high)


def test_the_table_of_scores_has_no_ends_of_what_is_not_known():
    one = replace(GIVEN, unit_ids=np.full(6, "only"))
    no_truth = replace(GIVEN, truth=np.zeros(6), interval_low=None, interval_high=None)
    of_one = evaluate(one, seed=0, resamples=20).to_tables()["scores"]
    undefined = evaluate(no_truth, seed=0, resamples=20).to_tables()["scores"]

    assert of_one.filter(regex="_(low|high)$").isna().all(axis=None)
    assert of_one["clipped_r2"].notna().all()
    assert undefined[["raw_r2", "raw_r2_low", "raw_mape", "raw_mape_high"]].isna().all(axis=None)
    assert undefined["raw_rmse_low"].notna().all()


def test_alarms_and_courses_are_of_every_reading_and_all_else_of_the_cuts():
    """The cuts hold three rows of d; its horizon begins with the first of ten readings."""
    whole = evaluate(replace(GIVEN, lives=LIFE_OF_D), seed=0, resamples=200)

    assert whole.scores == FOUND.scores
    assert whole.differences == FOUND.differences
    assert whole.coverage == FOUND.coverage
    assert whole.prognostics is not None
    assert whole.prognostics[["unit", "horizon"]].to_numpy().tolist() == [["d", 90.0]]
    assert whole.maintenance is not None
    assert whole.maintenance["cost"].min() == pytest.approx(0.1 / (1 - 10 / 95))
    assert list(whole.to_tables())[-3:] == ["prognostics", "maintenance", "lives"]


@pytest.mark.parametrize("lives", [None, replace(LIFE_OF_D, readings={"d": 96})])
def test_without_every_reading_there_are_neither_alarms_nor_courses(lives: PredictedLives | None):
    found = evaluate(replace(GIVEN, lives=lives), seed=0, resamples=20)
    assert (found.prognostics, found.maintenance) == (None, None)


def test_tables_carry_everything():
    tables = FOUND.to_tables()

    assert list(tables) == ["scores", "differences", "predictions", "units", "coverage"]
    assert tables["scores"].loc[0, "model"] == FINE_TUNED
    assert tables["scores"].loc[0, "clipped_rmse"] == FOUND.main_score.clipped.rmse
    assert tables["scores"].loc[0, "raw_rmse_high"] == FOUND.main_score.raw_rmse_interval.high
    assert tables["differences"]["verdict"].tolist() == [
        FOUND.differences[other].verdict for other in tables["differences"]["other"]
    ]
    assert tables["predictions"].columns.tolist() == [
        "unit", "life", "truth", "predicted_boosting", "predicted_fine_tuned",
        "predicted_from_scratch", "predicted_constant", "interval_low", "interval_high",
    ]  # fmt: skip
    assert tables["predictions"]["truth"].tolist() == TRUTH.tolist()
    assert set(tables["units"]["unit"]) == {"a", "b", "c", "d"}


def test_a_single_model_has_an_empty_table_of_differences_with_its_columns():
    alone = replace(GIVEN, predictions={FINE_TUNED: GIVEN.predictions[FINE_TUNED]})
    table = evaluate(alone, seed=0, resamples=20).to_tables()["differences"]

    assert table.columns.tolist() == ["model", "other", "mean", "low", "high", "verdict"]
    assert table.empty
