"""Whatever a path leads to, reading it ends, and no more is read than a checkpoint has."""

import os
from pathlib import Path

import pytest

from rul_platform.core.parents import MAX_CHECKPOINT_BYTES
from rul_platform.errors import CheckpointError
from rul_platform.storage.checkpoint_files import read_checkpoint_file


def refused(path: Path) -> str:
    with pytest.raises(CheckpointError) as found:
        read_checkpoint_file(path)
    return str(found.value)


def test_a_file_is_read_and_a_link_is_followed(tmp_path: Path):
    file, link = tmp_path / "lstm.pt", tmp_path / "newest.pt"
    file.write_bytes(b"bytes")
    link.symlink_to(file)
    assert read_checkpoint_file(file) == read_checkpoint_file(link) == b"bytes"


def test_what_is_no_file_is_refused(tmp_path: Path):
    assert "found 'Is a directory'" in refused(tmp_path)
    assert "No such file or directory" in refused(tmp_path / "nowhere.pt")
    assert "embedded null byte" in refused(tmp_path / "a\0b")
    assert "File name too long" in refused(tmp_path / ("a" * 300))
    pipe, loop, endless = tmp_path / "pipe", tmp_path / "loop", tmp_path / "endless"
    os.mkfifo(pipe)
    loop.symlink_to(loop)
    endless.symlink_to("/dev/zero")
    assert "found 'a device or a pipe'" in refused(pipe)
    assert "Too many levels of symbolic links" in refused(loop)
    assert "found 'a device or a pipe'" in refused(endless)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_of_others_is_refused(tmp_path: Path):
    file = tmp_path / "lstm.pt"
    file.write_bytes(b"bytes")
    file.chmod(0)
    assert "Permission denied" in refused(file)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path):
    file = tmp_path / "huge.pt"
    with file.open("wb") as stream:
        stream.truncate(MAX_CHECKPOINT_BYTES + 1)
    assert "size in bytes: found 268435457, expected 'at most 268435456'" in refused(file)
