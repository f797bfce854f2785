from decimal import Decimal

import pandas as pd
import pytest

from rul_platform.core.cells import names, numbers


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([1, 2], [1.0, 2.0]),
        ([True, False], [1.0, 0.0]),
        (["1.5", " 2e3 "], [1.5, 2000.0]),
        ([Decimal("1.25"), Decimal(2)], [1.25, 2.0]),
        (pd.array([1, 2], dtype="Int64"), [1.0, 2.0]),
    ],
)
def test_numbers_are_read_however_a_database_or_file_stores_them(
    cells: list, expected: list[float]
):
    problems: list[str] = []

    assert numbers(pd.DataFrame({"x": cells}), "x", problems).tolist() == expected
    assert problems == []


@pytest.mark.parametrize(
    "cells", [pd.array([1, None], dtype="Int64"), [1.0, None], [None, 2j], [None, None], [1, "x"]]
)
def test_what_is_no_number_is_reported(cells: list):
    problems: list[str] = []

    numbers(pd.DataFrame({"x": cells}), "x", problems)

    assert len(problems) == 1
    assert "where a number is expected" in problems[0]


def test_a_row_of_a_query_is_called_a_row():
    table = pd.DataFrame({"x": ["a"]}, index=pd.RangeIndex(1, 2, name="row"))
    problems: list[str] = []

    numbers(table, "x", problems)

    assert problems == ["row 1, column 'x': found 'a' where a number is expected."]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [([7, 8], ["7", "8"]), ([7.0, 8.0], ["7", "8"]), ([7.5], ["7.5"]), ([" a "], ["a"])],
)
def test_names_are_text_without_blanks_around_them(cells: list, expected: list[str]):
    assert names(pd.DataFrame({"x": cells}), "x", []).tolist() == expected


def test_a_long_cell_is_cut_off_in_the_message():
    problems: list[str] = []

    numbers(pd.DataFrame({"x": ["y" * 500]}), "x", problems)

    assert len(problems[0]) < 120


@pytest.mark.parametrize("cell", [1e300, -1e39, 1.1e15])
def test_numbers_that_no_model_can_scale_are_refused_with_their_place(cell: float):
    table = pd.DataFrame({"x": [1e15, -1e15, cell]}, index=pd.RangeIndex(2, 5, name="line"))
    problems: list[str] = []

    numbers(table, "x", problems)

    assert problems == [
        f"line 4, column 'x': found {cell!r} where a number from -1e+15 to 1e+15 is expected; "
        f"a reading that is missing has to be filled or taken out."
    ]


@pytest.mark.parametrize(
    "cell", ["2024-05-01 10:00", "01.05.2024", "10:00:00", pd.Timestamp("2024-05-01")]
)
def test_points_in_time_are_refused_with_what_to_give_instead(cell: object):
    problems: list[str] = []

    numbers(pd.DataFrame({"time": [cell, cell]}), "time", problems)

    assert "give running hours, as the hours since the unit's first reading" in problems[0]
