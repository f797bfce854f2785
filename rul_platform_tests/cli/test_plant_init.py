from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from rul_platform.cli.plant import plant
from rul_platform.core.plant import parse_plant
from rul_platform.errors import (
    ArchiveError,
    DataNotFoundError,
    PlantFileError,
    RulPlatformError,
)
from rul_platform.settings import Settings


@pytest.fixture(autouse=True)
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that a person stands in; three pumps' files are below it."""
    folder = tmp_path / "work"
    (folder / "data").mkdir(parents=True)
    for name in "abc":
        text = f"pump,hours,Flow (l/min)\n{name},0,1\n{name},1,2\n{name},2,4\n"
        (folder / "data" / f"{name}.csv").write_text(text)
    monkeypatch.chdir(folder)
    return folder


def call(home: Path, *arguments: str) -> Result:
    """Call `rul plant` with this home folder."""
    settings = Settings(home=home, database_url="", cmapss=None, cmapss_url="", filters=None)
    return CliRunner().invoke(plant, arguments, obj=settings)


def refusal(home: Path, *arguments: str) -> RulPlatformError:
    """The error that the root command turns into a message and exit code 1."""
    error = call(home, *arguments).exception
    assert isinstance(error, RulPlatformError)
    return error


def test_a_draft_is_written_and_is_in_order(tmp_path: Path):
    result = call(tmp_path, "init", "line2", "--files", "data/*.csv", "--title", "Line 2")

    assert result.exit_code == 0
    path = tmp_path / "plants" / "line2.toml"
    assert result.output.splitlines() == [
        f"Wrote {path}",
        "Next: open it and decide what is marked CHOOSE (1), then `rul plant check line2`",
    ]
    written = parse_plant(path.read_text(), "line2")
    assert written.title == "Line 2"
    assert written.sensors == {"flow_l_min": "Flow (l/min)"}
    assert call(tmp_path, "check", "line2").exit_code == 0


def test_a_pattern_below_the_plant_folder_stays_relative(working_folder: Path):
    home = working_folder.parent / "home"
    (home / "plants").mkdir(parents=True)
    (working_folder / "data").rename(home / "plants" / "data")

    result = call(home, "init", "p", "--files", "../home/plants/data/*.csv")
    assert result.exit_code == 0
    result = call(home, "init", "q", "--files", str(home / "plants" / "data" / "*.csv"))
    assert result.exit_code == 0

    assert f'files = "{home}/plants/data/*.csv"' in (home / "plants" / "p.toml").read_text()
    assert 'files = "data/*.csv"' in (home / "plants" / "q.toml").read_text()
    assert call(home, "check").exit_code == 0


def test_a_plant_file_that_exists_is_never_overwritten(tmp_path: Path):
    assert call(tmp_path, "init", "--example", "simulated_pumps").exit_code == 0
    path = tmp_path / "plants" / "simulated_pumps.toml"
    path.write_text("mine")

    error = refusal(tmp_path, "init", "simulated_pumps", "--files", "data/*.csv")

    assert "simulated_pumps.toml: 1 problem" in str(error)
    assert "it exists and is not overwritten; take another name, or see `rul plant check" in str(
        error
    )
    assert path.read_text() == "mine"


def test_an_example_can_have_another_name(tmp_path: Path):
    result = call(tmp_path, "init", "line2", "--example", "simulated_pumps")

    assert result.output.splitlines()[1] == "Next: `rul plant check line2`"
    assert call(tmp_path, "check", "line2").exit_code == 0


def test_files_that_match_nothing_write_nothing(tmp_path: Path):
    error = refusal(tmp_path, "init", "line2", "--files", "data/*.parquet")

    assert isinstance(error, PlantFileError)
    assert "matches no file; looked below" in str(error)
    assert not (tmp_path / "plants").exists()


def test_examples_without_their_data_say_how_to_get_it(tmp_path: Path):
    filters = refusal(tmp_path, "init", "--example", "filters")
    fleet = refusal(tmp_path, "init", "--example", "fd003_fleet")

    assert isinstance(filters, DataNotFoundError)
    assert "Give its zip or folder with --from, or set RUL_FILTERS." in str(filters)
    assert isinstance(fleet, DataNotFoundError)
    assert "RUL_CMAPSS" in str(fleet)


def test_an_examples_data_is_taken_from_where_it_is_given(tmp_path: Path, working_folder: Path):
    error = refusal(tmp_path, "init", "--example", "filters", "--from", str(working_folder))

    assert isinstance(error, ArchiveError)
    assert str(working_folder) in str(error)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Give exactly one of --files PATTERN (your data) and --example NAME."),
        (["x", "--files", "*", "--example", "filters"], "Give exactly one of --files PATTERN"),
        (["--files", "*.csv"], "Give the plant a NAME, as in: rul plant init line2 --files"),
        (
            ["Line 2", "--files", "*.csv"],
            "'Line 2' cannot be a plant's name, which is 1 to 40 of a-z",
        ),
        (
            ["x", "--files", "*", "--from", "."],
            "--from goes with --example; your own data is named by",
        ),
        (
            ["--example", "filters", "--title", "x"],
            "--title goes with --files; an example has its own",
        ),
        (["--example", "pumps"], "'pumps' is not one of"),
    ],
)
def test_wrong_usage_has_exit_code_2_and_says_what_is_right(
    arguments: list[str], message: str, tmp_path: Path
):
    result = call(tmp_path, "init", *arguments)

    assert result.exit_code == 2
    assert message in " ".join(result.output.split())


@pytest.mark.data
def test_both_real_examples_are_in_order(real_data: Path, tmp_path: Path):
    zips = {"filters": "phme20_filters.zip", "fd003_fleet": "CMAPSSData.zip"}
    for example, archive in zips.items():
        given = str(real_data / archive)
        assert call(tmp_path, "init", "--example", example, "--from", given).exit_code == 0

    result = call(tmp_path, "check")

    assert result.exit_code == 0
    assert "24: 20 ran to failure" not in result.output
    assert "32: 32 ran to failure, 0 have not" in result.output
    assert "20: 20 ran to failure, 0 have not" in result.output
