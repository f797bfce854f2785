import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from rul_platform.cli.plant import plant
from rul_platform.settings import Settings
from rul_platform.storage.plant_examples import write_simulated_pumps

BROKEN = 'title = "Broken"\n[source]\nfile = "x.csv"\n'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder with one plant that is in order."""
    write_simulated_pumps(tmp_path / "plants")
    return tmp_path


def call(home: Path, *arguments: str) -> Result:
    """Call `rul plant` with this home folder."""
    settings = Settings(home=home, database_url="", cmapss=None, cmapss_url="", filters=None)
    return CliRunner().invoke(plant, arguments, obj=settings)


def test_a_plant_in_order_is_shown_in_figures(home: Path):
    result = call(home, "check", "simulated_pumps")

    assert result.exit_code == 0
    lines = [line.strip() for line in result.output.splitlines()]
    assert lines[0].endswith("simulated_pumps.toml: in order")
    assert "units       24: 20 ran to failure, 4 have not" in lines
    assert "lives       584.3 to 1977.4 hours, median 1059.2; label cap 580" in lines
    assert "conditions  2: heavy, light" in lines
    assert any(
        line.startswith("roles       4 censored, 6 test, 10 train, 4 valid") for line in lines
    )


def test_problems_are_shown_all_at_once_with_exit_code_1(home: Path):
    (home / "plants" / "broken.toml").write_text(BROKEN)

    result = call(home, "check")

    assert result.exit_code == 1
    assert "broken.toml: 5 problems; nothing was stored." in result.output
    assert "[source] file: unknown key; did you mean 'files'?" in result.output
    assert "simulated_pumps.toml: in order" in result.output


def test_too_few_units_are_a_problem_too(home: Path):
    path = home / "plants" / "simulated_pumps.toml"
    path.write_text(path.read_text() + '[transfer]\nheld_out = ["SIM"]\n')
    failures = home / "plants" / "simulated_pumps" / "failures.csv"
    failures.write_text("\n".join(failures.read_text().splitlines()[:3]))

    result = call(home, "check", str(path))

    assert result.exit_code == 1
    assert "2 units that ran to failure, at least 3 needed." in result.output


def test_a_check_as_json_holds_problems_and_figures(home: Path):
    (home / "plants" / "broken.toml").write_text(BROKEN)

    result = call(home, "check", "--json")

    assert result.exit_code == 1
    broken, pumps = json.loads(result.output)
    assert (broken["plant"], broken["ok"], len(broken["problems"])) == ("broken", False, 5)
    assert (pumps["plant"], pumps["ok"], pumps["problems"]) == ("simulated_pumps", True, [])
    assert (pumps["units"], pumps["failed"], pumps["censored"]) == (24, 20, 4)
    assert pumps["roles"] == {"censored": 4, "test": 6, "train": 10, "valid": 4}


def test_a_plant_that_does_not_exist_is_wrong_usage_with_a_suggestion(home: Path):
    result = call(home, "check", "simulated_pump")

    assert result.exit_code == 2
    assert "there is no plant 'simulated_pump'; did you mean 'simulated_pumps'?" in result.output


def test_a_draft_reminds_of_what_is_still_open(home: Path):
    path = home / "plants" / "simulated_pumps.toml"
    path.write_text(path.read_text() + "# CHOOSE this\n# CHOOSE that\n")

    result = call(home, "check", "simulated_pumps")

    assert result.exit_code == 0
    assert "Still marked CHOOSE in the file: 2; decide and remove the word." in result.output


def test_plants_are_listed_with_their_titles_and_troubles(home: Path):
    (home / "plants" / "broken.toml").write_text(BROKEN)
    (home / "plants" / "My Plant.toml").write_text(BROKEN)

    result = call(home, "list")

    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "broken           5 problems: `rul plant check broken`",
        "simulated_pumps  Simulated pumps (made up, no real machine)",
        "My Plant         6 problems: `rul plant check 'My Plant'`",
    ]


def test_a_list_as_json_names_sensors_and_problems(home: Path):
    (found,) = json.loads(call(home, "list", "--json").output)

    assert found["plant"] == "simulated_pumps"
    assert found["life_unit"] == "hours"
    assert found["sensors"] == ["vibration_mm_s", "temperature_c", "pressure_bar", "current_a"]
    assert found["problems"] == []


@pytest.mark.parametrize("command", ["list", "check"])
def test_an_empty_home_says_how_to_begin(command: str, tmp_path: Path):
    result = call(tmp_path, command)

    assert result.exit_code == 0
    assert "Begin with `rul plant init NAME --files 'data/*.csv'`" in result.output
    assert json.loads(call(tmp_path, command, "--json").output) == []


def test_without_the_root_command_the_home_folder_is_unknown():
    result = CliRunner().invoke(plant, ["list"])

    assert result.exit_code == 2
    assert "Call it as `rul plant`, which knows the home folder." in result.output


@pytest.mark.parametrize("name", sorted(plant.commands))
def test_help_teaches_with_examples(name: str):
    command = plant.commands[name]
    assert isinstance(command, click.Command)
    output = CliRunner().invoke(plant, [name, "--help"]).output

    assert "Usage:" in output
    assert name == "list" or f"rul plant {name} " in output


def test_a_cap_above_the_median_life_is_noted_and_no_problem(home: Path):
    path = home / "plants" / "simulated_pumps.toml"
    path.write_text(path.read_text().replace("cap = 580", "cap = 1100"))

    result = call(home, "check")

    assert result.exit_code == 0
    note = (
        "[label] cap: 1100 hours is above the median life 1059.2, so most labels follow from the age "
        "alone; give the horizon in which wear shows."
    )
    assert f"  note        {note}" in result.output
    assert json.loads(call(home, "check", "--json").output)[0]["notes"] == [note]


def test_an_open_choice_in_a_value_is_a_problem(home: Path):
    path = home / "plants" / "simulated_pumps.toml"
    path.write_text(path.read_text().replace('life = "hours"', 'life = "CHOOSE"', 1))

    result = call(home, "check")

    assert result.exit_code == 1
    assert "[columns] life: still CHOOSE, so nobody has decided; give the column" in result.output


def test_readings_with_points_in_time_and_huge_numbers_are_refused_by_file_line_and_column(
    home: Path,
):
    path = home / "plants" / "simulated_pumps" / "readings.csv"
    header, *rows = path.read_text().splitlines()
    place = header.split(",").index("hours")
    first, second = rows[0].split(","), rows[1].split(",")
    first[-1], second[-1] = "1e300", "-1e39"
    path.write_text("\n".join([header, ",".join(first), ",".join(second), *rows[2:]]))

    result = call(home, "check")

    assert result.exit_code == 1
    assert "readings.csv: line 2, column" in result.output
    assert "found 1e+300 where a number from -1e+15 to 1e+15 is expected" in result.output
    assert "(2 such cells in this column)" in result.output

    cells = [row.split(",") for row in rows]
    stamped = [
        [*row[:place], f"2024-05-01 {n:06d}", *row[place + 1 :]] for n, row in enumerate(cells)
    ]
    path.write_text("\n".join([header, *(",".join(row) for row in stamped)]))

    result = call(home, "check")

    assert result.exit_code == 1
    assert "for a life, give running hours, as the hours since the unit's first" in result.output
