"""Figures of one unit's course, worked by hand."""

from dataclasses import replace

import numpy as np
import pytest

from rul_platform.core.predicted_lives import PredictedLives
from rul_platform.core.prognostics import (
    Course,
    alpha_lambda,
    convergence,
    courses,
    cumulative_relative_accuracy,
    prognostic_figures,
    prognostic_horizon,
    relative_accuracy,
)
from rul_platform.errors import EvaluationError

#                        life  truth  predicted  error
ROWS = np.array(
    [
        [100.0, 100.0, 140.0],  # 40
        [150.0, 50.0, 65.0],  # 15
        [180.0, 20.0, 22.0],  # 2
        [200.0, 0.0, 1.0],  # 1
    ]
)
COURSE = Course(*ROWS.T)


def test_the_cone_narrows_with_the_true_life():
    """At the quarter (125) the nearest row is 100 or 150: the first of two equally near."""
    assert COURSE.at(0.25) == 0
    assert not alpha_lambda(COURSE, 0.25)  # 40 > 20 % of 100
    assert not alpha_lambda(COURSE, 0.5)  # 15 > 20 % of 50
    assert alpha_lambda(COURSE, 0.75)  # 2 <= 20 % of 20, at 180
    assert alpha_lambda(COURSE, 0.5, alpha=0.3)  # 15 <= 30 % of 50


def test_the_horizon_counts_from_where_errors_stay_below_a_part_of_the_whole_life():
    """The whole life is 200: 10 % are 20, kept from 150 on, when 50 were left."""
    assert prognostic_horizon(COURSE, alpha=0.1) == 50.0
    assert prognostic_horizon(COURSE, alpha=0.2) == 100.0
    assert prognostic_horizon(COURSE, alpha=0.001) == 0.0


def test_a_lucky_hit_is_no_horizon():
    lucky = Course(ROWS[:, 0], ROWS[:, 1], np.array([100.0, 90.0, 22.0, 1.0]))
    assert prognostic_horizon(lucky, alpha=0.1) == 20.0


def test_relative_accuracy_is_one_where_the_error_is_nothing():
    assert relative_accuracy(COURSE, 0.5) == pytest.approx(1 - 15 / 50)
    assert np.isnan(relative_accuracy(COURSE, 1.0))
    assert cumulative_relative_accuracy(COURSE) == pytest.approx(1 - (0.4 + 0.3 + 0.1) / 3)


def test_convergence_is_the_distance_to_the_centroid_under_the_error_curve():
    """Steps of 50, 30 and 20 with errors 40, 15 and 2: area 2000 + 450 + 40."""
    area = 2490.0
    x = (2000 * 125 + 450 * 165 + 40 * 190) / area
    y = 0.5 * (50 * 1600 + 30 * 225 + 20 * 4) / area
    assert convergence(COURSE) == pytest.approx(np.hypot(x - 100, y))


def test_a_perfect_course_converges_at_once():
    perfect = Course(ROWS[:, 0], ROWS[:, 1], ROWS[:, 1])
    assert convergence(perfect) == 0.0
    assert prognostic_horizon(perfect) == 100.0
    assert cumulative_relative_accuracy(perfect) == 1.0


TRUTH = np.array([0.0, 20.0, 50.0, 100.0, 20.0, 10.0])
LIVES = PredictedLives(
    unit_ids=np.array(["a"] * 4 + ["b"] * 2),
    life=np.array([200.0, 180.0, 150.0, 100.0, 30.0, 40.0]),
    truth=TRUTH,
    predicted=TRUTH,
    readings={"a": 4, "b": 2},
)


def test_courses_begin_below_the_cap_and_go_by_life():
    """Unit a has three rows below the cap, given backwards; unit b only two."""
    found = courses(LIVES, cap=100.0)
    assert list(found) == ["a"]
    assert found["a"].life.tolist() == [150.0, 180.0, 200.0]
    assert found["a"].end == 200.0


def test_cuts_of_a_life_have_no_course():
    with pytest.raises(EvaluationError, match="unit a was predicted at 4 of its 101 readings"):
        courses(replace(LIVES, readings={"a": 101, "b": 2}), cap=100.0)


def test_all_figures_stand_in_one_row_for_each_unit():
    (row,) = prognostic_figures({"a": COURSE}).to_dict("records")
    assert row["unit"] == "a"
    assert row["horizon"] == 100.0
    assert (row["alpha_lambda_25"], row["alpha_lambda_75"]) == (False, True)
    assert row["relative_accuracy_75"] == pytest.approx(0.9)
