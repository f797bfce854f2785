"""Names become keyed pseudonyms; without the key nobody gets from one to the other."""

import hashlib
import hmac
import stat
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from rul_platform.errors import KeyFileError, RecordError
from rul_platform.storage.people import Pseudonyms
from rul_platform_tests.storage import at_once

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LAST_QUARTER = datetime(2026, 9, 30, 23, 59, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_pseudonym_is_the_hmac_of_the_name_under_the_key_of_the_quarter(folder: Path):
    pseudonym = Pseudonyms(folder).of("Ann Ode", NOW)

    key = (folder / "pseudonyms-2026Q4.key").read_bytes()
    assert len(key) == 32
    assert pseudonym == hmac.new(key, b"Ann Ode", hashlib.sha256).hexdigest()


def test_a_person_stays_the_same_within_a_quarter_and_is_another_in_the_next(folder: Path):
    people = Pseudonyms(folder)

    assert people.of("ann", NOW) == people.of("ann", NOW + timedelta(days=30))
    assert people.of("ann", NOW) == Pseudonyms(folder).of("ann", NOW)
    assert people.of("ann", NOW) != people.of("ann", LAST_QUARTER)
    assert people.of("ann", NOW) != people.of("bob", NOW)
    assert people.all_of("ann") == (people.of("ann", LAST_QUARTER), people.of("ann", NOW))


def test_the_quarter_is_that_of_utc(folder: Path):
    new_year_in_berlin = datetime(2027, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=1)))

    Pseudonyms(folder).of("ann", new_year_in_berlin)

    assert names(folder) == ["pseudonyms-2026Q4.key"]


def test_spaces_and_the_form_of_an_accent_do_not_make_another_person(folder: Path):
    people = Pseudonyms(folder)

    assert people.of(" Zoe\u0308 ", NOW) == people.of("Zo\u00eb", NOW)
    assert people.of("zo\u00eb", NOW) != people.of("Zo\u00eb", NOW)


@pytest.mark.parametrize(
    ("name", "found"),
    [(" \t", "empty, but must be how"), ("a\udcff", "'a.udcff', but must be Uni")],
)
def test_a_name_that_is_none_is_refused(folder: Path, name: str, found: str):
    with pytest.raises(RecordError, match=rf"A person's name is {found}"):
        Pseudonyms(folder).of(name, NOW)


def test_nobody_else_may_read_a_key(folder: Path):
    Pseudonyms(folder).of("ann", NOW)

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()] == [0o600]


def test_a_key_that_others_may_read_is_refused(folder: Path):
    Pseudonyms(folder).of("ann", NOW)
    key = folder / "pseudonyms-2026Q4.key"
    key.chmod(0o640)

    with pytest.raises(KeyFileError) as refused:
        Pseudonyms(folder).all_of("ann")

    assert str(refused.value) == (
        f"{key} is open to others (mode 0640), but must be its owner's alone (mode 0600): "
        f"chmod 600 {key}."
    )


def test_a_folder_in_which_others_may_replace_a_key_is_refused(folder: Path):
    Pseudonyms(folder).of("ann", NOW)
    folder.chmod(0o777)

    with pytest.raises(KeyFileError) as refused:
        Pseudonyms(folder).of("ann", NOW)

    assert str(refused.value) == (
        f"{folder} is open to others (mode 0777), but must be its owner's alone (mode 0755): "
        f"chmod go-w {folder}."
    )


def test_a_key_that_was_cut_off_is_refused(folder: Path):
    Pseudonyms(folder).of("ann", NOW)
    key = folder / "pseudonyms-2026Q4.key"
    key.write_bytes(key.read_bytes()[:16])

    with pytest.raises(KeyFileError) as refused:
        Pseudonyms(folder).of("ann", NOW)

    assert str(refused.value) == (
        f"{key} is 16 bytes long, but must be 32 bytes long: restore it from a backup; with another "
        "key its pseudonyms match nobody."
    )


def ask(_: int, folder: Path) -> str:
    return Pseudonyms(folder).of("ann", NOW)


def test_of_racing_processes_and_threads_all_get_the_same_key(folder: Path):
    other = folder.parent / "other"

    in_processes = set(at_once.in_processes(ask, 3, [folder]))
    in_threads = set(at_once.in_threads(lambda number: ask(number, other), 16))

    assert len(in_processes) == len(in_threads) == 1
    assert names(folder) == names(other) == ["pseudonyms-2026Q4.key"]


def test_only_keys_of_quarters_that_are_over_are_dropped(folder: Path):
    people = Pseudonyms(folder)
    before = people.of("ann", LAST_QUARTER)
    now = people.of("ann", NOW)
    (folder / "note.txt").touch()
    end = datetime(2026, 10, 1, tzinfo=UTC)

    assert people.drop_keys(end - timedelta(seconds=1)) == 0
    assert people.all_of("ann") == (before, now)
    assert people.drop_keys(end) == 1
    assert people.all_of("ann") == (now,)
    assert people.drop_keys(datetime(2026, 12, 31, tzinfo=UTC)) == 0
    assert names(folder) == ["note.txt", "pseudonyms-2026Q4.key"]


def test_without_any_key_nobody_has_a_pseudonym(folder: Path):
    assert Pseudonyms(folder).all_of("ann") == ()
    assert Pseudonyms(folder).drop_keys(NOW) == 0
    assert not folder.exists()
