"""Small files that people see and may edit: complete or absent.

Belongs here: writing one file, or one folder, so that nobody ever meets half of it.
Does not belong here: artifacts, which have a store of their own (``artifacts``).
"""

import errno
import os
import shutil
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

from rul_platform.errors import StoreFullError

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def write_whole(path: Path, data: bytes) -> bool:
    """Write ``data``, replacing what is there; False where the same bytes are there already.

    Raises:
        StoreFullError: The disk has no room; what was there is untouched.
    """
    if path.is_file() and path.read_bytes() == data:
        return False
    _write(path, data, publish=lambda partial: partial.replace(path))
    return True


def write_new(path: Path, data: bytes) -> bool:
    """Write ``data`` only where no file is; False, and nothing written, where one is.

    Two writers at once are safe: exactly one of them gets True.

    Raises:
        StoreFullError: The disk has no room.
    """
    try:
        _write(path, data, publish=path.hardlink_to)
    except FileExistsError:
        return False
    return True


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Make ``folder`` with these files in it: all of them, or no folder at all.

    Raises:
        FileExistsError: It is there already and not empty; nothing in it was touched.
        StoreFullError: The disk has no room.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}.partial")
    try:
        partial.mkdir()
        for name, data in files.items():
            with (partial / name).open("xb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
        partial.replace(folder)  # takes the place of an empty folder only
    except OSError as error:
        if error.errno in NO_ROOM:
            raise StoreFullError(str(folder), error.strerror or "no room on the disk") from error
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            said = "there is something already; name a new folder or an empty one"
            raise FileExistsError(errno.EEXIST, said, str(folder)) from error
        raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _write(path: Path, data: bytes, *, publish: Callable[[Path], object]) -> None:
    """Write beside ``path`` under a hidden name, then ``publish`` it under its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}.partial")
    try:
        with partial.open("xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        publish(partial)
    except OSError as error:
        if error.errno in NO_ROOM:
            raise StoreFullError(str(path), error.strerror or "no room on the disk") from error
        raise
    finally:
        partial.unlink(missing_ok=True)
