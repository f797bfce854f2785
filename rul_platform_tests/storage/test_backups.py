"""A home folder, copied while it is at work and brought back."""

import hashlib
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from rul_platform.errors import BackupError, KeyFileError, SettingsError
from rul_platform.operation.audit.verify import verify
from rul_platform.operation.signing import make_first, rotate
from rul_platform.settings import Settings
from rul_platform.storage import backups
from rul_platform.storage.backups import RESTORING, KeyCopies, back_up, check, restore
from rul_platform.storage.home import Home
from rul_platform.storage.signing_keys import SigningKeys

ABOUT = {"version": "0.1.0", "made_at": "2026-11-29T08:00:00"}


def opened(folder: Path) -> Home:
    return Home(Settings.read({"RUL_HOME": str(folder)}))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Tables that somebody has open, a ledger with two rows, an artifact, a download."""
    home = opened(tmp_path / "home")
    make_first(home, now=home.now())
    rotate(home, actor="a" * 64, reason="yearly", now=home.now())
    home.store.write({"model.onnx": b"bytes"})
    home.plants.mkdir()
    (home.plants / "pumps.toml").write_text("title = 'Pumps'")
    (home.folder / "cache").mkdir()
    (home.folder / "cache" / "big.zip").write_bytes(b"can be fetched again")
    return home


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_restored_home_holds_all_that_was_recorded(home: Home, tmp_path: Path):
    made = back_up(home.folder, tmp_path / "backup", about=ABOUT)
    KeyCopies.to_save(home.signing, tmp_path / "keys").make()
    rows = home.ledger.rows()

    again = opened(tmp_path / "again")
    assert restore(tmp_path / "backup", again.settings.home) == made
    KeyCopies.to_bring(tmp_path / "keys", again.signing).make()

    assert again.ledger.rows() == rows
    assert again.signing.signer() == home.signing.signer()
    assert (again.plants / "pumps.toml").read_text() == "title = 'Pumps'"
    assert verify(again).exit_code == verify(home).exit_code == 0
    again.engine.dispose()


def test_what_is_written_meanwhile_is_whole_or_not_there(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A key is exchanged after the anchors were copied, and before the tables are."""
    copy = backups._copy

    def write_in_between(source: Path, target: Path) -> None:
        if source.name == "rul.db":
            rotate(home, actor="a" * 64, reason="now", now=home.now())
            home.store.write({"late.onnx": b"late"})
        copy(source, target)

    monkeypatch.setattr(backups, "_copy", write_in_between)
    back_up(home.folder, tmp_path / "backup", about=ABOUT)
    KeyCopies.to_save(home.signing, tmp_path / "keys").make()

    again = opened(tmp_path / "again")
    restore(tmp_path / "backup", again.settings.home)
    KeyCopies.to_bring(tmp_path / "keys", again.signing).make()
    assert len(again.ledger.rows()) == 3
    assert verify(again).exit_code == 0
    again.engine.dispose()


def test_a_backup_has_neither_keys_nor_downloads_nor_what_passes(home: Home, tmp_path: Path):
    made = back_up(home.folder, tmp_path / "backup", about=ABOUT)

    assert {name.partition("/")[0] for name in made.files} == {
        "anchors.jsonl", "plants", "rul.db", "store",
    }  # fmt: skip
    with closing(sqlite3.connect(tmp_path / "backup" / "home" / "rul.db")) as tables:
        assert tables.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert set(hashes(tmp_path / "backup" / "home")) == set(made.files)


def test_keys_are_for_their_owner_alone(home: Home, tmp_path: Path):
    assert len(KeyCopies.to_save(home.signing, tmp_path / "keys").make()) == 3

    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "keys").iterdir()}
    assert ((tmp_path / "keys").stat().st_mode & 0o777, modes) == (0o700, {0o600})
    with pytest.raises(BackupError, match="with something in it"):
        KeyCopies.to_save(home.signing, tmp_path / "keys").make()


def test_a_folder_that_cannot_be_exchanged_is_filled(home: Home, tmp_path: Path):
    """As a disk that is mounted there, or a link to another one."""
    back_up(home.folder, tmp_path / "backup", about=ABOUT)
    (tmp_path / "disk" / "lost+found").mkdir(parents=True)
    (tmp_path / "link").symlink_to("disk")
    made = restore(tmp_path / "backup", tmp_path / "link")

    assert hashes(tmp_path / "disk") == dict(made.files)
    assert {path.name for path in (tmp_path / "disk").iterdir()} == {
        "anchors.jsonl", "lost+found", "plants", "rul.db", "store",
    }  # fmt: skip
    with pytest.raises(BackupError, match="with something in it"):
        restore(tmp_path / "backup", tmp_path / "link")


def test_a_home_whose_restore_was_interrupted_is_not_opened(home: Home, tmp_path: Path):
    back_up(home.folder, tmp_path / "backup", about=ABOUT)
    half = tmp_path / "half"
    (half / RESTORING).mkdir(parents=True)
    with pytest.raises(
        SettingsError, match="a restore into it was interrupted; empty it, and restore"
    ):
        _ = opened(half).engine
    with pytest.raises(BackupError, match="with something in it"):
        restore(tmp_path / "backup", half)
    assert not (half / "rul.db").exists()


def test_a_database_keeps_its_mode(home: Home, tmp_path: Path):
    (home.folder / "rul.db").chmod(0o600)
    back_up(home.folder, tmp_path / "backup", about=ABOUT)
    restore(tmp_path / "backup", tmp_path / "again")
    assert (tmp_path / "again" / "rul.db").stat().st_mode & 0o777 == 0o600


def test_keys_may_lie_on_a_disk_of_their_own(home: Home, tmp_path: Path):
    for name in ("public", "saved"):
        (tmp_path / name / "lost+found").mkdir(parents=True)
    saved, apart = tmp_path / "saved", replace(home.settings, keys=tmp_path / "public")
    names = KeyCopies.to_save(home.signing, saved).make()
    for name in names:
        (home.signing.folder / name).unlink()
    assert KeyCopies.to_bring(saved, Home(apart).signing).make() == names
    assert Home(apart).signing.signer() is not None


def test_a_folder_that_others_may_write_is_refused_before_anything_is_copied(
    home: Home, tmp_path: Path
):
    saved, public = tmp_path / "saved", tmp_path / "public"
    KeyCopies.to_save(home.signing, saved).make()
    for folder in (public, tmp_path / "target"):
        folder.mkdir()
        folder.chmod(0o777)
    apart = SigningKeys(tmp_path / "new", public / "our.key")
    with pytest.raises(KeyFileError, match=r"public is open to others \(mode 0777\)"):
        KeyCopies.to_bring(saved, apart)
    with pytest.raises(KeyFileError, match=r"target is open to others"):
        KeyCopies.to_save(home.signing, tmp_path / "target")
    assert not (tmp_path / "new").exists()


def test_the_key_that_signs_is_saved_from_its_own_place_and_brought_back_there(tmp_path: Path):
    def settings(name: str, key: str) -> Settings:
        return Settings.read({"RUL_HOME": str(tmp_path / name), "RUL_SIGNING_KEY": key})

    home = Home(settings("a", str(tmp_path / "apart" / "our.key")))
    home.signing.make_first()
    home.people.of("Ann", home.now())
    saved = tmp_path / "saved"
    names = KeyCopies.to_save(home.signing, saved).make()
    again = Home(settings("b", str(tmp_path / "there" / "my.key")))

    assert len(names) == 3
    assert "signing.key" in names
    assert KeyCopies.to_bring(saved, again.signing).make() == names
    assert again.signing.signer() == home.signing.signer()
    assert not (again.signing.folder / "signing.key").exists()
    assert (tmp_path / "there" / "my.key").stat().st_mode & 0o777 == 0o600
    checks = Home(settings("c", "none"))
    assert "signing.key" not in KeyCopies.to_bring(saved, checks.signing).make()
    assert "signing.key" not in KeyCopies.to_save(checks.signing, tmp_path / "without").make()
    assert checks.signing.known().keys() == home.signing.known().keys()


def test_other_keys_are_never_overwritten_and_the_same_ones_are_no_hindrance(
    home: Home, tmp_path: Path
):
    saved, again = tmp_path / "saved", opened(tmp_path / "again")
    names = KeyCopies.to_save(home.signing, saved).make()
    assert KeyCopies.to_bring(saved, again.signing).make() == names
    assert KeyCopies.to_bring(saved, again.signing).make() == names
    apart = Settings.read(
        {"RUL_HOME": str(tmp_path / "c"), "RUL_SIGNING_KEY": str(tmp_path / "apart")}
    )
    (tmp_path / "apart").write_bytes(b"another")
    with pytest.raises(
        BackupError, match="apart is another key, but must be not there: move it away"
    ):
        KeyCopies.to_bring(saved, Home(apart).signing)
    assert not (tmp_path / "c" / "keys").exists()
    again.people.of("Ann", again.now())
    with pytest.raises(BackupError, match=r"pseudonyms-\d{4}Q\d.key is another key"):
        KeyCopies.to_bring(saved, again.signing)


@pytest.mark.parametrize("damage", ["changed", "missing", "added", "list"])
def test_a_backup_that_is_not_whole_restores_nothing(home: Home, tmp_path: Path, damage: str):
    backup, target = tmp_path / "backup", tmp_path / "again"
    back_up(home.folder, backup, about=ABOUT)
    match damage:
        case "changed":
            (backup / "home" / "rul.db").write_bytes(b"x")
        case "missing":
            (backup / "home" / "rul.db").unlink()
        case "added":
            (backup / "home" / "plants" / "b.toml").touch()
        case _:
            with (backup / backups.SUMS).open("a") as file:
                file.write("nonsense\n")

    with pytest.raises(BackupError, match="damaged in 1 of its files"):
        restore(backup, target)

    assert not target.exists()


def test_a_folder_that_is_no_backup_is_named(tmp_path: Path):
    with pytest.raises(BackupError, match=r"is no backup, but must be a folder with backup\.json"):
        check(tmp_path)


def test_nothing_is_overwritten(home: Home, tmp_path: Path):
    back_up(home.folder, tmp_path / "backup", about=ABOUT)
    before = hashes(tmp_path / "backup")

    with pytest.raises(BackupError, match="there already"):
        back_up(home.folder, tmp_path / "backup", about=ABOUT)
    with pytest.raises(BackupError, match="inside the home folder"):
        back_up(home.folder, home.folder / "backup", about=ABOUT)
    with pytest.raises(BackupError, match="with something in it"):
        restore(tmp_path / "backup", home.folder)

    assert hashes(tmp_path / "backup") == before
    (tmp_path / "empty").mkdir()
    restore(tmp_path / "backup", tmp_path / "empty")
