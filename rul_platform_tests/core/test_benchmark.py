"""Figures of a benchmark's row, by hand."""

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
