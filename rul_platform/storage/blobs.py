"""Bytes under their sha256, wherever they lie: what an artifact store asks of a folder or a bucket.

Belongs here: the promise, and measuring bytes. Does not belong here: who keeps it (``folder_blobs``,
``object_blobs``), what an artifact is (``artifacts``).
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from rul_platform.errors import CorruptArtifactError, MissingArtifactError
from rul_platform.storage.manifests import FileEntry
from rul_platform.storage.partial_files import chunks

_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


class Blobs(Protocol):
    """Complete or absent, hashed at every read, never another content under the same name.

    Every method that reads or writes may raise ``StoreUnreachableError`` where the bytes lie on another
    machine.
    """

    @property
    def place(self) -> str:
        """Where they lie, for people: a path or a URL without secrets."""
        ...

    def keep(self, content: bytes | Path) -> FileEntry:
        """Have these bytes; what is there and whole is not written again, what is damaged is mended."""
        ...

    def confirm(self, entry: FileEntry) -> None:
        """Make sure that bytes kept before are whole, and that no removal is about to take them.

        Raises as :meth:`get`.
        """
        ...

    def settle(self, entries: Iterable[FileEntry]) -> None:
        """Make names outlive a power failure, also those that another writer has just given."""
        ...

    def get(self, sha256: str) -> bytes:
        """The bytes of this name as they lie there now, never from a cache.

        Raises:
            MissingArtifactError: There are none.
            CorruptArtifactError: They were changed.
        """
        ...

    def read(self, entry: FileEntry) -> bytes:
        """The bytes of one file, hashed anew. Raises as :meth:`get`."""
        ...

    def path(self, entry: FileEntry) -> Path:
        """A file on this machine with these bytes, hashed anew. Raises as :meth:`get`.

        Open it at once: the copy of a file from elsewhere may be gone two minutes later.
        """
        ...

    def check(self, entry: FileEntry) -> None:
        """Read and hash the bytes where they lie, in small memory. Raises as :meth:`get`."""
        ...

    def manifests(self) -> Iterator[tuple[str, bytes]]:
        """Name and bytes of all that begins as a manifest does."""
        ...

    def remove(self, sha256: str, *, idle_only: bool = False) -> int:
        """Remove these bytes; gives how many they were, 0 where there were none.

        Args:
            sha256: Which.
            idle_only: Not where a writer may be about to use them.
        """
        ...

    def writing(self) -> AbstractContextManager[None]:
        """Stands around a write."""
        ...

    def removing(self) -> AbstractContextManager[None]:
        """Stands around a removal."""
        ...

    def reach(self) -> None:
        """Nothing, where the place answers.

        Raises:
            StoreUnreachableError: It does not.
        """
        ...

    def sweep(self) -> int:
        """Remove what killed writers left behind; gives how many files or uploads that were."""
        ...


def measure(content: bytes | Path) -> FileEntry:
    """Hash and size, in small memory."""
    digest, size = hashlib.sha256(), 0
    for chunk in chunks(content):
        digest.update(chunk)
        size += len(chunk)
    return FileEntry(digest.hexdigest(), size)


def require(found: FileEntry, expected: FileEntry, *, source: str) -> None:
    """Refuse bytes that are not the named ones; a cut off file is told as one.

    Raises:
        CorruptArtifactError: Hash or size differ.
    """
    if found == expected:
        return
    shown = [
        each.sha256 if found.size == expected.size else f"{each.sha256} ({each.size} bytes)"
        for each in (found, expected)
    ]
    raise CorruptArtifactError(source, found=shown[0], expected=shown[1])


def blob_name(sha256: str, *, place: str) -> str:
    """Where bytes lie below the store's place: ``ab/abcd…``.

    Raises:
        MissingArtifactError: It is no sha256. It may come from a person: never a way out of the place.
    """
    if not _SHA256.fullmatch(sha256):
        raise MissingArtifactError(sha256, store=place)
    return f"{sha256[:2]}/{sha256}"


def sha256_in(name: str) -> str | None:
    """The sha256 that ``blob_name`` gave this name for; None for other names."""
    sha256 = name[3:]
    return sha256 if _SHA256.fullmatch(sha256) and name[:3] == f"{sha256[:2]}/" else None
