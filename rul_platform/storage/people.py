"""Who did or said something, without a name: keyed pseudonyms, one key for each quarter.

A pseudonym is ``HMAC-SHA256(key, name)``. Without the key nobody can compute it from a list of names,
so the keys stay out of the database and of its backups: in ``keys`` of the home folder, or where
``RUL_KEYS`` points. Once a quarter's key is dropped, nobody can tell any more who its pseudonyms were.

Belongs here: the keys, and names to pseudonyms. Does not belong here: where the tables hold one
(``personal_rows``), and what is done when a person asks (``operation.privacy``).
"""

import hmac
import re
import secrets
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

from rul_platform.errors import KeyFileError, RecordError
from rul_platform.storage import key_files
from rul_platform.storage.column_types import in_utc
from rul_platform.storage.partial_files import sync_folder

KEY_BYTES = 32
MONTHS_OF_A_QUARTER = 3

_KEY_FILE = re.compile(r"pseudonyms-(\d{4})Q([1-4])\.key", re.ASCII)


def is_key_of_people(name: str) -> bool:
    """Whether a file of this name holds a key of pseudonyms."""
    return _KEY_FILE.fullmatch(name) is not None


class Pseudonyms:
    """Turns names into pseudonyms.

    Any number of processes may ask at once; they all get the same key of a quarter.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[Path, tuple[tuple[int, ...], bytes]] = {}

    def of(self, name: str, at: datetime) -> str:
        """The pseudonym of a person for what happened at ``at``; makes the quarter's key at first.

        Args:
            name: As the person is known, in any Unicode form; spaces around it do not count.
            at: Which quarter, in UTC.

        Returns:
            64 hex digits.

        Raises:
            RecordError: The name is empty or no text, or ``at`` has no time zone.
            KeyFileError: The key is damaged, or others may read or replace it.
        """
        told = _told(name)
        moment = in_utc(at)
        quarter = (moment.month - 1) // MONTHS_OF_A_QUARTER + 1
        path = self._folder / f"pseudonyms-{moment.year:04}Q{quarter}.key"
        if not path.exists():
            key_files.create(path, secrets.token_bytes(KEY_BYTES))
        return _pseudonym(self._read(path), told)

    def all_of(self, name: str) -> tuple[str, ...]:
        """The person's pseudonyms under all keys that are still there, oldest first.

        Raises:
            RecordError: The name is empty or no text.
            KeyFileError: A key is damaged, or others may read or replace it.
        """
        told = _told(name)
        return tuple(_pseudonym(self._read(path), told) for path in self._keys())

    def quarters(self) -> tuple[str, ...]:
        """Quarters whose key is there, as ``2026Q4``, oldest first."""
        return tuple(path.stem.removeprefix("pseudonyms-") for path in self._keys())

    def ended_before(self, moment: datetime) -> tuple[Path, ...]:
        """Keys of quarters that ended at ``moment`` or earlier."""
        return tuple(path for path in self._keys() if _end(path) <= in_utc(moment))

    def drop_keys(self, ended_before: datetime) -> int:
        """Remove the keys of quarters that ended at this moment or earlier.

        Returns:
            How many.
        """
        dropped = self.ended_before(ended_before)
        for path in dropped:
            path.unlink(missing_ok=True)
        if dropped:
            sync_folder(self._folder)
        return len(dropped)

    def _keys(self) -> list[Path]:
        return sorted(path for path in self._folder.glob("*") if is_key_of_people(path.name))

    def _read(self, path: Path) -> bytes:
        """A key; while its file is as it was, from memory."""
        stamp = key_files.stamp(path)
        known = self._known.get(path)
        if known is None or known[0] != stamp:
            known = self._known[path] = stamp, _whole(path)
        return known[1]


def _whole(path: Path) -> bytes:
    key = key_files.read(path)
    if len(key) != KEY_BYTES:
        raise KeyFileError(
            str(path),
            found=f"{len(key)} bytes long",
            expected=f"{KEY_BYTES} bytes long",
            remedy="restore it from a backup; with another key its pseudonyms match nobody",
        )
    return key


def _told(name: str) -> str:
    """The name in its one form.

    Raises:
        RecordError: It is empty or no text.
    """
    told = unicodedata.normalize("NFC", name).strip()
    try:
        told.encode()
    except UnicodeEncodeError as error:
        raise RecordError("A person's name", found=ascii(name), expected="Unicode text") from error
    if not told:
        raise RecordError("A person's name", found="empty", expected="how the person is known")
    return told


def _pseudonym(key: bytes, told: str) -> str:
    return hmac.digest(key, told.encode(), "sha256").hex()


def _end(key_file: Path) -> datetime:
    """When a key's quarter is over: the first moment of the next one."""
    found = _KEY_FILE.fullmatch(key_file.name)
    assert found  # noqa: S101  only such files are listed
    year, quarter = map(int, found.groups())
    months = year * 12 + quarter * MONTHS_OF_A_QUARTER
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)
