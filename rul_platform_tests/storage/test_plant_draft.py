from pathlib import Path

import pytest

from rul_platform.core.plant import parse_plant
from rul_platform.core.plant_sections import FileSource
from rul_platform.errors import PlantFileError
from rul_platform.storage.plant_draft import MOST_FILES, draft_from_files
from rul_platform.storage.plant_examples import write_simulated_pumps


def test_a_draft_of_the_simulated_pumps_finds_what_its_own_plant_file_says(tmp_path: Path):
    shipped = parse_plant(write_simulated_pumps(tmp_path).read_text(), "pumps")

    drafted = parse_plant(
        draft_from_files(tmp_path, "simulated_pumps/readings.csv", title="x"), "pumps"
    )

    assert drafted.sensors == shipped.sensors
    assert drafted.columns.unit == shipped.columns.unit
    assert drafted.columns.life == shipped.columns.life
    assert drafted.columns.life_unit == shipped.columns.life_unit


def test_a_look_reads_only_some_of_many_files(tmp_path: Path):
    for number in range(2 * MOST_FILES + 1):
        (tmp_path / f"{number:03d}.csv").write_text("t,x\n0,1\n1,2\n")

    text = draft_from_files(tmp_path, "*.csv", title="x")

    assert "# looked at: 34\n" in text


def test_a_pattern_without_files_is_refused(tmp_path: Path):
    with pytest.raises(
        PlantFileError, match=r"matches no file; looked below .* Is the path right\?"
    ):
        draft_from_files(tmp_path, "*.csv", title="x")


def test_files_that_cannot_be_read_are_all_named(tmp_path: Path):
    (tmp_path / "a.csv").write_bytes(b"")
    (tmp_path / "b.csv").write_bytes(b"\xff")

    with pytest.raises(PlantFileError) as caught:
        draft_from_files(tmp_path, "*.csv", title="x")
    assert [problem[:6] for problem in caught.value.problems] == ["a.csv:", "b.csv:"]


def test_decimal_commas_are_recognised_and_written_down(tmp_path: Path):
    for name in "abc":
        (tmp_path / f"{name}.csv").write_text("hours;flow\n0,5;1,5\n1,5;1,75\n2,5;2\n")

    text = draft_from_files(tmp_path, "*.csv", title="x")

    plant = parse_plant(text, "p")
    assert isinstance(plant.source, FileSource)
    assert plant.source.decimal == ","
    assert plant.columns.life == "hours"
    assert plant.sensors == {"flow": "flow"}
    assert 'decimal = ","  # numbers like 1,5 were found' in text


def test_decimal_commas_beside_commas_between_columns_are_left_out_with_the_reason(tmp_path: Path):
    (tmp_path / "a.csv").write_text('hours,flow,p\n0,"1,5",1\n1,"1,75",2\n')
    (tmp_path / "b.csv").write_text('hours,flow,p\n0,"1,5",1\n1,"x",2\n')

    text = draft_from_files(tmp_path, "*.csv", title="x")

    assert "decimal = " not in text
    assert parse_plant(text, "p").sensors == {"p": "p"}
