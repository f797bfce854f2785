"""Bands of remaining life: where each number falls."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rul_platform.core.bands import band_confusion, band_edges, band_labels
from rul_platform.errors import EvaluationError

LIVES = st.floats(-10, 400)


def test_four_predictions_by_hand():
    """An edge belongs to the band above it; below zero counts as the first band."""
    found = band_confusion(
        [0, 25, 99, 300], [-3, 24.9, 100, 125], band_edges(125), life_unit="cycles"
    )

    assert found.to_numpy().tolist() == [[1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 1]]
    assert list(found.index) == ["below 25", "25 to 62.5", "62.5 to 100", "100 or more"]
    assert found.index.name == "true RUL (cycles)"
    assert found.columns.name == "predicted RUL (cycles)"


def test_a_prediction_near_the_cap_is_right_for_a_unit_that_has_more():
    """A model that learned capped labels cannot say 300."""
    found = band_confusion([300], [121], band_edges(125), life_unit="cycles")

    assert found.loc["100 or more", "100 or more"] == 1


@given(pairs=st.lists(st.tuples(LIVES, LIVES), min_size=1, max_size=40))
def test_every_row_is_counted_once(pairs):
    truth, predicted = np.array(pairs).T
    found = band_confusion(truth, predicted, (20.0, 50.0), life_unit="h")

    assert found.to_numpy().sum() == len(pairs)
    assert found.shape == (3, 3)
    assert np.trace(band_confusion(truth, truth, (20.0, 50.0), life_unit="h").to_numpy()) == len(
        pairs
    )


def test_one_edge_makes_two_bands():
    assert band_labels([30]) == ("below 30", "30 or more")


@pytest.mark.parametrize("edges", [(), (5.0, 5.0), (9.0, 2.0)])
def test_edges_ascend(edges):
    with pytest.raises(EvaluationError, match=r"edges are \[.*\], expected one or more, ascending"):
        band_confusion([1], [1], edges, life_unit="h")
