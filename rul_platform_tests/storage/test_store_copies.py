"""Artifacts go to a bucket and come back: whole, hashed, and only once."""

from pathlib import Path

import pytest

from rul_platform.errors import StoreUnreachableError
from rul_platform.storage.artifacts import ArtifactStore
from rul_platform.storage.buckets import ATTEMPTS, Bucket
from rul_platform.storage.file_cache import FileCache
from rul_platform.storage.object_blobs import ObjectBlobs
from rul_platform.storage.store_copies import Copied, copy_all
from rul_platform_tests.storage.object_store import Fault, Line, Weather, new_bucket, refuses

SHARED = b"shared by both"


@pytest.fixture
def folder(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "store")


@pytest.fixture
def bucket(s3_server: str, s3_credentials: None, weather: Weather, tmp_path: Path) -> ArtifactStore:
    del s3_credentials
    place = Bucket(f"s3://{new_bucket(s3_server)}", endpoint=weather.url, pause=lambda _: None)
    return ArtifactStore(ObjectBlobs(place, FileCache(tmp_path / "copies", limit_bytes=10**8)))


def copied(source: ArtifactStore, target: ArtifactStore, *, check: bool = False) -> Copied:
    """What became of them; told to the end."""
    told = list[tuple[int, int]]()
    done = copy_all(source.blobs, target.blobs, check=check, tell=lambda *step: told.append(step))
    assert [each for each, _ in told] == list(range(1, len(told) + 1))
    return done


def test_there_and_back(folder: ArtifactStore, bucket: ArtifactStore, tmp_path: Path):
    made = [folder.write({"a": b"1", "s": SHARED}), folder.write({"s": SHARED, "empty": b""})]

    there = copied(folder, bucket)

    assert (there.artifacts, there.sent, there.there, there.problems) == (2, 5, 0, ())
    assert {each.sha256 for each in bucket.artifacts()} == {each.sha256 for each in made}
    assert all(bucket.verify(each.sha256) == () for each in made)
    back = ArtifactStore(tmp_path / "back")
    assert copied(bucket, back).sent == 5
    assert {p.name for p in back.root.glob("??/*")} == {p.name for p in folder.root.glob("??/*")}


def test_the_same_again_sends_nothing(
    folder: ArtifactStore, bucket: ArtifactStore, weather: Weather
):
    folder.write({"a": b"1", "s": SHARED})
    copied(folder, bucket)
    weather.asked.clear()

    again = copied(folder, bucket)

    assert (again.sent, again.there) == (0, 3)
    assert set(weather.methods()) == {"GET"}


def _refuses_after_puts(most: int, weather: Weather) -> Fault:
    """Files are sent side by side: the moment is told by what was sent, not by a number of requests."""
    refused = refuses(503, "SlowDown")

    def fault(line: Line) -> None:
        if weather.methods().count("PUT") > most:
            refused(line)
        else:
            line.tell(*line.pass_on())

    return fault


def test_interrupted_it_goes_on(folder: ArtifactStore, bucket: ArtifactStore, weather: Weather):
    made = folder.write({str(n): bytes([n]) for n in range(12)})
    weather.faults = [_refuses_after_puts(3, weather)] * (ATTEMPTS * 12 + 100)

    with pytest.raises(StoreUnreachableError):
        copied(folder, bucket)
    weather.faults = []
    assert list(bucket.artifacts()) == []  # its list goes last
    done = copied(folder, bucket)

    assert done.there > 0
    assert done.sent > 0
    assert bucket.verify(made.sha256) == ()


def test_what_is_damaged_stays_behind_and_is_named(folder: ArtifactStore, bucket: ArtifactStore):
    whole, damaged = folder.write({"a": b"1"}), folder.write({"b": b"2"})
    entry = damaged.files["b"]
    path = folder.root / entry.sha256[:2] / entry.sha256
    path.chmod(0o644)
    path.write_bytes(b"3")

    done = copied(folder, bucket)

    assert done.artifacts == 1
    assert "the bytes hash to" in done.problems[0]
    assert done.problems[1] == f"artifact {damaged.sha256} lacks a file"
    assert list(bucket.artifacts()) == [whole]


def test_a_check_sends_nothing_and_finds_what_is_missing(
    folder: ArtifactStore, bucket: ArtifactStore, weather: Weather
):
    made = folder.write({"a": b"1"})
    copied(folder, bucket)
    assert copied(folder, bucket, check=True).problems == ()
    missing = folder.write({"b": b"2"})
    weather.asked.clear()

    found = copied(folder, bucket, check=True)

    assert (found.artifacts, found.sent, found.there) == (1, 0, 2)
    assert missing.files["b"].sha256 in found.problems[0]
    assert set(weather.methods()) == {"GET"}
    assert list(bucket.artifacts()) == [made]
