"""Figures of a benchmark's row, by hand."""

from dataclasses import replace

import numpy as np
import pytest

from rul_platform.core.benchmark import Answers, beyond_cap, scores


def answers(unlimited: list[float]) -> Answers:
    return Answers(
        units=np.array(["a", "b"]),
        truth=np.array([150.0, 100.0]),
        cap=125.0,
        predicted=[np.array([125.0, 97.0])],
        unlimited=[np.array(unlimited)],
        has_far=unlimited != [125.0, 97.0],
    )


def test_raw_is_scored_beyond_the_cap_and_clipped_is_not():
    found = scores(answers([146.0, 97.0]), seed=0)
    assert found["rmse_clipped"] == pytest.approx(np.sqrt(9 / 2))
    assert found["rmse_raw"] == pytest.approx(np.sqrt((16 + 9) / 2))
    assert scores(answers([125.0, 97.0]), seed=0)["rmse_raw"] == pytest.approx(
        np.sqrt((25**2 + 9) / 2)
    )


def test_a_far_head_below_the_cap_takes_nothing_away():
    assert beyond_cap(np.array([120.0]), np.array([0.4]), cap=125.0).tolist() == [120.0]


def test_an_interval_counts_against_the_clipped_truth_and_its_width_by_what_is_near():
    """Two seeds: the truths 125 and 100; the second seed says 40 of the second unit and misses it."""
    given = replace(
        answers([125.0, 97.0]),
        predicted=[np.array([125.0, 97.0]), np.array([125.0, 40.0])],
        unlimited=[np.array([125.0, 97.0])] * 2,
        intervals=[
            (np.array([115.0, 90.0]), np.array([125.0, 110.0])),
            (np.array([115.0, 35.0]), np.array([125.0, 47.0])),
        ],
    )
    found = scores(given, seed=0)
    assert (found["coverage"], found["width"], found["width_near"]) == (0.75, 13.0, 12.0)


def test_without_intervals_nothing_is_said_of_coverage():
    found = scores(answers([125.0, 97.0]), seed=0)
    assert (found["coverage"], found["width"], found["width_near"]) == (None, None, None)
