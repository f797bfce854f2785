"""On a bucket everything holds that holds on disk, whatever the line to it does."""

import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rul_platform.errors import (
    CorruptArtifactError,
    MissingArtifactError,
    StoreUnreachableError,
)
from rul_platform.storage.artifacts import ArtifactStore
from rul_platform.storage.buckets import ATTEMPTS, Bucket
from rul_platform.storage.file_cache import FileCache
from rul_platform.storage.object_blobs import ObjectBlobs
from rul_platform_tests.storage.at_once import in_threads
from rul_platform_tests.storage.object_store import (
    CREDENTIALS,
    Weather,
    answer_lost,
    ask,
    changed,
    cut_off,
    hangs_up,
    line_to,
    new_bucket,
    refuses,
    upload_begun,
)

FILES = {"model.onnx": b"weights", "card.json": b"{}"}
MIB = 2**20


class Place:
    """A bucket behind a line, and machines that use it."""

    def __init__(self, endpoint: str, weather: Weather, folder: Path) -> None:
        self.endpoint, self.weather, self._folder = endpoint, weather, folder
        self.name = new_bucket(endpoint)
        self.now = datetime.now(UTC)
        self.waits: list[float] = []
        self._machines = 0

    def machine(self) -> ArtifactStore:
        """The store as another machine sees it: nothing is copied there yet."""
        self._machines += 1
        bucket = Bucket(
            f"s3://{self.name}/plant",
            endpoint=self.weather.url,
            part_bytes=5 * MIB,
            pause=self.waits.append,
        )
        cache = FileCache(self._folder / f"machine_{self._machines}", limit_bytes=100 * MIB)
        return ArtifactStore(ObjectBlobs(bucket, cache, clock=lambda: self.now))

    def put(self, sha256: str, data: bytes) -> None:
        """Other bytes under the same name, as somebody with another program may leave there."""
        assert ask(self.endpoint, "PUT", self._path(sha256), data) == 200

    def delete(self, sha256: str) -> None:
        """Somebody took it away."""
        assert ask(self.endpoint, "DELETE", self._path(sha256)) == 204

    def has(self, sha256: str) -> bool:
        """Whether an object has this name."""
        return ask(self.endpoint, "HEAD", self._path(sha256)) == 200

    def _path(self, sha256: str) -> str:
        return f"/{self.name}/plant/{sha256[:2]}/{sha256}"


@pytest.fixture
def place(s3_server: str, s3_credentials: None, weather: Weather, tmp_path: Path) -> Place:
    del s3_credentials
    return Place(s3_server, weather, tmp_path)


@pytest.fixture
def store(place: Place) -> ArtifactStore:
    return place.machine()


def test_what_was_written_on_one_machine_is_read_on_another(place: Place, store: ArtifactStore):
    written = store.write(FILES | {"empty": b""})
    other = place.machine()

    artifact = other.artifact(written.sha256)

    assert artifact == written
    assert {name: other.read(artifact, name) for name in FILES} == FILES
    assert other.path(artifact, "empty").read_bytes() == b""
    assert other.verify(written.sha256) == ()
    assert list(other.artifacts()) == [written]
    assert other.blobs.place == f"s3://{place.name}/plant"


def test_files_go_first_the_manifest_last_and_never_over_another_object(
    place: Place, store: ArtifactStore
):
    made = store.write(FILES)

    puts = [each for each in place.weather.asked if each.method == "PUT"]
    names = [each.path.rpartition("/")[2] for each in puts]
    assert names == [*(made.files[name].sha256 for name in sorted(FILES)), made.sha256]
    assert {each.headers.get("If-None-Match") for each in puts} == {"*"}


def test_a_large_file_goes_and_comes_in_parts(place: Place, store: ArtifactStore, tmp_path: Path):
    source = tmp_path / "readings.parquet"
    source.write_bytes(os.urandom(11 * MIB))

    made = store.write({"readings.parquet": source})

    asked = place.weather.asked
    assert sum("partNumber=" in each.path for each in asked) == 3
    done = next(e for e in asked if e.method == "POST" and "uploadId" in e.path)
    assert done.headers.get("If-None-Match") == "*"
    assert place.machine().path(made, "readings.parquet").read_bytes() == source.read_bytes()


def test_storing_the_same_again_reads_it_and_writes_nothing(place: Place, store: ArtifactStore):
    made = store.write(FILES)
    place.weather.asked.clear()

    assert place.machine().write(FILES) == made

    assert "PUT" not in place.weather.methods()


def test_writing_again_mends_what_was_damaged_or_lost(place: Place, store: ArtifactStore):
    made = store.write(FILES)
    place.put(made.files["model.onnx"].sha256, b"weighty")
    place.put(made.sha256, b"")
    place.delete(made.files["card.json"].sha256)
    assert len(place.machine().verify(made.sha256)) == 1

    assert store.write(FILES) == made

    assert place.machine().verify(made.sha256) == ()


def test_damage_is_the_same_error_as_on_disk(place: Place, store: ArtifactStore):
    made = store.write({"a": b"1", "b": b"22", "c": b"3"})
    place.put(made.files["a"].sha256, b"2")
    place.put(made.files["b"].sha256, b"2")
    place.delete(made.files["c"].sha256)
    other = place.machine()

    with pytest.raises(CorruptArtifactError) as refused:
        other.path(made, "a")
    found = hashlib.sha256(b"2").hexdigest()
    assert f"the bytes hash to {found}, registered as {made.files['a'].sha256}." in str(
        refused.value
    )
    with pytest.raises(CorruptArtifactError, match=r"\(1 bytes\), registered as .* \(2 bytes\)"):
        other.read(made, "b")
    with pytest.raises(MissingArtifactError, match=made.files["c"].sha256):
        other.read(made, "c")
    assert [problem[:3] for problem in other.verify(made.sha256)] == ["a: ", "b: ", "c: "]


def test_a_copy_here_does_not_hide_damage_there(place: Place, store: ArtifactStore):
    made = store.write(FILES)
    place.put(made.files["model.onnx"].sha256, b"weighty")

    assert store.read(made, "model.onnx") == b"weights"
    assert store.verify(made.sha256)[0].startswith("model.onnx: ")


def test_a_removed_artifact_is_gone_for_every_machine(place: Place, store: ArtifactStore):
    made = store.write(FILES)
    other = place.machine()
    assert other.read(made, "card.json") == b"{}"

    store.remove(made.sha256)

    with pytest.raises(MissingArtifactError, match="Was the store moved or cleaned"):
        other.artifact(made.sha256)
    with pytest.raises(MissingArtifactError):
        other.artifact("../../etc/passwd")


def test_removing_takes_nothing_that_another_artifact_holds_or_a_writer_may_use(
    place: Place, store: ArtifactStore
):
    mine = store.write({"model": b"m" * 1000, "card": b"shared"})
    other = store.write({"card": b"shared"})
    place.now += timedelta(days=2)
    young = {"young": b"written within the day"}

    freed = store.remove(mine.sha256)

    assert freed > 1000
    assert store.verify(other.sha256) == ()
    assert not place.has(mine.files["model"].sha256)
    place.now = datetime.now(UTC)
    made = store.write(young)
    store.remove(made.sha256)
    assert place.has(made.files["young"].sha256)
    assert store.remove(made.sha256) == 0


def test_an_old_file_that_is_used_again_is_young_again(place: Place, store: ArtifactStore):
    """Else who removes could take it before the manifest that names it is there."""
    store.write(FILES)
    place.now += timedelta(hours=13)
    place.weather.asked.clear()

    store.write({"card.json": b"{}"})

    assert place.weather.methods() == ["HEAD", "PUT", "HEAD", "PUT"]


@pytest.mark.parametrize(
    "fault",
    [
        hangs_up,
        answer_lost,
        refuses(503, "SlowDown"),
        refuses(500, "InternalError"),
        refuses(429, ""),
    ],
)
@pytest.mark.parametrize("at", [1, 2])
def test_a_write_survives_what_passes(place: Place, store: ArtifactStore, fault, at: int):
    """The PUT of a file is hit, or the HEAD of the manifest."""
    place.weather.faults = [None] * at + [fault]

    made = store.write({"a": fault.__name__.encode()})

    assert place.weather.faults == []
    assert place.machine().verify(made.sha256) == ()


@pytest.mark.parametrize("fault", [hangs_up, cut_off, changed, refuses(503, "SlowDown")])
def test_a_read_survives_what_passes(place: Place, store: ArtifactStore, fault):
    made, other = store.write(FILES), place.machine()
    place.weather.faults = [fault, None, fault]

    assert other.read(other.artifact(made.sha256), "model.onnx") == b"weights"
    assert place.weather.faults == []


def test_an_upload_in_parts_that_fails_leaves_nothing_and_is_swept(
    place: Place, store: ArtifactStore
):
    data = os.urandom(11 * MIB)
    place.weather.faults = [None, None, *[refuses(500, "InternalError")] * 30]

    with pytest.raises(StoreUnreachableError):
        store.write({"large": data})

    assert not place.has(hashlib.sha256(data).hexdigest())
    place.weather.faults = [upload_begun(place.now)]
    assert store.sweep() == 0  # it may still be under way
    place.weather.faults = [upload_begun(place.now - timedelta(days=2))]
    assert store.sweep() == 1
    assert store.sweep() == 0
    assert store.verify(store.write({"large": data}).sha256) == ()


def test_a_server_that_stays_away_is_told_after_some_attempts(place: Place, store: ArtifactStore):
    made = store.write(FILES)
    place.waits.clear()
    place.weather.faults = [refuses(503, "SlowDown")] * 50
    place.weather.asked.clear()

    with pytest.raises(StoreUnreachableError) as refused:
        store.artifact(made.sha256)

    assert len(place.weather.asked) == ATTEMPTS
    assert len(place.waits) == ATTEMPTS - 1
    assert place.waits[0] < place.waits[1] < place.waits[2] < 10
    assert str(refused.value) == (
        f"s3://{place.name}/plant cannot be used: it answers SlowDown (HTTP 503). Are RUL_STORE and "
        f"RUL_STORE_ENDPOINT right, does the server run, and may these credentials read and write there "
        f"(docs/object-store.md)? Nothing was registered; run it again."
    )
    with pytest.raises(StoreUnreachableError):
        store.verify(made.sha256)  # nothing is known of it: neither whole nor broken


def test_nobody_listens(place: Place, tmp_path: Path):
    bucket = Bucket(f"s3://{place.name}", endpoint="http://127.0.0.1:1", pause=place.waits.append)
    store = ArtifactStore(ObjectBlobs(bucket, FileCache(tmp_path / "copies", limit_bytes=MIB)))

    with pytest.raises(StoreUnreachableError, match="it does not answer, or not to the end"):
        store.write(FILES)

    assert len(place.waits) == ATTEMPTS - 1


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (403, "AccessDenied", "these credentials may not do that"),
        (403, "InvalidAccessKeyId", "the access key is not known there"),
        (400, "ExpiredToken", "the session's credentials have expired"),
        (404, "NoSuchBucket", "the bucket does not exist"),
    ],
)
def test_a_refusal_is_final_and_says_what_to_do_without_a_secret(
    place: Place, store: ArtifactStore, status: int, code: str, said: str
):
    place.weather.faults = [refuses(status, code)] * 2

    with pytest.raises(StoreUnreachableError, match=said) as refused:
        store.artifact("0" * 64)

    assert len(place.weather.asked) == 1
    assert not any(
        value in str(refused.value) for value in CREDENTIALS.values() if "-" not in value
    )
    assert "a-secret-of-tests" not in str(refused.value)


def test_a_bucket_that_is_not_there_is_not_a_missing_artifact(place: Place, tmp_path: Path):
    bucket = Bucket("s3://nobody-made-this", endpoint=place.weather.url)
    store = ArtifactStore(ObjectBlobs(bucket, FileCache(tmp_path / "copies", limit_bytes=MIB)))

    with pytest.raises(StoreUnreachableError, match=r"does not exist \(NoSuchBucket\)"):
        store.artifact("0" * 64)
    with pytest.raises(StoreUnreachableError, match="NoSuchBucket"):
        store.write(FILES)


def test_without_credentials_it_says_where_they_are_looked_for(
    place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))

    with line_to(place.endpoint) as unknown:
        bucket = Bucket(f"s3://{place.name}", endpoint=unknown.url, pause=place.waits.append)
        store = ArtifactStore(ObjectBlobs(bucket, FileCache(tmp_path / "copies", limit_bytes=MIB)))
        with pytest.raises(StoreUnreachableError, match="no credentials were found"):
            store.artifact("0" * 64)
    assert unknown.asked == []


def test_a_server_that_knows_no_conditions_is_written_to_without(
    place: Place, store: ArtifactStore
):
    place.weather.faults = [None, refuses(501, "NotImplemented")]

    made = store.write(FILES)

    assert store.verify(made.sha256) == ()
    puts = [
        each.headers.get("If-None-Match") for each in place.weather.asked if each.method == "PUT"
    ]
    assert puts == ["*", None, None, None]


def test_four_machines_at_once_make_one_whole_artifact(place: Place):
    def write(number: int) -> str:
        store = place.machine()
        store.write({"own": str(number).encode()})
        return store.write(FILES | {"large": b"x" * 300_000}).sha256

    made = in_threads(write, 4)

    assert len(set(made)) == 1
    assert place.machine().verify(made[0]) == ()


def test_a_file_that_was_kept_ahead_becomes_part_of_an_artifact(place: Place, store: ArtifactStore):
    part = store.keep(b"part of long work")
    assert store.holds(part)
    assert store.kept_path(part).read_bytes() == b"part of long work"

    made = place.machine().write({"part": part, "rest": b"rest"})
    assert place.machine().read(made, "part") == b"part of long work"
    place.now += timedelta(days=1)
    place.weather.asked.clear()
    store.write({"part": part})
    assert "PUT" in place.weather.methods()[:4]  # else who removes could take it
    place.delete(part.sha256)
    assert not place.machine().holds(part)
    with pytest.raises(MissingArtifactError):
        store.write({"part": part})
