import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rul_platform.storage.plant_tables import read_table


def read(data: bytes, name: str = "a.csv", decimal: str = ".") -> pd.DataFrame:
    """A table that is in order; ``unit`` is text."""
    problems: list[str] = []
    table = read_table(data, name, text=["unit"], decimal=decimal, problems=problems)
    assert problems == []
    assert table is not None
    return table


def refused(data: bytes, name: str = "a.csv", decimal: str = ".") -> str:
    """The one problem of a file."""
    problems: list[str] = []
    assert read_table(data, name, text=["unit"], decimal=decimal, problems=problems) is None
    (problem,) = problems
    return problem


@pytest.mark.parametrize(
    "data",
    [
        b"unit,x\n007,1.5\n",
        b"unit;x\r\n007;1.5\r\n",
        b"unit\tx\n007\t1.5",
        b"\xef\xbb\xbfunit,x\n007,1.5\n",
        b'"unit","x"\n"007","1.5"\n',
    ],
)
def test_delimiters_line_ends_marks_and_quotes_do_not_matter(data: bytes):
    table = read(data)

    assert list(table.columns) == ["unit", "x"]
    assert table["unit"].tolist() == ["007"]
    assert table["x"].astype(float).tolist() == [1.5]


def test_lines_are_counted_as_an_editor_counts_them():
    table = read(b"unit,x\na,1\n\nb,2\n\n\n")

    assert table.index.name == "line"
    assert table.index.tolist() == [2, 4]


def test_a_decimal_comma_is_read_when_the_plant_says_so():
    assert read(b"unit;x\na;1,5\n", decimal=",")["x"].tolist() == [1.5]
    assert "divide them by semicolons" in refused(b"unit,x\na,1\n", decimal=",")


def test_one_bad_cell_far_down_does_not_hide_the_numbers_above():
    rows = b"".join(b"a,%d.5\n" % n for n in range(200_000))
    table = read(b"unit,x\n" + rows + b"a,oops\n")

    assert table["x"].iloc[0] == "0.5"
    assert table["x"].iloc[-1] == "oops"


def test_a_parquet_file_counts_its_rows_from_one():
    stream = io.BytesIO()
    pd.DataFrame({"unit": ["a", "b"], "x": [1.0, 2.0]}).to_parquet(stream)
    table = read(stream.getvalue(), "a.parquet")

    assert table.index.name == "row"
    assert table.index.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty; a line with the names of the columns is expected first."),
        (b" \n\n", "the file is empty"),
        (b"\nunit,x\na,1\n", "line 1 is empty; the names of the columns are expected there."),
        (b"PK\x03\x04\x14\xff\xfe\x00", "not UTF-8 text: byte 6 is 0xff. Is it a spreadsheet"),
        (b"unit,x\na,\x00\n", "binary data, not text. Is it a spreadsheet or an archive?"),
        (b"unit,x\n\xe4,1\n", "not UTF-8 text: byte 8 is 0xe4."),
        ("unit,x\na,1\n".encode("utf-16"), "not UTF-8 text: byte 1 is 0xff."),
        (b"unit,x\na,1\nb,2,3\n", "line 3: found 3 columns where the header has 2. Is a value"),
        (
            b"unit,x\na\nb\n",
            "line 2: found 1 columns where the header has 2, and 1 more such lines.",
        ),
    ],
)
def test_bytes_that_are_no_table_are_refused_with_a_reason(data: bytes, message: str):
    assert message in refused(data)


def test_a_damaged_parquet_file_is_refused():
    assert "not a Parquet file (" in refused(b"PAR1garbage", "a.parquet")


@pytest.mark.parametrize("name", ["a.xlsx", "a"])
def test_another_kind_of_file_is_refused(name: str):
    assert "but must be one of .csv, .tsv, .txt, .parquet, .pq." in refused(b"x", name)


@given(data=st.binary(max_size=300), suffix=st.sampled_from([".csv", ".parquet"]))
def test_any_bytes_are_a_table_or_a_problem(data: bytes, suffix: str):
    problems: list[str] = []

    table = read_table(data, f"a{suffix}", text=["unit"], decimal=".", problems=problems)

    assert (table is None) == bool(problems)


@given(text=st.text(alphabet="a1,;\"'\n\r\t .", max_size=80))
def test_any_text_is_a_table_or_a_problem(text: str):
    problems: list[str] = []

    table = read_table(text.encode(), "a.csv", text=["a"], decimal=".", problems=problems)

    assert (table is None) == bool(problems)
