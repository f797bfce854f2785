import pytest
from hypothesis import given
from hypothesis import strategies as st

from rul_platform.core.wilson import wilson


def test_a_published_example():
    """R. G. Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263, two-sided 95 %, method 3."""
    low, high = wilson(81, 263, 0.975)

    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)


def test_of_none_nothing_is_known():
    assert wilson(0, 0, 0.95) == (0.0, 1.0)


@given(total=st.integers(1, 10_000), data=st.data(), confidence=st.floats(0.5, 0.9999))
def test_the_bounds_enclose_the_share_and_mirror_each_other(total, data, confidence):
    positive = data.draw(st.integers(0, total))
    low, high = wilson(positive, total, confidence)
    mirrored_low, mirrored_high = wilson(total - positive, total, confidence)

    assert 0 <= low <= positive / total + 1e-9
    assert positive / total - 1e-9 <= high <= 1
    assert mirrored_low == pytest.approx(1 - high, abs=1e-9)
    assert mirrored_high == pytest.approx(1 - low, abs=1e-9)
