"""Which unit carries how much of the error."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rul_platform.core.unit_errors import unit_errors


def test_two_units_by_hand():
    """Unit a errs by +10 once in two rows; unit b by -3."""
    found = unit_errors(["b", "a", "a"], [50, 20, 30], [47, 20, 40]).set_index("unit")

    assert found.index.tolist() == ["a", "b"]
    assert found.loc["a", "rows"] == 2
    assert found.loc["a", "mean_truth"] == 25
    assert found.loc["a", "mean_predicted"] == 30
    assert found.loc["a", "mean_error"] == 5
    assert found.loc["a", "rmse"] == pytest.approx(np.sqrt(50))
    assert found.loc["a", "share_of_squared_error"] == pytest.approx(50 / 59)
    late, early = np.expm1(1.0) / 2, np.expm1(3 / 13)
    assert found.loc["a", "share_of_score"] == pytest.approx(late / (late + early))


def test_without_any_error_no_unit_has_a_share():
    assert unit_errors(["a", "b"], [1, 2], [1, 2])["share_of_score"].tolist() == [0, 0]


@given(
    rows=st.lists(
        st.tuples(st.sampled_from("abcde"), st.floats(0, 300), st.floats(0, 300)),
        min_size=1, max_size=30,
    )
)  # fmt: skip
def test_shares_sum_to_one_and_the_worst_unit_comes_first(rows):
    units, truth, predicted = (list(column) for column in zip(*rows, strict=True))
    found = unit_errors(units, truth, predicted)

    assert found["rows"].sum() == len(rows)
    assert found["share_of_score"].is_monotonic_decreasing
    assert found["share_of_score"].sum() == pytest.approx(1) or found["share_of_score"].sum() == 0
