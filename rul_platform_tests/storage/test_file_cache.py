"""Copies on this machine: below a size, hashed, and never taken from under somebody's hands."""

import hashlib
import os
import stat
from pathlib import Path

import pytest

from rul_platform.errors import CorruptArtifactError
from rul_platform.storage.file_cache import IN_USE_SECONDS, FileCache
from rul_platform.storage.manifests import FileEntry
from rul_platform_tests.storage.at_once import in_threads


class Clock:
    """Says what a test wants."""

    now = 1_000_000.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(tmp_path: Path, clock: Clock) -> FileCache:
    return FileCache(tmp_path / "copies", limit_bytes=3_000, clock=clock)


def entry(data: bytes) -> FileEntry:
    return FileEntry(hashlib.sha256(data).hexdigest(), len(data))


def add(cache: FileCache, data: bytes) -> FileEntry:
    return cache.add([data], expected=entry(data), source="the test")


def copies(cache: FileCache) -> set[str]:
    return {path.name for path in cache.folder.glob("??/*")}


def test_a_copy_is_found_by_its_hash_and_read_only(cache: FileCache):
    assert cache.get(entry(b"bytes")) is None

    made = add(cache, b"bytes")

    path = cache.get(made)
    assert path is not None
    assert path == cache.place_of(made)
    assert path.read_bytes() == b"bytes"
    assert stat.S_IMODE(path.stat().st_mode) == 0o444


def test_other_bytes_than_expected_become_no_copy(cache: FileCache):
    with pytest.raises(CorruptArtifactError, match="the test: the bytes hash to"):
        cache.add([b"by", b"te"], expected=entry(b"bytes"), source="the test")

    assert copies(cache) == set()
    assert list((cache.folder / "partial").iterdir()) == []


def test_a_damaged_copy_is_none(cache: FileCache):
    made = add(cache, b"bytes")
    path = cache.place_of(made)
    path.chmod(0o644)
    path.write_bytes(b"bytez")

    assert cache.get(made) is None

    add(cache, b"bytes")
    assert cache.get(made) is not None


def test_what_was_used_longest_ago_goes_first(cache: FileCache, clock: Clock):
    first, second, third = (add(cache, bytes([n]) * 1_000) for n in range(3))
    clock.now += IN_USE_SECONDS + 1
    cache.get(first)

    fourth = add(cache, b"4" * 900)

    assert cache.get(second) is None or cache.get(third) is None
    assert {first.sha256, fourth.sha256} <= copies(cache)
    assert len(copies(cache)) == 3


def test_what_may_be_about_to_be_opened_stays_although_it_is_too_much(
    cache: FileCache, clock: Clock
):
    made = [add(cache, bytes([n]) * 1_000) for n in range(5)]
    assert copies(cache) == {each.sha256 for each in made}

    clock.now += IN_USE_SECONDS + 1
    cache.trim()

    assert len(copies(cache)) == 3


def test_what_a_killed_process_left_is_swept(cache: FileCache):
    (cache.folder / "partial").mkdir(parents=True)
    (cache.folder / "partial" / "left").write_bytes(b"half")

    assert cache.sweep() == 1
    assert cache.sweep() == 0


def test_many_at_once_share_one_folder(tmp_path: Path):
    def work(number: int) -> bool:
        cache = FileCache(tmp_path, limit_bytes=8_000, clock=lambda: 1_000_000.0 + number)
        for turn in range(10):
            data = os.urandom(1_000)
            made = add(cache, data)
            shared = add(cache, b"shared" * 100)
            if cache.place_of(made).read_bytes() != data or cache.get(shared) is None:
                return False
            cache.trim()
            del turn
        return True

    assert in_threads(work, 4) == [True] * 4
