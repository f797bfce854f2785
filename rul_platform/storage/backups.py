"""A backup of a home folder while it is at work, and a home from a backup.

    backup.json     of which version, when
    SHA256SUMS      one line for each file of the home, which ``sha256sum --check`` reads
    home/           anchors.jsonl, every SQLite database as of one moment, then all other files;
                    tables.dump, where the tables are on PostgreSQL

Anchors are copied before the tables, so that none speaks of a row that the copy lacks; artifacts after
them, so that each row finds its files. Left out are downloads (``cache``), live figures (``training``)
and keys: a backup that holds them opens what they protect, so they go elsewhere or not at all.

Belongs here: the files of the home folder. Does not belong here: PostgreSQL (``postgres_dumps``).
"""

import hashlib
import json
import os
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from rul_platform.core.signatures import PrivateKey
from rul_platform.errors import BackupError
from rul_platform.storage import key_files
from rul_platform.storage.signing_keys import PRIVATE, SigningKeys

ABOUT, SUMS, HOME = "backup.json", "SHA256SUMS", "home"
ANCHORS, STORE, KEYS = "anchors.jsonl", "store", "keys"
TABLES = "tables.dump"
RESTORING = ".restore.partial"
"""A folder in a home whose restore was interrupted: the home is not whole."""
LOST_AND_FOUND = "lost+found"
"""The system's own, at the top of a disk."""
LEFT_OUT = ("cache", "training", KEYS, LOST_AND_FOUND)
PASSING = (".lock", ".partial", "-journal", "-shm", "-wal")
"""Ends of names that mean something to a running process alone."""

_SQLITE = b"SQLite format 3\0"
_LINE = re.compile(r"([0-9a-f]{64})  home/(.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A backup that is whole.

    Attributes:
        files: Names in the home folder, with the sha256 of each.
        about: What ``backup.json`` says.
    """

    files: Mapping[str, str]
    about: Mapping[str, str]


def back_up(
    home: Path,
    target: Path,
    *,
    about: Mapping[str, str],
    dump_tables: Callable[[Path], None] | None = None,
) -> Backup:
    """Copy a home folder; nobody has to stop working.

    Args:
        home: The home folder.
        target: Where the backup is made; complete or absent.
        about: Facts to keep with it.
        dump_tables: Writes the tables into a file, where they are not in the home folder.

    Raises:
        BackupError: There is something at ``target``, or it lies in the home folder.
    """
    if target.exists():
        raise BackupError(target, "there already", "a folder that is not there yet")
    if target.resolve().is_relative_to(home.resolve()):
        raise BackupError(target, "inside the home folder", "outside, best on another disk")
    partial = _beside(target)
    sums = dict[str, str]()
    for name in _in_order(home, has_dump=dump_tables is not None):
        copy = partial / HOME / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            if name == TABLES and dump_tables is not None:
                dump_tables(copy)
            else:
                _copy(home / name, copy)
        except FileNotFoundError:
            continue  # a file in the making, or one that was cleaned away meanwhile
        sums[name] = _sha256(copy)
    text = json.dumps(dict(about), indent=1)
    (partial / ABOUT).write_text(f"{text}\n", encoding="utf-8")
    lines = [f"{sha256}  {HOME}/{name}\n" for name, sha256 in sorted(sums.items())]
    (partial / SUMS).write_text("".join(lines), encoding="utf-8")
    os.sync()
    partial.rename(target)
    return Backup(files=sums, about=about)


def check(backup: Path) -> Backup:
    """See whether every file is there as it was.

    Raises:
        BackupError: It is no backup, or a file is missing, changed or added.
    """
    try:
        about = json.loads((backup / ABOUT).read_text(encoding="utf-8"))
        lines = (backup / SUMS).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise BackupError(backup, "no backup", f"a folder with {ABOUT} and {SUMS}") from error
    entries = [_LINE.fullmatch(line) for line in lines]
    files = {entry[2]: entry[1] for entry in entries if entry is not None}
    there = {str(path.relative_to(backup / HOME)) for path in _files(backup / HOME)}
    wrong = {
        name
        for name in there | set(files)
        if name not in there or name not in files or _sha256(backup / HOME / name) != files[name]
    }
    if wrong or len(files) != len(lines):
        named = ", ".join(sorted(wrong)[:3]) or SUMS
        found = f"damaged in {max(len(wrong), 1)} of its files ({named})"
        raise BackupError(backup, found, "as it was made; take another one")
    return Backup(files=files, about=about)


def restore(backup: Path, home: Path) -> Backup:
    """Make a home folder from a backup that is whole; complete or absent.

    In a folder that cannot be exchanged for another, as a mounted disk or a link, files are gathered in
    a folder in it and then moved up: nothing opens a home where that is still there.

    Raises:
        BackupError: The backup is damaged, or there is a home already.
    """
    found = check(backup)
    if not _is_empty(home):
        raise BackupError(home, "a folder with something in it", "empty or not there: move it away")
    partial = _gathering_place(home)
    for name in found.files:
        copy = partial / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(backup / HOME / name, copy)
    os.sync()
    if partial.parent != home:
        partial.rename(home)
        return found
    for path in sorted(partial.iterdir()):
        path.rename(home / path.name)
    partial.rmdir()
    return found


def _gathering_place(home: Path) -> Path:
    """A new folder that becomes the home, or, where that cannot be exchanged, one in it."""
    try:
        if home.exists():
            home.rmdir()
    except OSError:
        return _new(home / RESTORING)
    return _beside(home)


def check_keys(folder: Path, backup: Path) -> int:
    """See whether saved keys can be read, belong together, and signed what is in a backup.

    Keys that were saved before the newest one came still open the door to what is older.

    Returns:
        How many public ones there are.

    Raises:
        KeyFileError: One is damaged.
        BackupError: None of them signed the backup's ledger, or the private one is another's.
    """
    known = SigningKeys.beside(folder).known()
    private = _keys_in(folder).get(PRIVATE)
    if private is not None:
        key = PrivateKey.from_pem(private.read_bytes(), source=str(private))
        if key.public.id not in known:
            raise BackupError(private, "a key without its public one", "one of the installation's")
    signers = set(_signers(backup / HOME / ANCHORS))
    if signers and not signers & known.keys():
        found = "a folder without any key that signed this backup's ledger"
        raise BackupError(folder, found, "the keys of the same installation")
    return len(known)


def _signers(anchors: Path) -> Iterator[str]:
    """Ids of keys, of the lines that can be read."""
    for line in anchors.read_bytes().splitlines() if anchors.exists() else ():
        with suppress(ValueError, KeyError, TypeError):
            yield str(json.loads(line)["key_id"])


@dataclass(frozen=True, slots=True)
class KeyCopies:
    """Keys to be copied, for their owner alone, once it is known that nothing stands in the way.

    Attributes:
        files: By its name, where each is and where it belongs.
    """

    files: Mapping[str, tuple[Path, Path]]

    @classmethod
    def to_save(cls, keys: SigningKeys, target: Path) -> "KeyCopies":
        """All keys of an installation, into one folder.

        Raises:
            BackupError: There is something at ``target``, or there are no keys.
            KeyFileError: Others may replace files in that folder.
        """
        found = _keys_in(keys.folder)
        if keys.private is not None and keys.private.exists():
            found[PRIVATE] = keys.private
        if not _is_empty(target):
            raise BackupError(target, "a folder with something in it", "empty or not there")
        return cls({name: (path, target / name) for name, path in found.items()})._with_room()

    @classmethod
    def to_bring(cls, source: Path, keys: SigningKeys) -> "KeyCopies":
        """Keys that were saved, to where an installation has its own.

        The one that signs goes where this process has it, and stays where it is if this one signs
        nothing. What is there already with the same bytes, as after a try that failed, is no hindrance.

        Raises:
            BackupError: There are other keys, or nothing at ``source``.
            KeyFileError: Others may replace files in a folder for them.
        """
        found = _keys_in(source)
        files = {
            name: (path, keys.folder / name) for name, path in found.items() if name != PRIVATE
        }
        if keys.private is not None and PRIVATE in found:
            files[PRIVATE] = found[PRIVATE], keys.private
        places = {target: path for path, target in files.values()}
        there = set(_keys_in(keys.folder).values()) if keys.folder.exists() else set[Path]()
        for path in sorted(there | set(filter(Path.exists, places))):
            if path not in places or path.read_bytes() != places[path].read_bytes():
                raise BackupError(path, "another key", "not there: move it away")
        return cls(files)._with_room()

    def make(self) -> tuple[str, ...]:
        """Copy them; gives their names."""
        for source, target in self.files.values():
            key_files.create(target, source.read_bytes())
        return tuple(sorted(self.files))

    def _with_room(self) -> "KeyCopies":
        for folder in {target.parent for _, target in self.files.values()}:
            nearest = next(place for place in (folder, *folder.parents) if place.exists())
            if not os.access(nearest, os.W_OK):
                raise BackupError(
                    nearest, "a folder in which nothing can be written", "another one"
                )
            if nearest == folder:
                key_files.refuse_open_folder(folder)
        return self


def _is_empty(folder: Path) -> bool:
    """Whether nothing of anybody's is there."""
    return not folder.exists() or all(path.name == LOST_AND_FOUND for path in folder.iterdir())


def _keys_in(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise BackupError(folder, "not there", "a folder with keys")
    files = (path for path in folder.iterdir() if path.is_file())
    return {path.name: path for path in files if not path.name.endswith(PASSING)}


def _in_order(home: Path, *, has_dump: bool) -> Iterator[str]:
    """Names of all files to copy: anchors, tables and databases, others, artifacts."""

    def turn(path: Path) -> tuple[int, str]:
        name = str(path.relative_to(home))
        if name == ANCHORS:
            return 0, name
        if _is_database(path):
            return 1, name
        return (3 if name.startswith(f"{STORE}/") else 2), name

    first = home / ANCHORS
    if first.is_file():
        yield ANCHORS
    if has_dump:
        yield TABLES
    for turned in (1, 2, 3):  # looked for anew: artifacts come while databases are copied
        found = sorted(map(turn, _files(home)))
        yield from (name for each, name in found if each == turned and name != TABLES)


def _files(folder: Path) -> Iterator[Path]:
    for where, folders, names in os.walk(folder):
        here = Path(where)
        if here == folder:
            folders[:] = [name for name in folders if name not in LEFT_OUT]
        folders[:] = [name for name in folders if not name.endswith("partial")]
        yield from (here / name for name in names if not name.endswith(PASSING))


def _copy(source: Path, target: Path) -> None:
    if not _is_database(source):
        shutil.copy2(source, target)
        return
    address = f"{source.absolute().as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(address, uri=True)) as before,
        closing(sqlite3.connect(target)) as to,
    ):
        before.backup(to)
        to.execute("PRAGMA journal_mode = DELETE")  # one file, without what is written ahead
    shutil.copymode(source, target)


def _is_database(path: Path) -> bool:
    if path.suffix != ".db":
        return False
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except FileNotFoundError:
        return False


def _beside(folder: Path) -> Path:
    """A new folder beside this one, to be renamed to it."""
    return _new(folder.absolute().with_name(f"{folder.absolute().name}.partial"))


def _new(folder: Path) -> Path:
    """An empty one."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
