import errno
import os
import threading
from pathlib import Path

import pytest

from rul_platform.errors import StoreFullError
from rul_platform.storage.plain_files import write_folder, write_new, write_whole


def test_a_file_is_written_and_nothing_else_is_left(tmp_path: Path):
    assert write_whole(tmp_path / "a" / "b.txt", b"1")

    assert [path.name for path in tmp_path.rglob("*")] == ["a", "b.txt"]


def test_the_same_bytes_are_not_written_again(tmp_path: Path):
    path = tmp_path / "b.txt"
    write_whole(path, b"1")
    before = path.stat().st_mtime_ns

    assert not write_whole(path, b"1")
    assert path.stat().st_mtime_ns == before
    assert write_whole(path, b"2")
    assert path.read_bytes() == b"2"


def test_a_new_file_never_replaces_one(tmp_path: Path):
    assert write_new(tmp_path / "b.txt", b"1")
    assert not write_new(tmp_path / "b.txt", b"2")
    assert (tmp_path / "b.txt").read_bytes() == b"1"
    assert len(list(tmp_path.iterdir())) == 1


def test_of_many_writers_of_a_new_file_exactly_one_wins(tmp_path: Path):
    won: list[int] = []
    start = threading.Barrier(8)

    def write(number: int) -> None:
        start.wait()
        if write_new(tmp_path / "b.txt", str(number).encode()):
            won.append(number)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(won) == 1
    assert (tmp_path / "b.txt").read_text() == str(won[0])


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(_: int) -> None:  # as a file system with delayed allocation says it
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(StoreFullError, match=r"b\.txt: No space left on device\. Nothing of this"):
        write_whole(tmp_path / "b.txt", b"1")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_appears_whole(tmp_path: Path):
    write_folder(tmp_path / "out", {"a": b"1", "b": b"2"})
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == {
        "a": b"1",
        "b": b"2",
    }
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_bytes(b"mine")
    with pytest.raises(FileExistsError, match="name a new folder or an empty one"):
        write_folder(tmp_path / "out", {"a": b"1"})
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "mine"]


def test_a_folder_that_cannot_be_finished_is_not_there(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        write_folder(tmp_path / "out", {"a": b"1", "no/such/folder": b"2"})
    assert list(tmp_path.iterdir()) == []
