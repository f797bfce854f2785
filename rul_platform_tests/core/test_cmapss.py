"""C-MAPSS text becomes a checked table, or the first bad line is named."""

import hashlib
import zipfile
from pathlib import Path

import numpy as np
import pytest

from rul_platform.core import cmapss
from rul_platform.core.columns import COLUMNS, INFORMATIVE
from rul_platform.errors import MalformedRowError, WrongHashError

SAMPLE = Path(__file__).parents[1] / "data"
TRAIN, TEST, RUL = ((SAMPLE / name).read_bytes() for name in cmapss.file_names(cmapss.SIMULATED))

ENGINES_AND_ROWS = {
    "train_FD001.txt": (100, 20631),
    "train_FD002.txt": (260, 53759),
    "train_FD003.txt": (100, 24720),
    "train_FD004.txt": (249, 61249),
    "test_FD001.txt": (100, 13096),
    "test_FD002.txt": (259, 33991),
    "test_FD003.txt": (100, 16596),
    "test_FD004.txt": (248, 41214),
}
"""Counted in the files. NASA's readme says 248 training and 249 test engines for FD004."""


@pytest.fixture(scope="module")
def nasa(real_data: Path):
    """NASA's files, by name."""
    with zipfile.ZipFile(real_data / "CMAPSSData.zip") as archive:
        return {name: archive.read(name) for name in cmapss.PUBLISHED_SHA256}


def test_the_table_has_26_columns_in_the_files_order():
    table = cmapss.parse_cycles(TRAIN, "train")

    assert list(table.columns) == [column.name for column in COLUMNS]
    assert table["unit"].dtype == table["cycle"].dtype == np.int64
    assert (table.dtypes[2:] == np.float64).all()
    assert len(table) == TRAIN.count(b"\n")
    assert " ".join(f"{value:g}" for value in table.iloc[0][:2]) == "1 1"
    assert f"{table['W32'].iloc[-1]:.4f}".encode() == TRAIN.split()[-1]


@pytest.mark.parametrize(
    "respace",
    [
        pytest.param(lambda text: text.replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param(lambda text: text.replace(b"  \n", b"\n"), id="no trailing blanks"),
        pytest.param(lambda text: text.replace(b"  \n", b"\r\n"), id="CRLF, no trailing blanks"),
        pytest.param(lambda text: text.replace(b"  \n", b"\n", 1), id="one line without blanks"),
        pytest.param(lambda text: text.replace(b" ", b"   "), id="three blanks"),
        pytest.param(lambda text: text.replace(b" ", b"\t"), id="tabs"),
        pytest.param(lambda text: b"  " + text.replace(b"\n", b"\n  "), id="leading blanks"),
        pytest.param(lambda text: text.rstrip(), id="no line end at the end"),
        pytest.param(lambda text: text + b"\n\r\n", id="empty lines at the end"),
    ],
)
def test_spacing_changes_neither_the_numbers_nor_the_published_form(respace):
    copy = respace(TRAIN)

    assert copy != TRAIN
    assert cmapss.parse_cycles(copy, "copy").equals(cmapss.parse_cycles(TRAIN, "train"))
    assert cmapss.published_form(copy) == TRAIN


def test_a_rul_file_has_one_blank_at_the_end_of_a_line():
    assert cmapss.published_form(RUL.replace(b" \n", b"\r\n")) == RUL


def test_a_file_that_is_not_the_published_one_is_refused_with_both_hashes():
    expected = cmapss.PUBLISHED_SHA256["train_FD001.txt"]
    message = (
        f"folder/train_FD001.txt: sha256 is {hashlib.sha256(TRAIN).hexdigest()}, the published "
        f"file has {expected}, and the two differ in content"
    )
    with pytest.raises(WrongHashError) as refusal:
        cmapss.check_published("train_FD001.txt", TRAIN, source="folder/train_FD001.txt")
    assert str(refusal.value).startswith(message)


def test_a_training_engine_fails_at_its_last_cycle():
    fleet = cmapss.training_fleet(TRAIN, "train")

    assert fleet.sensors == INFORMATIVE
    assert fleet.units["unit"].tolist() == ["1", "2", "3"]
    assert fleet.units["rul_at_end"].tolist() == [0, 0, 0]
    assert fleet.readings.columns[:3].tolist() == ["unit", "life", "condition"]
    assert set(fleet.readings["condition"]) == {"0"}
    assert fleet.rul()[-1] == 0
    assert fleet.rul()[0] == fleet.units["rows"][0] - 1


def test_a_test_engine_has_the_published_rul_after_its_last_cycle():
    fleet = cmapss.held_out_fleet(TEST, RUL, "test", "rul")

    truth = [int(word) for word in RUL.split()]
    assert fleet.units["rul_at_end"].tolist() == truth
    assert fleet.rul()[-1] == truth[-1]


def test_too_few_ruls_are_refused():
    message = (
        r"RUL_SIM.txt, line 2: found 2 RULs where one for each of the 3 test engines is expect"
    )
    with pytest.raises(MalformedRowError, match=message):
        cmapss.held_out_fleet(TEST, b"\n".join(RUL.split()[:2]), "test_SIM.txt", "RUL_SIM.txt")


def test_the_nearest_altitude_names_the_condition():
    altitude = np.array([[-0.01, 4.9, 5.1], [20.005, 24.9, 60.0]])

    assert cmapss.operating_condition(altitude).tolist() == [["0", "0", "10"], ["20", "25", "42"]]


@pytest.mark.data
@pytest.mark.parametrize(("name", "counts"), ENGINES_AND_ROWS.items())
def test_nasas_files_have_the_counted_engines_and_rows(nasa, name, counts):
    table = cmapss.parse_cycles(nasa[name], name)

    assert (table["unit"].nunique(), len(table)) == counts
    assert table["unit"].iloc[-1] == counts[0]
    altitude = table["altitude"].to_numpy()
    level = cmapss.operating_condition(altitude).astype(np.float64)
    assert np.abs(altitude - level).max() < 0.01
    assert len(np.unique(level)) == (6 if name[-5] in "24" else 1)


@pytest.mark.data
@pytest.mark.parametrize("subset", cmapss.SUBSETS)
def test_every_test_engine_of_nasa_has_a_rul(nasa, subset):
    _, test, rul = cmapss.file_names(subset)

    fleet = cmapss.held_out_fleet(nasa[test], nasa[rul], test, rul)

    assert len(fleet.units) == ENGINES_AND_ROWS[test][0]
    rul_cycles = fleet.units["rul_at_end"].to_numpy()
    assert rul_cycles.min() >= 6
    assert rul_cycles.max() <= 195


@pytest.mark.data
def test_the_shortest_test_engine_of_fd004_has_19_cycles(nasa):
    fleet = cmapss.held_out_fleet(nasa["test_FD004.txt"], nasa["RUL_FD004.txt"], "test", "rul")

    assert fleet.units["rows"].to_numpy().min() == 19


@pytest.mark.data
@pytest.mark.parametrize("name", cmapss.PUBLISHED_SHA256)
def test_nasas_bytes_and_a_respaced_copy_are_accepted(nasa, name):
    data = nasa[name]

    assert cmapss.check_published(name, data) is data
    copy = data.replace(b"  \n", b"\n").replace(b" \n", b"\n").replace(b"\n", b"\r\n")
    assert cmapss.check_published(name, copy) == data


@pytest.mark.data
def test_a_copy_of_nasas_file_with_one_other_digit_is_refused(nasa):
    altered = nasa["train_FD001.txt"].replace(b"641.82", b"641.83", 1)

    with pytest.raises(WrongHashError, match=r"train_FD001\.txt: sha256 is"):
        cmapss.check_published("train_FD001.txt", altered)
