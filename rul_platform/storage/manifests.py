"""The manifest of an artifact: names, hashes and sizes of its files, as canonical JSON.

Belongs here: writing and reading a manifest, and which names files may have. Does not belong here: the
files (``artifacts``).
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from rul_platform.core.canonical import canonical_json
from rul_platform.errors import FileNamesError

MANIFEST_FORMAT = "rul-artifact-1"
MANIFEST_BEGINS = b'{"files":{'
"""How the bytes of every manifest begin."""

NAME_LIMIT_BYTES = 255
"""Longest name that common file systems take, so that an artifact can be exported anywhere."""


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


def check_names(files: Collection[str]) -> None:
    """Refuse names that no file can have everywhere.

    Raises:
        FileNamesError: Lists every problem.
    """
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


def manifest(entries: Mapping[str, FileEntry]) -> bytes:
    """The bytes that name an artifact."""
    files = {name: {"sha256": e.sha256, "size": e.size} for name, e in entries.items()}
    return canonical_json({"format": MANIFEST_FORMAT, "files": files})


def parse(data: bytes) -> dict[str, FileEntry] | None:
    """The entries of a manifest, ordered by name; None for bytes that are none."""
    try:
        files = json.loads(data)["files"]
        entries = {n: FileEntry(files[n]["sha256"], files[n]["size"]) for n in sorted(files)}
        is_ours = manifest(entries) == data
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
    return entries if is_ours else None
