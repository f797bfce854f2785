"""Each way in which a file can break the format, and what the user is told."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rul_platform.core.cmapss import parse_cycles
from rul_platform.core.cmapss_rows import parse_rul, read_by_row
from rul_platform.errors import MalformedRowError

SAMPLE = (Path(__file__).parents[1] / "data" / "train_SIM.txt").read_bytes()


def row(unit: object = 1, cycle: object = 1, sensors: str = "0.5 " * 24) -> str:
    """One row of 26 numbers."""
    return f"{unit} {cycle} {sensors}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            row() + row(cycle=2, sensors="0.5 " * 23),
            "bad.txt, line 2: found 25 columns where a row of 26 columns is expected. Is the file "
            "cut off, or of another data set? Nothing of it was stored.",
            id="25 columns",
        ),
        pytest.param(
            row() + row(cycle=2, sensors="0.5 " * 26),
            "bad.txt, line 2: found 28 columns where a row of 26 columns",
            id="28 columns",
        ),
        pytest.param(
            row() + row(cycle=2, sensors="0.5 " * 3 + "NaN " + "0.5 " * 20),
            "bad.txt, line 2, column T2: found 'NaN' where a finite number is expected",
            id="NaN",
        ),
        pytest.param(
            row(unit="inf") + row(unit="inf"),
            "bad.txt, line 1, column unit: found 'inf' where a whole number from 1 is expected",
            id="infinite engines",
        ),
        pytest.param(
            row(sensors="0.5 " * 23 + "-inf"),
            "bad.txt, line 1, column W32: found '-inf' where a finite number is expected",
            id="infinity",
        ),
        pytest.param(
            "\n\n" + row(sensors="high " + "0.5 " * 23),
            "bad.txt, line 3, column altitude: found 'high' where a finite number is expected",
            id="text, after empty lines",
        ),
        pytest.param(
            row(sensors="0_5 " + "0.5 " * 23),
            "bad.txt, line 1, column altitude: found '0_5' where a finite number",
            id="a number only to Python",
        ),
        pytest.param(
            row() + row(cycle=2) + row(cycle=2),
            "bad.txt, line 3, column cycle: found cycle 2 of engine 1 where cycle 3 is expected",
            id="cycle doubled",
        ),
        pytest.param(
            row() + row(cycle=3),
            "bad.txt, line 2, column cycle: found cycle 3 of engine 1 where cycle 2 is expected",
            id="gap",
        ),
        pytest.param(
            row(cycle=2),
            "bad.txt, line 1, column cycle: found cycle 2 of engine 1 where cycle 1 is expected",
            id="begins late",
        ),
        pytest.param(
            row() + row(unit=2, cycle=2),
            "bad.txt, line 2, column cycle: found cycle 2 of engine 2 where cycle 1 is expected",
            id="second engine begins late",
        ),
        pytest.param(
            row() + row(unit=2) + row(cycle=2),
            "bad.txt, line 3, column unit: found engine 1 after engine 2 where engine 2 or later",
            id="engine torn apart",
        ),
        pytest.param(
            row(cycle=1.5),
            "bad.txt, line 1, column cycle: found '1.5' where a whole number from 1 is expected",
            id="half a cycle",
        ),
        pytest.param(
            row(unit=0),
            "bad.txt, line 1, column unit: found '0' where a whole number from 1 is expected",
            id="engine 0",
        ),
        pytest.param(
            row(unit="1e300"),
            "bad.txt, line 1, column unit: found '1e300' where a whole number from 1",
            id="engine number too large",
        ),
        pytest.param(
            "unit,cycle\n1,1\n",
            "bad.txt, line 1: found 1 column where a row of 26 columns is expected",
            id="another format",
        ),
        pytest.param(
            row(sensors="\x00\x7f" + " 0.5" * 23),
            r"bad.txt, line 1, column altitude: found '\x00\x7f' where a finite number",
            id="binary",
        ),
        pytest.param("", "bad.txt, line 1: found an empty file where a row of 26", id="empty"),
        pytest.param("\n \n", "bad.txt, line 1: found an empty file where a row", id="only blanks"),
    ],
)
def test_the_first_bad_line_is_named(text: str, message: str):
    with pytest.raises(MalformedRowError) as refusal:
        parse_cycles(text.encode(), "bad.txt")
    assert str(refusal.value).startswith(message)


def outcome(read, data: bytes) -> object:
    """The numbers, or what the refusal says."""
    try:
        return np.asarray(read(data, "file"), dtype=np.float64).tolist()
    except MalformedRowError as refusal:
        return str(refusal)


@settings(deadline=None)
@given(
    at=st.integers(0, len(SAMPLE) - 1),
    length=st.integers(0, 3),
    instead=st.text(" \n\r\t0159.-+eENaif_\"',;#x\x00", max_size=4),
)
def test_both_readers_agree_on_any_damage(at: int, length: int, instead: str):
    """The fast reader takes nothing that the rules refuse, and reads no number differently."""
    damaged = SAMPLE[:at] + instead.encode() + SAMPLE[at + length :]

    assert outcome(parse_cycles, damaged) == outcome(read_by_row, damaged)


def test_one_rul_for_each_engine():
    assert parse_rul(b"112 \n98 \r\n\n0", "rul", engines=3).tolist() == [112, 98, 0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            b"112 \n98 \n",
            "RUL.txt, line 2: found 2 RULs where one for each of the 3 test engines is expected",
        ),
        (b"1\n2\n3\n4\n", "RUL.txt, line 4: found 4 RULs where one for each of the 3 test engines"),
        (b"", "RUL.txt, line 1: found 0 RULs where one for each of the 3 test engines"),
        (
            b"1\n2 3\n",
            "RUL.txt, line 2, column rul: found '2 3' where a whole number of cycles from 0 is",
        ),
        (b"1\n-2\n3", "RUL.txt, line 2, column rul: found '-2' where a whole number of cycles"),
        (b"1\n2.5\n3", "RUL.txt, line 2, column rul: found '2.5' where a whole number of cycles"),
        (b"nan\n2\n3", "RUL.txt, line 1, column rul: found 'nan' where a whole number of cycles"),
        (b"inf\n2\n3", "RUL.txt, line 1, column rul: found 'inf' where a whole number of cycles"),
    ],
)
def test_a_bad_rul_file_is_refused(text: bytes, message: str):
    with pytest.raises(MalformedRowError) as refusal:
        parse_rul(text, "RUL.txt", engines=3)
    assert str(refusal.value).startswith(message)
