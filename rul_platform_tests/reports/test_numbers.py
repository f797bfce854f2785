# ruff: noqa: RUF001  the signs that a reader sees
"""Numbers as a person reads them."""

import math

import pytest

from rul_platform.core.bootstrap import Interval
from rul_platform.reports.numbers import between, counted, plain, signed


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.00"), (9.999, "10.00"), (99.994, "99.99"), (4321.4, "4,321"),
        (6.12e7, "6.1\xa0×\xa010⁷"), (0.1, "0.10"),
        (0.00012, "0.00012"), (math.inf, "∞"), (math.nan, "–"),
    ],
)  # fmt: skip
def test_sizes_from_tiny_to_huge(value, text):
    assert plain(value) == text


def test_zero_has_no_sign():
    assert signed(0.0) == "0.00"


def test_an_interval_from_one_unit_is_not_known():
    assert between(Interval(-math.inf, math.inf)) == "not known from one unit"


def test_a_count_agrees_with_its_noun():
    assert (counted(1, "unit"), counted(0, "unit")) == ("1 unit", "0 units")
