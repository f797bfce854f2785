"""The artifact store: files named by the hash of their content, complete or absent, never changed.

    root/ab/abcd…      a file, or the manifest of an artifact, named by the sha256 of its bytes
    root/partial/…     files in the making; what a killed writer leaves there is swept by the next one

An artifact is the set of named files that one materialisation made. Its manifest lists name, hash and
size of each and is stored last, like a tree in git: an artifact whose manifest is there is whole. All it
takes to check one is ``sha256sum``. Needs a file system with atomic rename and ``flock``.

Belongs here: bytes. Does not belong here: what they mean, and which artifact is the current one.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rul_platform.core.canonical import canonical_json
from rul_platform.core.canonical import sha256 as sha256_of
from rul_platform.errors import (
    CorruptArtifactError,
    FileNamesError,
    MissingArtifactError,
    MissingFileError,
    StoreError,
    StoreFullError,
)
from rul_platform.storage.partial_files import (
    DISK_FULL,
    chunks,
    partial_file,
    sweep,
    sync_folder,
)

MANIFEST_FORMAT = "rul-artifact-1"
NAME_LIMIT_BYTES = 255
"""Longest name that common file systems take, so that an artifact can be exported anywhere."""

_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file of an artifact.

    Attributes:
        sha256: Hex digest of its bytes, and its name in the store.
        size: In bytes.
    """

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Artifact:
    """Named files that were made together.

    Attributes:
        sha256: Hex digest of the manifest: it names every byte of every file.
        files: File name to entry, ordered by name.
    """

    sha256: str
    files: Mapping[str, FileEntry] = field(hash=False)


class ArtifactStore:
    """Artifacts in one folder. Any number of processes may write to it at once."""

    def __init__(self, root: Path) -> None:
        """Open a store; its folder is made by the first write."""
        self.root = root
        self._partial = root / "partial"

    def write(self, files: Mapping[str, bytes | Path]) -> Artifact:
        """Store files as one artifact. Storing the same again costs no space and mends damage.

        Args:
            files: File name to content, or to the path of a file to copy, which may be large.

        Raises:
            FileNamesError: A name is no plain file name, or there is no file at all.
            StoreFullError: The disk has no room; the artifact is absent.
        """
        _check_names(files)
        try:
            sweep(self._partial)
            entries = {name: self._keep(files[name]) for name in sorted(files)}
            self._sync(entries.values())
            manifest = _manifest(entries)
            self._sync([self._keep(manifest)])
        except OSError as error:
            if error.errno not in DISK_FULL:
                raise
            raise StoreFullError(str(self.root), error.strerror or str(error)) from error
        return Artifact(sha256_of(manifest), entries)

    def artifact(self, sha256: str) -> Artifact:
        """The artifact of this name; its manifest is checked, its files when they are read.

        Raises:
            MissingArtifactError: There is none.
            CorruptArtifactError: The manifest was changed.
        """
        entries = _parse(self._read(sha256))
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

    def sweep(self) -> int:
        """Remove what killed writers left behind; returns how many files that were."""
        return sweep(self._partial)

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


def _check_names(files: Mapping[str, bytes | Path]) -> None:
    problems = [f"{name!r} {problem}" for name in files if (problem := _name_problem(name))]
    if not files:
        problems.append("there is no file at all")
    if problems:
        raise FileNamesError(problems)


def _name_problem(name: str) -> str | None:
    if name in {"", ".", ".."}:
        return "names no file"
    if "/" in name or "\\" in name:
        return "holds a separator of folders"
    if not name.isprintable():  # nor is a lone surrogate, which has no bytes to hash
        return "holds a character that cannot be printed"
    if len(name.encode()) > NAME_LIMIT_BYTES:
        return f"is longer than {NAME_LIMIT_BYTES} bytes"
    return None


def _manifest(entries: Mapping[str, FileEntry]) -> bytes:
    files = {name: {"sha256": e.sha256, "size": e.size} for name, e in entries.items()}
    return canonical_json({"format": MANIFEST_FORMAT, "files": files})


def _parse(manifest: bytes) -> dict[str, FileEntry] | None:
    """The entries of a manifest, ordered by name; None for bytes that are none."""
    try:
        files = json.loads(manifest)["files"]
        entries = {n: FileEntry(files[n]["sha256"], files[n]["size"]) for n in sorted(files)}
        is_manifest = _manifest(entries) == manifest
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
    return entries if is_manifest else None
