"""Artifacts are complete or absent, and never change."""

import hashlib
import json
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rul_platform.errors import (
    FileNamesError,
    MissingArtifactError,
    MissingFileError,
)
from rul_platform.storage.artifacts import ArtifactStore
from rul_platform_tests.storage.at_once import in_threads

FILES = {"model.onnx": b"weights", "card.json": b"{}"}


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "home" / "store")


def test_what_was_written_is_read_back(store: ArtifactStore):
    written = store.write(FILES)

    artifact = store.artifact(written.sha256)

    assert artifact == written
    assert list(artifact.files) == ["card.json", "model.onnx"]
    assert {name: store.read(artifact, name) for name in artifact.files} == FILES
    assert store.path(artifact, "model.onnx").read_bytes() == b"weights"
    assert store.verify(written.sha256) == ()
    assert {artifact: "hashable"}[written] == "hashable"


def test_every_file_is_named_by_its_hash_in_a_folder_of_two_digits_and_read_only(
    store: ArtifactStore,
):
    artifact = store.write(FILES)

    stored = [path for path in store.root.rglob("*") if path.is_file()]

    assert len(stored) == 3  # two files and the manifest
    for path in stored:
        assert path.name == hashlib.sha256(path.read_bytes()).hexdigest()
        assert path.relative_to(store.root) == Path(path.name[:2], path.name)
        assert stat.S_IMODE(path.stat().st_mode) == 0o444
    assert artifact.sha256 in {path.name for path in stored}


def test_the_manifest_is_canonical_json_that_sha256sum_alone_can_follow(store: ArtifactStore):
    sha256 = store.write({"b": b"2", "a": b"11"}).sha256

    manifest = (store.root / sha256[:2] / sha256).read_bytes()

    files = {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        for name, data in (("a", b"11"), ("b", b"2"))
    }
    expected = {"files": files, "format": "rul-artifact-1"}
    assert manifest == json.dumps(expected, separators=(",", ":")).encode()


def test_the_same_files_are_the_same_artifact_whatever_their_order(store: ArtifactStore):
    first = store.write(FILES)
    before = {p: p.stat().st_mtime_ns for p in store.root.rglob("*") if p.is_file()}

    again = store.write(dict(reversed(FILES.items())))

    assert again == first
    assert {p: p.stat().st_mtime_ns for p in store.root.rglob("*") if p.is_file()} == before


def test_a_name_or_a_byte_more_is_another_artifact(store: ArtifactStore):
    made = {
        store.write(files).sha256
        for files in ({"a": b"1"}, {"b": b"1"}, {"a": b"2"}, {"a": b"1", "b": b"1"})
    }

    assert len(made) == 4


def test_a_file_on_disk_is_copied_and_the_source_left_alone(store: ArtifactStore, tmp_path: Path):
    source = tmp_path / "readings.parquet"
    source.write_bytes(b"rows")

    artifact = store.write({"readings.parquet": source})
    source.write_bytes(b"changed")

    assert artifact == store.write({"readings.parquet": b"rows"})
    assert store.read(artifact, "readings.parquet") == b"rows"


@given(
    files=st.dictionaries(
        st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20),
        st.binary(max_size=50),
        min_size=1,
        max_size=4,
    )
)
def test_any_files_survive_the_round_trip(files: dict[str, bytes], tmp_path_factory):
    store = ArtifactStore(tmp_path_factory.getbasetemp() / "any_files")

    artifact = store.artifact(store.write(files).sha256)

    assert {name: store.read(artifact, name) for name in artifact.files} == files


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", "'' names no file"),
        (".", "'.' names no file"),
        ("..", "'..' names no file"),
        ("../card.json", "'../card.json' holds a separator of folders"),
        ("/etc/passwd", "'/etc/passwd' holds a separator of folders"),
        ("a\\b", r"'a\\b' holds a separator of folders"),
        ("a\0b", r"'a\x00b' holds a character that cannot be printed"),
        ("a\nb", r"'a\nb' holds a character that cannot be printed"),
        ("\ud800", r"'\ud800' holds a character that cannot be printed"),
        ("é" * 128, "is longer than 255 bytes"),
    ],
)
def test_a_name_that_is_no_plain_file_name_is_refused(
    store: ArtifactStore, name: str, problem: str
):
    with pytest.raises(FileNamesError) as refused:
        store.write({name: b"", "fine": b""})

    assert problem in str(refused.value)
    assert not store.root.exists()


def test_all_wrong_names_are_listed_at_once(store: ArtifactStore):
    with pytest.raises(FileNamesError) as refused:
        store.write({"..": b"", "a/b": b"", "fine": b""})

    assert str(refused.value) == (
        "An artifact is a set of files with plain names: '..' names no file; 'a/b' holds a separator "
        "of folders. Nothing was stored; name the files differently."
    )


def test_an_artifact_without_files_is_refused(store: ArtifactStore):
    with pytest.raises(FileNamesError, match="there is no file at all"):
        store.write({})


@pytest.mark.parametrize(
    "sha256", ["0" * 64, "../../etc/passwd", "", "A" * 64, "0" * 63, "0" * 64 + "\n"]
)
def test_an_unknown_artifact_says_where_it_was_looked_for(store: ArtifactStore, sha256: str):
    with pytest.raises(MissingArtifactError) as refused:
        store.artifact(sha256)

    assert f"No artifact {sha256} in {store.root}. Was the store moved" in str(refused.value)


@pytest.mark.parametrize(
    "data", [b"no JSON", b"[]", b'{"files":{}}', b'{"files":["a"]}', b"7", b"[" * 10**5]
)
def test_a_file_is_no_artifact(store: ArtifactStore, data: bytes):
    entry = store.write({"file": data}).files["file"]

    with pytest.raises(MissingArtifactError):
        store.artifact(entry.sha256)


def test_a_file_that_the_artifact_does_not_hold(store: ArtifactStore):
    artifact = store.write(FILES)

    with pytest.raises(MissingFileError) as refused:
        store.read(artifact, "weights.pt")

    assert "has no file 'weights.pt'; it holds card.json, model.onnx." in str(refused.value)
    with pytest.raises(MissingFileError):
        store.path(artifact, "../card.json")


def test_eight_writers_at_once_make_one_whole_artifact(store: ArtifactStore):
    def write(number: int) -> str:
        store.write({"own": str(number).encode()})
        return store.write({**FILES, "large": b"x" * 3_000_000}).sha256

    made = in_threads(write, 8)

    assert len(set(made)) == 1
    assert store.verify(made[0]) == ()
    assert list((store.root / "partial").iterdir()) == []
