"""How often intervals held the truth, by what was predicted."""

from dataclasses import replace

import numpy as np
import pytest

from rul_platform.core.evaluation import evaluate
from rul_platform.core.predicted_units import PredictedUnits

GIVEN = PredictedUnits(
    title="Coverage",
    life_unit="cycles",
    cap=100.0,
    unit_ids=np.array(["a", "a", "a", "b", "b", "c"]),
    life=np.arange(6.0),
    truth=np.array([10.0, 12.0, 95.0, 300.0, 15.0, 99.0]),
    predictions={"lstm": np.array([10.0, 11.0, 90.0, 95.0, 19.0, 90.0])},
    main="lstm",
    interval_low=np.array([9.0, 10.0, 85.0, 90.0, 17.0, 80.0]),
    interval_high=np.array([11.0, 11.5, 99.0, 100.0, 21.0, 98.0]),
)


def test_every_band_has_its_own_share_by_hand():
    """Below 20: of a one of two (weight 1/3 each), of b none (1/2). From 80: a and b, not c."""
    found = evaluate(GIVEN, seed=0, resamples=200).coverage_by_band
    assert found is not None
    below, above = found.to_dict("records")
    assert (below["band"], below["units"], below["rows"]) == ("below 20", 2, 3)
    assert below["coverage"] == pytest.approx((1 / 3) / (2 / 3 + 1 / 2))
    assert below["width"] == pytest.approx((2 / 3 + 1.5 / 3 + 4 / 2) / (2 / 3 + 1 / 2))
    assert (above["band"], above["units"]) == ("80 or more", 3)
    assert above["coverage"] == pytest.approx((1 / 3 + 1 / 2) / (1 / 3 + 1 / 2 + 1))
    assert above["low"] <= above["coverage"] <= above["high"]


def test_without_intervals_there_is_no_coverage():
    bare = replace(GIVEN, interval_low=None, interval_high=None)
    found = evaluate(bare, seed=0, resamples=20)
    assert (found.coverage, found.coverage_by_band) == (None, None)
    assert "coverage" not in found.to_tables()
