"""A disk that takes no more bytes, in the middle of a model's files."""

import subprocess
import sys
from pathlib import Path

from rul_platform.storage.artifacts import ArtifactStore

WRITER = """
import resource, signal, sys
from pathlib import Path
from rul_platform.errors import StoreFullError
from rul_platform.storage.artifacts import ArtifactStore

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    ArtifactStore(Path(sys.argv[1])).write({"card.json": b"{}", "checkpoint.pt": b"w" * 300_000})
except StoreFullError as error:
    print(error)
    sys.exit(3)
"""


def test_a_checkpoint_that_does_not_fit_leaves_nothing_half_and_says_so(tmp_path: Path):
    """The kernel itself refuses the bytes, as where a quota is used up."""
    root = tmp_path / "store"
    done = subprocess.run(
        [sys.executable, "-c", WRITER, str(root)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 3, done.stderr
    assert "Nothing of this artifact was registered and earlier ones are intact" in done.stdout
    assert list((root / "partial").iterdir()) == []
    left = [path for path in root.glob("??/*") if path.is_file()]
    assert [path.read_bytes() for path in left] == [b"{}"]  # whole, and part of no artifact
    artifact = ArtifactStore(root).write({"card.json": b"{}", "checkpoint.pt": b"w" * 300_000})
    assert ArtifactStore(root).verify(artifact.sha256) == ()
