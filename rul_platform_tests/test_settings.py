"""Every setting is checked before anything is done, and a refusal shows no secret."""

from pathlib import Path

import pytest

from rul_platform.errors import SettingsError
from rul_platform.settings import NASA_ARCHIVE, Settings


def test_without_any_setting_everything_has_its_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)

    assert Settings.read({}) == Settings(
        home=tmp_path / ".rul",
        database_url=None,
        cmapss=None,
        cmapss_url=NASA_ARCHIVE,
        filters=None,
    )
    assert not (tmp_path / ".rul").exists()


def test_what_is_given_is_taken(tmp_path: Path):
    (tmp_path / "data").mkdir()

    read = Settings.read(
        {
            "RUL_HOME": str(tmp_path / "new" / "home"),
            "RUL_DATABASE_URL": "postgresql://u:secret@host/rul",
            "RUL_CMAPSS": str(tmp_path / "data"),
            "RUL_CMAPSS_URL": "",
            "RUL_FILTERS": str(tmp_path / "data"),
        }
    )

    assert read == Settings(
        home=tmp_path / "new" / "home",
        database_url="postgresql://u:secret@host/rul",
        cmapss=tmp_path / "data",
        cmapss_url="",
        filters=tmp_path / "data",
    )


def refusal(**environ: str) -> str:
    """What is said about a wrong setting."""
    with pytest.raises(SettingsError) as refused:
        Settings.read(environ)
    return str(refused.value)


def test_a_home_that_is_a_file_or_below_one_is_refused(tmp_path: Path):
    file = tmp_path / "file"
    file.touch()

    assert refusal(RUL_HOME=str(file)) == (
        f"RUL_HOME is '{file}', but must be a folder, or a place for a new one."
    )
    assert refusal(RUL_HOME=str(file / "deeper" / "home")) == (
        f"RUL_HOME is '{file}/deeper/home', but must be a folder, or a place for a new one; {file} is "
        "none."
    )


def test_a_path_that_leads_nowhere_is_refused(tmp_path: Path):
    circle = tmp_path / "circle"
    circle.symlink_to(circle)

    assert "RUL_HOME is '~nobody-is-called-so/x', but must be" in refusal(
        RUL_HOME="~nobody-is-called-so/x"
    )
    assert "Symlink loop" in refusal(RUL_CMAPSS=str(circle))
    assert refusal(RUL_FILTERS="/nowhere.zip") == (
        "RUL_FILTERS is '/nowhere.zip', but must be a zip or a folder that exists."
    )


@pytest.mark.parametrize(
    ("url", "found"), [("mysql://u:secret@h/d", "mysql:…"), ("secret", "no URL")]
)
def test_another_database_is_refused_without_its_password(url: str, found: str):
    assert refusal(RUL_DATABASE_URL=url) == (
        f"RUL_DATABASE_URL is '{found}', but must be a sqlite:/// or postgresql:// URL."
    )
