"""Removing an artifact takes nothing from another one."""

import threading
from pathlib import Path

import pytest

from rul_platform.errors import MissingArtifactError
from rul_platform.storage.artifacts import ArtifactStore
from rul_platform_tests.storage.at_once import in_threads


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "store")


def files_in(store: ArtifactStore) -> int:
    return sum(1 for path in store.root.glob("??/*") if path.is_file())


def test_files_that_another_artifact_holds_stay(store: ArtifactStore):
    mine = store.write({"model": b"m" * 1000, "card": b"shared", "again": b"m" * 1000})
    other = store.write({"a card": b"shared", "model": b"other"})

    freed = store.remove(mine.sha256)

    assert freed > 1000
    with pytest.raises(MissingArtifactError):
        store.artifact(mine.sha256)
    assert store.verify(other.sha256) == ()
    assert files_in(store) == 3
    assert store.remove(mine.sha256) == 0
    assert store.remove("f" * 64) == 0


def test_a_file_that_is_itself_an_artifact_is_not_removed(store: ArtifactStore):
    """Somebody stored a manifest as a file of an artifact."""
    inner = store.write({"a": b"inner"})
    manifest = (store.root / inner.sha256[:2] / inner.sha256).read_bytes()
    outer = store.write({"copy": manifest})

    store.remove(outer.sha256)

    assert store.verify(inner.sha256) == ()


def test_what_looks_like_a_manifest_and_is_none_is_not_read_as_one(store: ArtifactStore):
    odd = store.write({"odd": b'{"files":{"a":1}}', "long": b'{"files":{' + b"x" * 10_000})
    mine = store.write({"a": b"mine"})

    store.remove(mine.sha256)

    assert store.verify(odd.sha256) == ()


def test_what_was_removed_can_be_made_again(store: ArtifactStore):
    made = store.write({"a": b"bytes"})
    store.remove(made.sha256)

    assert store.write({"a": b"bytes"}) == made
    assert store.verify(made.sha256) == ()


def test_a_writer_of_the_same_files_is_not_harmed(store: ArtifactStore):
    """One removes what seven others write again and again: each of their artifacts is whole."""
    shared = {"shared": b"s" * 100_000}
    over = threading.Event()

    def work(number: int) -> bool:
        if number:
            for turn in range(20):
                made = store.write(shared | {"own": f"{number} {turn}".encode()})
                if store.verify(made.sha256):
                    return False
            over.set()
            return True
        while not over.is_set():
            store.remove(store.write(shared).sha256)
        return True

    assert in_threads(work, 8) == [True] * 8
