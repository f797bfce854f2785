"""The artifact store: files named by the hash of their content, complete or absent, never changed.

    root/ab/abcd…      a file, or the manifest of an artifact, named by the sha256 of its bytes
    root/partial/…     files in the making; what a killed writer leaves there is swept by the next one

An artifact is the set of named files that one materialisation made. Its manifest lists name, hash and
size of each and is stored last, like a tree in git: an artifact whose manifest is there is whole. All it
takes to check one is ``sha256sum``. Needs a file system with atomic rename and ``flock``.

Belongs here: bytes. Does not belong here: what they mean, and which artifact is the current one.
"""

import fcntl
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rul_platform.core.canonical import sha256 as sha256_of
from rul_platform.errors import (
    CorruptArtifactError,
    MissingArtifactError,
    MissingFileError,
    StoreError,
    StoreFullError,
)
from rul_platform.storage.manifests import (
    MANIFEST_BEGINS,
    Artifact,
    FileEntry,
    check_names,
    manifest,
    parse,
)
from rul_platform.storage.partial_files import (
    DISK_FULL,
    chunks,
    partial_file,
    sweep,
    sync_folder,
)

_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


class ArtifactStore:
    """Artifacts in one folder. Any number of processes may write to it at once."""

    def __init__(self, root: Path) -> None:
        """Open a store; its folder is made by the first write."""
        self.root = root
        self._partial = root / "partial"

    def keep(self, content: bytes | Path) -> FileEntry:
        """Store one file ahead of its artifact: a part of long work, which may be interrupted.

        Until :meth:`write` names it in an artifact, nobody meets it.

        Raises:
            StoreFullError: The disk has no room.
        """
        with self._room():
            entry = self._keep(content)
            self._sync([entry])
        return entry

    def holds(self, entry: FileEntry) -> bool:
        """Whether a file is there, whole."""
        return self._problem(entry) is None

    def kept_path(self, entry: FileEntry) -> Path:
        """As :meth:`path`, of a file that :meth:`keep` stored.

        Raises:
            MissingArtifactError: The file was removed.
            CorruptArtifactError: The file was changed.
        """
        return self._checked_path(entry)

    def write(self, files: Mapping[str, bytes | Path | FileEntry]) -> Artifact:
        """Store files as one artifact. Storing the same again costs no space and mends damage.

        Args:
            files: File name to content, or to the path of a file to copy, which may be large, or to
                what :meth:`keep` or another artifact says of a file that is stored already.

        Raises:
            FileNamesError: A name is no plain file name, or there is no file at all.
            MissingArtifactError: A file that is said to be stored is not there.
            CorruptArtifactError: Or it was changed.
            StoreFullError: The disk has no room; the artifact is absent.
        """
        check_names(files)
        with self._room():
            sweep(self._partial)
            entries = {name: self._kept(files[name]) for name in sorted(files)}
            self._sync(entries.values())
            listed = manifest(entries)
            self._sync([self._keep(listed)])
        return Artifact(sha256_of(listed), entries)

    def artifact(self, sha256: str) -> Artifact:
        """The artifact of this name; its manifest is checked, its files when they are read.

        Raises:
            MissingArtifactError: There is none.
            CorruptArtifactError: The manifest was changed.
        """
        entries = parse(self._read(sha256))
        if entries is None:
            raise MissingArtifactError(sha256, store=str(self.root))  # a file, not an artifact
        return Artifact(sha256, entries)

    def read(self, artifact: Artifact, name: str) -> bytes:
        """The bytes of one file, hashed anew at each read.

        Raises:
            MissingFileError: The artifact has no such file.
            MissingArtifactError: The file was removed.
            CorruptArtifactError: The file was changed.
        """
        return self._read(_entry(artifact, name).sha256)

    def path(self, artifact: Artifact, name: str) -> Path:
        """The path of one file, for readers that map it into memory; hashed anew, in small memory.

        Raises:
            MissingFileError: The artifact has no such file.
            MissingArtifactError: The file was removed.
            CorruptArtifactError: The file was changed.
        """
        return self._checked_path(_entry(artifact, name))

    def verify(self, sha256: str) -> tuple[str, ...]:
        """Everything that is wrong with an artifact, in words; empty where it is whole."""
        try:
            artifact = self.artifact(sha256)
        except (StoreError, OSError) as error:
            return (f"manifest: {error}",)
        found = ((name, self._problem(entry)) for name, entry in artifact.files.items())
        return tuple(f"{name}: {problem}" for name, problem in found if problem)

    def remove(self, sha256: str) -> int:
        """Remove an artifact, and those of its files that no other artifact holds.

        The manifest goes first, so that an artifact is whole or absent. Killed in between, this leaves
        files that nobody uses and that do no harm. Nothing happens where the artifact is absent.

        Returns:
            How many bytes became free.
        """
        with self._unless_removing(alone=True):
            try:
                artifact = self.artifact(sha256)
            except MissingArtifactError:
                return 0
            others = [other for other in self._artifacts() if other.sha256 != sha256]
            used = {entry.sha256 for other in others for entry in other.files.values()}
            used |= {other.sha256 for other in others}
            mine = dict.fromkeys([sha256, *(entry.sha256 for entry in artifact.files.values())])
            return sum(self._unlink(name) for name in mine if name not in used)

    def sweep(self) -> int:
        """Remove what killed writers left behind; returns how many files that were."""
        return sweep(self._partial)

    @contextmanager
    def _unless_removing(self, *, alone: bool = False) -> Iterator[None]:
        """Writers share the store with each other; one that removes has it alone."""
        self.root.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
            yield
        finally:
            os.close(descriptor)

    def _artifacts(self) -> Iterator[Artifact]:
        """All there are; what is not a manifest is known by its first bytes."""
        for path in self.root.glob("??/*"):
            with path.open("rb") as stream:
                if stream.read(len(MANIFEST_BEGINS)) == MANIFEST_BEGINS:
                    entries = parse(MANIFEST_BEGINS + stream.read())
                    if entries is not None:
                        yield Artifact(path.name, entries)

    def _unlink(self, sha256: str) -> int:
        path = self._path(sha256)
        try:
            size = path.stat().st_size
            path.unlink()
        except FileNotFoundError:
            return 0
        return size

    def _path(self, sha256: str) -> Path:
        if not _SHA256.fullmatch(
            sha256
        ):  # it may come from a person: never a way out of the folder
            raise MissingArtifactError(sha256, store=str(self.root))
        return self.root / sha256[:2] / sha256

    def _read(self, sha256: str) -> bytes:
        path = self._path(sha256)
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            raise MissingArtifactError(sha256, store=str(self.root)) from error
        found = sha256_of(data)
        if found != sha256:
            raise CorruptArtifactError(str(path), found=found, expected=sha256)
        return data

    def _checked_path(self, entry: FileEntry) -> Path:
        path = self._path(entry.sha256)
        try:
            found = _measure(path)
        except FileNotFoundError as error:
            raise MissingArtifactError(entry.sha256, store=str(self.root)) from error
        if found != entry:
            raise CorruptArtifactError(str(path), found=found.sha256, expected=entry.sha256)
        return path

    def _problem(self, entry: FileEntry) -> str | None:
        try:
            self._checked_path(entry)
        except (StoreError, OSError) as error:
            return str(error)
        return None

    @contextmanager
    def _room(self) -> Iterator[None]:
        """Write while nobody removes; a disk that refuses is told as such."""
        try:
            with self._unless_removing():
                yield
        except OSError as error:
            if error.errno not in DISK_FULL:
                raise
            raise StoreFullError(str(self.root), error.strerror or str(error)) from error

    def _kept(self, content: bytes | Path | FileEntry) -> FileEntry:
        """As :meth:`_keep`; of a file that is stored already, make sure that it is whole."""
        if not isinstance(content, FileEntry):
            return self._keep(content)
        self._checked_path(content)
        return content

    def _keep(self, content: bytes | Path) -> FileEntry:
        """Have these bytes in the store; what is there and whole is not written again."""
        entry = _measure(content)
        path = self._path(entry.sha256)
        if path.exists() and _measure(path) == entry:
            return entry
        with partial_file(self._partial) as partial:
            for chunk in chunks(content):
                partial.write(chunk)
            written = FileEntry(partial.sha256, partial.size)  # a source may change under our hands
            partial.publish(self._path(written.sha256))
        return written

    def _sync(self, entries: Iterable[FileEntry]) -> None:
        """Make names outlive a power failure, also those that another writer has just given."""
        for folder in sorted({self._path(entry.sha256).parent for entry in entries}):
            sync_folder(folder)
        sync_folder(self.root)


def _entry(artifact: Artifact, name: str) -> FileEntry:
    if name not in artifact.files:
        raise MissingFileError(artifact.sha256, name, held=artifact.files)
    return artifact.files[name]


def _measure(content: bytes | Path) -> FileEntry:
    digest, size = hashlib.sha256(), 0
    for chunk in chunks(content):
        digest.update(chunk)
        size += len(chunk)
    return FileEntry(digest.hexdigest(), size)
