"""The artifact store: files named by the hash of their content, complete or absent, never changed.

    ab/abcd…      a file, or the manifest of an artifact, named by the sha256 of its bytes

An artifact is the set of named files that one materialisation made. Its manifest lists name, hash and
size of each and is stored last, like a tree in git: an artifact whose manifest is there is whole. All it
takes to check one is ``sha256sum``. The bytes lie in a folder or in a bucket.

Belongs here: artifacts. Does not belong here: what they mean, which of them is the current one, where
their bytes lie (``blobs``).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rul_platform.core.canonical import sha256 as sha256_of
from rul_platform.errors import (
    MissingArtifactError,
    MissingFileError,
    StoreError,
    StoreFullError,
    StoreUnreachableError,
)
from rul_platform.storage.blobs import Blobs
from rul_platform.storage.folder_blobs import FolderBlobs
from rul_platform.storage.manifests import Artifact, FileEntry, check_names, manifest, parse
from rul_platform.storage.partial_files import DISK_FULL


class ArtifactStore:
    """Artifacts in one place. Any number of processes may write to it at once.

    Every method raises ``StoreUnreachableError`` where the place is on another machine that does not
    answer; nothing is half stored then.

    Attributes:
        blobs: Their bytes.
    """

    def __init__(self, place: Blobs | Path) -> None:
        """Open a store; a path is that of a folder on disk, which is made by the first write."""
        self.blobs = FolderBlobs(place) if isinstance(place, Path) else place

    @property
    def root(self) -> Path:
        """The folder of a store on disk.

        Raises:
            TypeError: It is not on disk.
        """
        if not isinstance(self.blobs, FolderBlobs):
            msg = f"{self.blobs.place} is no folder"
            raise TypeError(msg)
        return self.blobs.root

    def keep(self, content: bytes | Path) -> FileEntry:
        """Store one file ahead of its artifact: a part of long work, which may be interrupted.

        Until :meth:`write` names it in an artifact, nobody meets it.

        Raises:
            StoreFullError: The disk has no room.
        """
        with self._room():
            entry = self.blobs.keep(content)
            self.blobs.settle([entry])
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
        return self.blobs.path(entry)

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
            entries = {name: self._kept(files[name]) for name in sorted(files)}
            self.blobs.settle(entries.values())
            listed = manifest(entries)
            self.blobs.settle([self.blobs.keep(listed)])
        return Artifact(sha256_of(listed), entries)

    def artifact(self, sha256: str) -> Artifact:
        """The artifact of this name; its manifest is checked, its files when they are read.

        Raises:
            MissingArtifactError: There is none.
            CorruptArtifactError: The manifest was changed.
        """
        entries = parse(self.blobs.get(sha256))
        if entries is None:
            raise MissingArtifactError(sha256, store=self.blobs.place)  # a file, not an artifact
        return Artifact(sha256, entries)

    def read(self, artifact: Artifact, name: str) -> bytes:
        """The bytes of one file, hashed anew at each read.

        Raises:
            MissingFileError: The artifact has no such file.
            MissingArtifactError: The file was removed.
            CorruptArtifactError: The file was changed.
        """
        return self.blobs.read(_entry(artifact, name))

    def path(self, artifact: Artifact, name: str) -> Path:
        """The path of one file, for readers that map it into memory; hashed anew, in small memory.

        Open it at once: a copy from a bucket may be gone two minutes later.

        Raises:
            MissingFileError: The artifact has no such file.
            MissingArtifactError: The file was removed.
            CorruptArtifactError: The file was changed.
        """
        return self.blobs.path(_entry(artifact, name))

    def verify(self, sha256: str) -> tuple[str, ...]:
        """Everything that is wrong with an artifact where it lies, in words; empty where it is whole."""
        try:
            artifact = self.artifact(sha256)
        except StoreUnreachableError:
            raise
        except (StoreError, OSError) as error:
            return (f"manifest: {error}",)
        found = ((name, self._problem(entry)) for name, entry in artifact.files.items())
        return tuple(f"{name}: {problem}" for name, problem in found if problem)

    def artifacts(self) -> Iterator[Artifact]:
        """All that are there, in no order."""
        for sha256, data in self.blobs.manifests():
            entries = parse(data)
            if entries is not None:
                yield Artifact(sha256, entries)

    def remove(self, sha256: str) -> int:
        """Remove an artifact, and those of its files that no other artifact holds.

        The manifest goes first, so that an artifact is whole or absent. Killed in between, this leaves
        files that nobody uses and that do no harm. Nothing happens where the artifact is absent.

        Returns:
            How many bytes became free.
        """
        with self.blobs.removing():
            try:
                artifact = self.artifact(sha256)
            except MissingArtifactError:
                return 0
            others = [other for other in self.artifacts() if other.sha256 != sha256]
            used = {entry.sha256 for other in others for entry in other.files.values()}
            used |= {other.sha256 for other in others}
            mine = dict.fromkeys(entry.sha256 for entry in artifact.files.values())
            freed = self.blobs.remove(sha256) if sha256 not in used else 0
            return freed + sum(
                self.blobs.remove(name, idle_only=True)
                for name in mine
                if name not in used and name != sha256
            )

    def sweep(self) -> int:
        """Remove what killed writers left behind; returns how many files or uploads that were."""
        return self.blobs.sweep()

    def _problem(self, entry: FileEntry) -> str | None:
        try:
            self.blobs.check(entry)
        except StoreUnreachableError:
            raise
        except (StoreError, OSError) as error:
            return str(error)
        return None

    @contextmanager
    def _room(self) -> Iterator[None]:
        """Write while nobody removes; a disk that refuses is told as such."""
        try:
            with self.blobs.writing():
                yield
        except OSError as error:
            if error.errno not in DISK_FULL:
                raise
            raise StoreFullError(self.blobs.place, error.strerror or str(error)) from error

    def _kept(self, content: bytes | Path | FileEntry) -> FileEntry:
        """Have these bytes; of a file that is stored already, make sure that it is whole and stays."""
        if not isinstance(content, FileEntry):
            return self.blobs.keep(content)
        self.blobs.confirm(content)
        return content


def _entry(artifact: Artifact, name: str) -> FileEntry:
    if name not in artifact.files:
        raise MissingFileError(artifact.sha256, name, held=artifact.files)
    return artifact.files[name]
