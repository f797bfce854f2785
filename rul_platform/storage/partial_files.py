"""Files that are complete or absent, whatever kills the process that writes them.

A file is written under a partial name, synced, made read-only and renamed. While it is written, its
writer holds a lock on it, which the kernel takes back when the writer dies: that is how :func:`sweep`
tells a leftover from a file in the making, without a clock and without trusting process ids.

Belongs here: the order of the system calls. Does not belong here: what the files are called at last.
"""

import errno
import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

CHUNK_BYTES = 2**20
READ_ONLY = 0o444
DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What the system says where a write finds no room: on the disk, in a quota, under a limit."""


class PartialFile:
    """One file in the making.

    Attributes:
        size: Bytes written so far.
    """

    def __init__(self, path: Path, stream: BinaryIO) -> None:
        self._path = path
        self._stream = stream
        self._digest = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> str:
        """Hex digest of what was written so far."""
        return self._digest.hexdigest()

    def write(self, chunk: bytes) -> None:
        """Add bytes at the end."""
        self._stream.write(chunk)
        self._digest.update(chunk)
        self.size += len(chunk)

    def publish(self, target: Path) -> None:
        """Give the file its name, in place of whatever has it; its folder is not synced yet."""
        self._stream.flush()
        os.fchmod(self._stream.fileno(), READ_ONLY)
        os.fsync(self._stream.fileno())
        target.parent.mkdir(parents=True, exist_ok=True)
        self._path.replace(target)  # still locked: no sweep may take it before it has its name


@contextmanager
def partial_file(folder: Path) -> Iterator[PartialFile]:
    """A new file in ``folder``, gone at the end unless it was published."""
    folder.mkdir(parents=True, exist_ok=True)
    path, stream = _create_locked(folder)
    try:
        with stream:
            yield PartialFile(path, stream)
    finally:
        path.unlink(missing_ok=True)


def sweep(folder: Path) -> int:
    """Remove what killed writers left in ``folder``; files in the making stay.

    Returns:
        How many were removed.
    """
    return sum(_remove_if_dead(path) for path in sorted(folder.glob("*")))


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` outlive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def chunks(content: bytes | Path) -> Iterator[bytes]:
    """Bytes, or those of a file piece by piece, so that a large one takes little memory."""
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            yield chunk


def _create_locked(folder: Path) -> tuple[Path, BinaryIO]:
    while True:
        path = folder / uuid4().hex
        stream = path.open("xb")
        fcntl.flock(stream, fcntl.LOCK_EX)
        if os.fstat(stream.fileno()).st_nlink:
            return path, stream
        stream.close()  # a sweep came between the creation and the lock, and removed it


def _remove_if_dead(path: Path) -> bool:
    try:
        stream = path.open("rb")
    except FileNotFoundError:
        return False  # published, or swept by another process
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        path.unlink(missing_ok=True)
    return True
