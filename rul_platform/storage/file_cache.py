"""Copies on this machine of files that lie elsewhere, for libraries that open files by path.

    folder/ab/abcd…    a copy, named by its sha256
    folder/partial/…   copies in the making

A copy is hashed when it is made and each time that it is asked for, so a damaged one is made anew. The
folder stays below a size: what was used longest ago goes first, except what was used in the last
minutes, since somebody may be about to open it. Any number of processes may share it.

Belongs here: keeping and dropping copies. Does not belong here: where they come from (``object_blobs``).
"""

import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from rul_platform.errors import StoreFullError
from rul_platform.storage.blobs import blob_name, measure, require
from rul_platform.storage.manifests import FileEntry
from rul_platform.storage.partial_files import DISK_FULL, partial_file, sweep

IN_USE_SECONDS = 120.0
"""A copy that was asked for within this time is not dropped, even where the folder is too large."""


class FileCache:
    """Copies in one folder."""

    def __init__(
        self, folder: Path, *, limit_bytes: int, clock: Callable[[], float] = time.time
    ) -> None:
        """Name the folder; it is made when the first copy is.

        Args:
            folder: Which.
            limit_bytes: What all copies may take together.
            clock: Seconds since 1970, as the file system counts them.
        """
        self.folder = folder
        self._limit_bytes, self._clock = limit_bytes, clock
        self._partial = folder / "partial"

    def get(self, entry: FileEntry) -> Path | None:
        """The copy of a file; None where there is none, or where it was damaged."""
        path = self._path(entry)
        try:
            if measure(path) != entry:
                path.unlink(missing_ok=True)
                return None
        except FileNotFoundError:
            return None
        self._touch(path)
        return path

    def add(self, chunks: Iterable[bytes], *, expected: FileEntry | None, source: str) -> FileEntry:
        """Copy a file, and drop what is too much.

        Args:
            chunks: Its bytes.
            expected: What they must be; None for whatever they are.
            source: Where they come from, for the error.

        Raises:
            CorruptArtifactError: They are something else; there is no copy.
            StoreFullError: The disk has no room.
        """
        try:
            with partial_file(self._partial) as partial:
                for chunk in chunks:
                    partial.write(chunk)
                entry = FileEntry(partial.sha256, partial.size)
                if expected is not None:
                    require(entry, expected, source=source)
                partial.publish(self._path(entry))
        except OSError as error:
            if error.errno not in DISK_FULL:
                raise
            raise StoreFullError(str(self.folder), error.strerror or str(error)) from error
        self._touch(self._path(entry))
        self.trim()
        return entry

    def place_of(self, entry: FileEntry) -> Path:
        """Where the copy lies that was made just now."""
        return self._path(entry)

    def trim(self) -> None:
        """Drop what was used longest ago until the rest fits."""
        found = sorted(self._copies())
        total = sum(size for _, _, size in found)
        in_use_since = self._clock() - IN_USE_SECONDS
        for used_at, path, size in found:
            if total <= self._limit_bytes or used_at >= in_use_since:
                return
            path.unlink(missing_ok=True)
            total -= size

    def sweep(self) -> int:
        """Remove what killed processes left half copied; gives how many that were."""
        return sweep(self._partial)

    def _copies(self) -> Iterable[tuple[float, Path, int]]:
        for path in self.folder.glob("??/*"):
            with suppress(FileNotFoundError):  # another process drops, too
                stat = path.stat()
                yield stat.st_mtime, path, stat.st_size

    def _touch(self, path: Path) -> None:
        """Note that it is in use; a copy of another user is its owner's to note."""
        now = self._clock()
        with suppress(PermissionError, FileNotFoundError):
            os.utime(path, (now, now))

    def _path(self, entry: FileEntry) -> Path:
        return self.folder / blob_name(entry.sha256, place=str(self.folder))
