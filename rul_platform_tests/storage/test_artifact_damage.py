"""Damage is found at every read, named, and mended by making the artifact again."""

import dataclasses
import hashlib
from pathlib import Path

import pytest

from rul_platform.errors import CorruptArtifactError, MissingArtifactError
from rul_platform.storage.artifacts import Artifact, ArtifactStore

FILES = {"model.onnx": b"weights", "card.json": b"{}"}


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "home" / "store")


def change(store: ArtifactStore, sha256: str, data: bytes) -> Path:
    """What a failing disk does: other bytes under the same name."""
    path = store.root / sha256[:2] / sha256
    path.chmod(0o644)
    path.write_bytes(data)
    return path


def test_one_changed_bit_is_found_at_every_read(store: ArtifactStore):
    artifact = store.write(FILES)
    entry = artifact.files["model.onnx"]
    path = change(store, entry.sha256, b"weighty")

    for read in (store.read, store.path):
        with pytest.raises(CorruptArtifactError) as refused:
            read(artifact, "model.onnx")
        found = hashlib.sha256(b"weighty").hexdigest()
        assert str(refused.value).startswith(
            f"{path}: the bytes hash to {found}, registered as {entry.sha256}."
        )
    assert store.read(artifact, "card.json") == b"{}"


def test_a_changed_manifest_is_found(store: ArtifactStore):
    sha256 = store.write(FILES).sha256
    change(store, sha256, b'{"files":{}}')

    with pytest.raises(CorruptArtifactError, match="The file was changed or the disk is failing"):
        store.artifact(sha256)
    (problem,) = store.verify(sha256)
    assert problem.startswith("manifest: ")


def test_a_removed_file_is_missing(store: ArtifactStore):
    artifact = store.write(FILES)
    entry = artifact.files["card.json"]
    (store.root / entry.sha256[:2] / entry.sha256).unlink()

    for read in (store.read, store.path):
        with pytest.raises(MissingArtifactError, match=entry.sha256):
            read(artifact, "card.json")


def test_verify_lists_everything_that_is_wrong(store: ArtifactStore):
    artifact = store.write({"a": b"1", "b": b"2", "c": b"3"})
    change(store, artifact.files["a"].sha256, b"")
    entry = artifact.files["c"]
    (store.root / entry.sha256[:2] / entry.sha256).unlink()

    first, second = store.verify(artifact.sha256)

    assert first.startswith("a: ")
    assert "the bytes hash to" in first
    assert second.startswith(f"c: No artifact {entry.sha256}")
    assert store.verify("f" * 64)[0].startswith("manifest: No artifact ffff")


def test_writing_again_mends_what_was_damaged(store: ArtifactStore):
    artifact = store.write(FILES)
    change(store, artifact.files["model.onnx"].sha256, b"")
    change(store, artifact.sha256, b"")

    assert store.write(FILES) == artifact

    assert store.verify(artifact.sha256) == ()


def test_a_forged_size_is_not_believed(store: ArtifactStore):
    artifact = store.write({"a": b"1"})
    entry = dataclasses.replace(artifact.files["a"], size=2)

    with pytest.raises(CorruptArtifactError):
        store.path(Artifact(artifact.sha256, {"a": entry}), "a")
