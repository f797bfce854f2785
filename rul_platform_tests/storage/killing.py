"""Run work in a process of its own that is killed, for real, at a chosen line of our code.

``python -m rul_platform_tests.storage.killing WORK ARGUMENT LINE`` calls the function ``WORK`` of this
module. Where ``LINE`` is not 0, the process kills itself with SIGKILL just before the LINE-th line that
it executes in the storage layer: no ``finally`` runs, no buffer is flushed. Else its last line of output
names the lines that it executed there, in order.
"""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

import rul_platform.storage
from rul_platform.storage.artifacts import ArtifactStore
from rul_platform.storage.partial_files import CHUNK_BYTES

STORAGE = str(Path(rul_platform.storage.__file__).parent)


def run(work: str, argument: str, *, line: int = 0) -> subprocess.CompletedProcess[str]:
    """Run a function of this module in a process that dies before its ``line``-th line."""
    return subprocess.run(
        [sys.executable, "-m", __name__, work, argument, str(line)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def executed_lines(work: str, argument: str) -> list[str]:
    """``file:line`` of every line of the storage layer that the function executes, in order."""
    done = run(work, argument)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1].split()


def artifacts(folder: Path) -> list[dict[str, bytes | Path]]:
    """Three artifacts: small files, a file shared between two, and one of several pieces."""
    large = folder / "large"
    if not large.exists():
        large.write_bytes(bytes(range(256)) * (2 * CHUNK_BYTES // 256) + b"end")
    return [
        {"a.json": b"{}", "b.txt": b"b" * 5000},
        {"a.json": b"{}", "large.bin": large},
        {"c.txt": b"c"},
    ]


def write_artifacts(argument: str) -> None:
    """Write all artifacts; print the name of each when it is registered."""
    store = ArtifactStore(Path(argument) / "store")
    for files in artifacts(Path(argument)):
        sys.stdout.write(f"{store.write(files).sha256}\n")
        sys.stdout.flush()


def deploy_second(argument: str) -> None:
    """Deploy version 2 of a plant in place of version 1; ``argument`` is the plant, a space, the URL."""
    from rul_platform.storage.database import connect  # here: the other work starts faster without
    from rul_platform.storage.models import ModelRegistry

    plant, _, url = argument.partition(" ")
    ModelRegistry(connect(url)).deploy(
        plant, 2, expected_champion=1, evidence={}, now=datetime(2026, 3, 2, tzinfo=UTC)
    )


class Countdown:
    """Notes executed lines of the storage layer; kills the process before one of them."""

    def __init__(self, fatal: int) -> None:
        self.fatal = fatal
        self.executed = list[str]()

    def trace(self, frame: FrameType, event: str, _argument: Any) -> Any:
        """For ``sys.settrace``."""
        if not frame.f_code.co_filename.startswith(STORAGE):
            return None
        if event == "line":
            self.executed.append(f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}")
            if len(self.executed) == self.fatal:
                os.kill(os.getpid(), signal.SIGKILL)
        return self.trace


def main(work: str, argument: str, line: str) -> None:
    countdown = Countdown(int(line))
    sys.settrace(countdown.trace)
    {"write_artifacts": write_artifacts, "deploy_second": deploy_second}[work](argument)
    sys.settrace(None)
    sys.stdout.write(" ".join(countdown.executed) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
