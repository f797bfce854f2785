"""Blobs in a folder: files named by their hash, read-only, published by a rename.

    root/ab/abcd…      bytes, named by their sha256
    root/partial/…     files in the making; what a killed writer leaves there is swept by the next one

Needs a file system with atomic rename and ``flock``.

Belongs here: a folder. Does not belong here: a bucket (``object_blobs``).
"""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rul_platform.core.canonical import sha256 as sha256_of
from rul_platform.errors import CorruptArtifactError, MissingArtifactError
from rul_platform.storage.blobs import blob_name, measure
from rul_platform.storage.manifests import MANIFEST_BEGINS, FileEntry
from rul_platform.storage.partial_files import chunks, partial_file, sweep, sync_folder


class FolderBlobs:
    """As ``Blobs`` says. Any number of processes may write at once."""

    def __init__(self, root: Path) -> None:
        """Name the folder; it is made by the first write."""
        self.root = root
        self._partial = root / "partial"

    @property
    def place(self) -> str:
        """The folder's path."""
        return str(self.root)

    def keep(self, content: bytes | Path) -> FileEntry:
        """As ``Blobs`` says."""
        entry = measure(content)
        path = self._path(entry.sha256)
        if path.exists() and measure(path) == entry:
            return entry
        with partial_file(self._partial) as partial:
            for chunk in chunks(content):
                partial.write(chunk)
            written = FileEntry(partial.sha256, partial.size)  # a source may change under our hands
            partial.publish(self._path(written.sha256))
        return written

    def confirm(self, entry: FileEntry) -> None:
        """As ``Blobs`` says."""
        self.path(entry)

    def settle(self, entries: Iterable[FileEntry]) -> None:
        """As ``Blobs`` says."""
        for folder in sorted({self._path(entry.sha256).parent for entry in entries}):
            sync_folder(folder)
        sync_folder(self.root)

    def get(self, sha256: str) -> bytes:
        """As ``Blobs`` says."""
        path = self._path(sha256)
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            raise MissingArtifactError(sha256, store=self.place) from error
        found = sha256_of(data)
        if found != sha256:
            raise CorruptArtifactError(str(path), found=found, expected=sha256)
        return data

    def read(self, entry: FileEntry) -> bytes:
        """As ``Blobs`` says."""
        return self.get(entry.sha256)

    def path(self, entry: FileEntry) -> Path:
        """As ``Blobs`` says; it is the stored file itself."""
        path = self._path(entry.sha256)
        try:
            found = measure(path)
        except FileNotFoundError as error:
            raise MissingArtifactError(entry.sha256, store=self.place) from error
        if found != entry:
            raise CorruptArtifactError(str(path), found=found.sha256, expected=entry.sha256)
        return path

    def check(self, entry: FileEntry) -> None:
        """As ``Blobs`` says."""
        self.path(entry)

    def manifests(self) -> Iterator[tuple[str, bytes]]:
        """As ``Blobs`` says."""
        for path in self.root.glob("??/*"):
            with path.open("rb") as stream:
                if stream.read(len(MANIFEST_BEGINS)) == MANIFEST_BEGINS:
                    yield path.name, MANIFEST_BEGINS + stream.read()

    def remove(self, sha256: str, *, idle_only: bool = False) -> int:
        """As ``Blobs`` says; all are idle here, since writers wait."""
        del idle_only
        path = self._path(sha256)
        try:
            size = path.stat().st_size
            path.unlink()
        except FileNotFoundError:
            return 0
        return size

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Writers share the folder with each other."""
        with self._locked(fcntl.LOCK_SH):
            sweep(self._partial)
            yield

    @contextmanager
    def removing(self) -> Iterator[None]:
        """One that removes has the folder alone."""
        with self._locked(fcntl.LOCK_EX):
            yield

    def reach(self) -> None:
        """As ``Blobs`` says; a folder that is not there is made by the first write."""

    def sweep(self) -> int:
        """As ``Blobs`` says."""
        return sweep(self._partial)

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        self.root.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, how)
            yield
        finally:
            os.close(descriptor)

    def _path(self, sha256: str) -> Path:
        return self.root / blob_name(sha256, place=self.place)
