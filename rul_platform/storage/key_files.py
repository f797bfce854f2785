"""Files that hold a secret: made for their owner alone, not believed where others could have a hand in.

Belongs here: modes and the way such a file comes to be. Does not belong here: what the secret is for
(``people``, ``signing_keys``).
"""

import os
import stat
import uuid
from contextlib import suppress
from pathlib import Path

from rul_platform.errors import KeyFileError
from rul_platform.storage.partial_files import sync_folder

OWNER_ALONE = 0o600
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def create(path: Path, secret: bytes, *, replace: bool = False) -> None:
    """Write a secret, which nobody but the owner may read at any moment.

    Args:
        path: Where; its folder is made where it is missing, for the owner alone.
        secret: What.
        replace: Put it in the place of a file that is there; otherwise that one is kept.

    Raises:
        KeyFileError: Others may replace files in that folder.
    """
    make_folder(path.parent)
    refuse_open_folder(path.parent)
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ALONE)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(secret)
            stream.flush()
            os.fsync(stream.fileno())
        if replace:
            partial.replace(path)
        else:
            with suppress(FileExistsError):  # another process was first: its secret holds
                path.hardlink_to(partial)
    finally:
        partial.unlink(missing_ok=True)
    sync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """Make a folder for keys, where it is missing, for its owner alone."""
    folder.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)


def refuse_open_folder(folder: Path) -> None:
    """Refuse a folder in which others may replace a secret.

    Raises:
        KeyFileError: They may.
    """
    _refuse_if_open(folder, OTHERS_WRITE, "chmod go-w")


def read(path: Path) -> bytes:
    """Read a secret, unless others may read it, or replace it in its folder.

    Raises:
        KeyFileError: They may.
    """
    refuse_open_folder(path.parent)
    _refuse_if_open(path, OTHERS, "chmod 600")
    return path.read_bytes()


def stamp(path: Path) -> tuple[int, ...]:
    """What changes when a secret's file does, or who may touch it."""
    own, folder = path.stat(), path.parent.stat()
    return own.st_ino, own.st_mtime_ns, own.st_ctime_ns, own.st_size, own.st_mode, folder.st_mode


def _refuse_if_open(path: Path, refused: int, remedy: str) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & refused:
        raise KeyFileError(
            str(path),
            found=f"open to others (mode {mode:04o})",
            expected=f"its owner's alone (mode {mode & ~refused:04o})",
            remedy=f"{remedy} {path}",
        )
