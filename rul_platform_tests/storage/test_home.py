"""One folder holds an installation; what cannot be one is refused before anything is written."""

import sqlite3
from pathlib import Path

import pytest

from rul_platform.errors import DatabaseUnreachableError, PlantNameError, SettingsError
from rul_platform.settings import Settings
from rul_platform.storage.database import connect
from rul_platform.storage.home import Home


def home_in(folder: Path | str, **more: str) -> Home:
    """A home that has no data and no network."""
    return Home(Settings.read({"RUL_HOME": str(folder), "RUL_CMAPSS_URL": "", **more}))


def test_opening_a_home_makes_nothing_until_something_is_asked_for(tmp_path: Path):
    home = home_in(tmp_path / "new" / "home")

    assert home.plant_file("pumps") == tmp_path / "new" / "home" / "plants" / "pumps.toml"
    assert not (tmp_path / "new").exists()
    assert home.dagster == tmp_path / "new" / "home" / "dagster"
    assert list((tmp_path / "new" / "home").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_refused_by_every_part():
    for part in ("engine", "store", "dagster", "cmapss"):
        with pytest.raises(SettingsError) as refused:
            getattr(home_in("/proc/foo"), part)

        assert str(refused.value) == (
            "RUL_HOME is '/proc/foo', but must be a folder that can be made and written in, and here "
            "the system says: No such file or directory. Choose another folder, or make this one "
            "writable."
        )


def test_a_folder_that_takes_no_files_is_refused():
    with pytest.raises(
        SettingsError, match="RUL_HOME is '/proc', but must be a folder that can be"
    ):
        _ = home_in("/proc").store


@pytest.mark.parametrize("name", ["what?", "a#b", "100%41", "two words", "?mode=memory"])
def test_sqlite_opens_the_file_in_the_home_folder_whatever_that_is_called(
    tmp_path: Path, name: str
):
    home = home_in(tmp_path / name)

    home.engine.dispose()

    assert [path.name for path in tmp_path.iterdir()] == [name]
    with sqlite3.connect(tmp_path / name / "rul.db") as tables:
        assert tables.execute("SELECT version_num FROM alembic_version").fetchall()
    tables.close()


def test_a_given_database_is_used_instead(tmp_path: Path):
    home = home_in(tmp_path / "home", RUL_DATABASE_URL=f"sqlite:///{tmp_path / 'other.db'}")

    home.engine.dispose()

    assert (tmp_path / "other.db").is_file()
    assert not (tmp_path / "home").exists() or not (tmp_path / "home" / "rul.db").exists()


def test_a_database_whose_folder_cannot_be_made_is_refused():
    with pytest.raises(
        DatabaseUnreachableError, match=r"/proc/foo/rul\.db cannot be used: No such"
    ):
        connect("sqlite:////proc/foo/rul.db")


def test_a_url_that_cannot_be_read_is_not_repeated():
    with pytest.raises(SettingsError, match="RUL_DATABASE_URL is 'no URL'"):
        connect("postgresql://u:secret@host:port/rul")


@pytest.mark.parametrize("name", ["../evil", "a/b", "", "Pumps", "x\n", ".", "a" * 41])
def test_a_name_that_would_leave_the_folder_names_no_file(tmp_path: Path, name: str):
    home = home_in(tmp_path)
    for file in (home.plant_file, home.report_file):
        with pytest.raises(PlantNameError) as refused:
            file(name)

        assert str(refused.value) == (
            f"{name!r} cannot be a plant's name, which is 1 to 40 of a-z, 0-9, _ and -. "
            "`rul plant list` shows the plants."
        )


def test_people_find_a_report_under_the_plants_name(tmp_path: Path):
    assert home_in(tmp_path).report_file("line-2") == tmp_path / "reports" / "line-2.html"
