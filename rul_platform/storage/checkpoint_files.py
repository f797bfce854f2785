"""A checkpoint's file, as a person names it: read once, and no more of it than a checkpoint has.

What a path leads to may be anything: a folder, a device without end, a pipe that nobody fills. A link is
followed, as by every program; what counts afterwards is the hash of the bytes.

Belongs here: opening and reading. Does not belong here: what is in it (``learning.networks``).
"""

import os
import stat
from pathlib import Path

from rul_platform.core.parents import MAX_CHECKPOINT_BYTES
from rul_platform.errors import CheckpointError

EXPECTED = "a checkpoint file that can be read"


def read_checkpoint_file(path: Path) -> bytes:
    """The bytes of a regular file.

    Raises:
        CheckpointError: There is none, it may not be read, or it is too large for a checkpoint.
    """
    try:
        with open(path, "rb", opener=_without_waiting) as stream:
            _refuse(path, os.fstat(stream.fileno()))
            data = stream.read(MAX_CHECKPOINT_BYTES + 1)
    except (OSError, ValueError) as error:  # a NUL in the name is a ValueError
        said = getattr(error, "strerror", None) or str(error)
        raise CheckpointError(ascii(str(path))[1:-1], {"file": (said, EXPECTED)}) from error
    _refuse_size(path, len(data))  # it may have grown since
    return data


def _without_waiting(path: str, flags: int) -> int:
    """Opening a pipe would wait for somebody to write into it."""
    return os.open(path, flags | os.O_NONBLOCK)


def _refuse(path: Path, about: os.stat_result) -> None:
    if not stat.S_ISREG(about.st_mode):
        raise CheckpointError(str(path), {"file": ("a device or a pipe", EXPECTED)})
    _refuse_size(path, about.st_size)


def _refuse_size(path: Path, size: int) -> None:
    if size > MAX_CHECKPOINT_BYTES:
        found = {"size in bytes": (size, f"at most {MAX_CHECKPOINT_BYTES}")}
        raise CheckpointError(str(path), found)
