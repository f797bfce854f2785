"""What is left when writing is interrupted: by a kill, by a full disk, by a sweep."""

import hashlib
import os
import random
import shutil
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from rul_platform.errors import MissingArtifactError
from rul_platform.storage.artifacts import ArtifactStore
from rul_platform.storage.partial_files import CHUNK_BYTES, chunks, partial_file, sweep
from rul_platform_tests.storage import killing

ROOT = Path(__file__).parents[2]
KILLS_ELSEWHERE = 8


def stored_files(store: ArtifactStore) -> list[Path]:
    return [path for path in store.root.glob("[0-9a-f][0-9a-f]/*") if path.is_file()]


def artifacts_in(store: ArtifactStore) -> set[str]:
    """Every artifact whose manifest is there."""
    found = set[str]()
    for path in stored_files(store):
        try:
            found.add(store.artifact(path.name).sha256)
        except MissingArtifactError:
            continue  # a file
    return found


def fatal_lines(executed: list[str]) -> list[int]:
    """One seeded moment for every line of code that touches a partial file, and some elsewhere.

    Returns:
        Positions among the executed lines, from 1.
    """
    chance = random.Random(20260301)  # noqa: S311  no secret
    moments = dict[str, list[int]]()
    for at, line in enumerate(executed, start=1):
        moments.setdefault(line, []).append(at)
    partial = [at for line, at in moments.items() if line.startswith("partial_files.py:")]
    elsewhere = chance.sample(range(1, len(executed) + 1), KILLS_ELSEWHERE)
    return sorted({*(chance.choice(at) for at in partial), *elsewhere})


def test_a_kill_at_any_line_leaves_only_whole_artifacts_and_the_next_run_succeeds(tmp_path: Path):
    """SIGKILL in the code that writes; nothing is mended by hand."""
    (undisturbed := tmp_path / "undisturbed").mkdir()
    executed = killing.executed_lines("write_artifacts", str(undisturbed))
    expected = artifacts_in(ArtifactStore(undisturbed / "store"))
    leftovers, cut_short = 0, 0

    for line in fatal_lines(executed):
        (home := tmp_path / str(line)).mkdir()
        killed = killing.run("write_artifacts", str(home), line=line)
        assert killed.returncode == -9, killed.stderr
        store, announced = ArtifactStore(home / "store"), set(killed.stdout.split())

        assert all(
            hashlib.sha256(p.read_bytes()).hexdigest() == p.name for p in stored_files(store)
        )
        assert announced <= artifacts_in(store) <= expected
        assert all(store.verify(sha256) == () for sha256 in artifacts_in(store))
        leftovers += any((store.root / "partial").glob("*"))
        cut_short += artifacts_in(store) != expected

        again = {store.write(files).sha256 for files in killing.artifacts(home)}
        assert again == artifacts_in(store) == expected
        assert all(store.verify(sha256) == () for sha256 in expected)
        assert list((store.root / "partial").iterdir()) == []
        shutil.rmtree(home)

    assert leftovers >= 10  # else the kills came at harmless moments only
    assert cut_short >= 20


FILL = """
import sys
from pathlib import Path
from rul_platform.errors import StoreFullError
from rul_platform.storage.artifacts import ArtifactStore
store = ArtifactStore(Path(sys.argv[1]) / "store")
small = store.write({"a": b"small", "b": b"also small"})
try:
    store.write({"c": b"before", "large": bytes(3_000_000)})
except StoreFullError as error:
    sys.stdout.write(f"{error}\\n")
partial = list((store.root / "partial").iterdir())
files = sorted(path.name for path in store.root.glob("??/*"))
manifests = [name for name in files if b"rul-artifact-1" in (store.root / name[:2] / name).read_bytes()]
sys.stdout.write(f"{store.verify(small.sha256)} {partial} {manifests == [small.sha256]}\\n")
sys.stdout.write(f"{store.write({'a': b'small', 'b': b'also small'}) == small}\\n")
"""


def assert_survived(done: subprocess.CompletedProcess[str], store: Path, reason: str) -> None:
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        f"{store}: {reason}. Nothing of this artifact was registered and earlier ones are intact. "
        "Free some space and run the step again.",
        "() [] True",
        "True",
    ]


def test_a_file_size_limit_leaves_earlier_artifacts_intact(tmp_path: Path):
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({CHUNK_BYTES}, {CHUNK_BYTES}))"
    done = subprocess.run(
        [sys.executable, "-c", limit + FILL, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert_survived(done, tmp_path / "store", "File too large")
    store = ArtifactStore(tmp_path / "store")
    artifact = store.write({"c": b"before", "large": bytes(3_000_000)})  # there is room now
    assert store.verify(artifact.sha256) == ()


def test_a_full_disk_leaves_earlier_artifacts_intact(tmp_path: Path):
    """On a real file system of two megabytes, in a mount namespace that ends with the process."""
    alone = (
        ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    )
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(tmp_path)]
    if not shutil.which("unshare") or subprocess.run([*alone, *mount], check=False).returncode:
        pytest.skip("no small file system can be mounted here: unshare --mount or mount is refused")
    script = f'{" ".join(mount[:-1])} "$1" && exec "$2" -c "$3" "$1"'

    done = subprocess.run(
        [*alone, "sh", "-c", script, "sh", str(tmp_path), sys.executable, FILL],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert_survived(done, tmp_path / "store", "No space left on device")


def test_another_refusal_is_not_called_a_full_disk(tmp_path: Path):
    (tmp_path / "store").write_text("a file where the folder should be")

    with pytest.raises(FileExistsError):
        ArtifactStore(tmp_path / "store").write({"a": b""})


def test_a_sweep_takes_leftovers_and_leaves_files_in_the_making(tmp_path: Path):
    store = ArtifactStore(tmp_path)
    partial = tmp_path / "partial"
    with partial_file(partial) as file:
        file.write(b"half")
        (partial / "leftover").write_bytes(b"of a killed writer")

        assert store.sweep() == 1
        assert len(list(partial.iterdir())) == 1

        file.write(b" and half")
        file.publish(tmp_path / "whole")

    assert (tmp_path / "whole").read_bytes() == b"half and half"
    assert file.size == 13
    assert store.sweep() == 0


def test_a_write_sweeps_first(tmp_path: Path):
    store = ArtifactStore(tmp_path)
    store.write({"a": b"1"})
    (tmp_path / "partial" / "leftover").write_bytes(b"")

    store.write({"a": b"1"})

    assert list((tmp_path / "partial").iterdir()) == []


def test_a_file_that_was_not_published_is_gone(tmp_path: Path):
    with partial_file(tmp_path) as file:
        file.write(b"half")

    assert list(tmp_path.iterdir()) == []
    assert sweep(tmp_path / "never made") == 0


def test_a_source_that_fails_half_way_leaves_nothing(tmp_path: Path):
    with pytest.raises(IsADirectoryError):
        ArtifactStore(tmp_path / "store").write({"a": b"fine", "b": tmp_path})

    assert artifacts_in(ArtifactStore(tmp_path / "store")) == set()


def test_a_large_file_passes_through_in_pieces(tmp_path: Path):
    source, store = tmp_path / "large", ArtifactStore(tmp_path / "store")
    with source.open("wb") as stream:
        stream.truncate(24 * CHUNK_BYTES + 1)

    tracemalloc.start()
    artifact = store.write({"large": source})
    store.path(artifact, "large")
    assert store.verify(artifact.sha256) == ()
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert artifact.files["large"].size == 24 * CHUNK_BYTES + 1
    assert peak_bytes < 4 * CHUNK_BYTES
    assert [len(piece) for piece in chunks(source)] == [CHUNK_BYTES] * 24 + [1]
