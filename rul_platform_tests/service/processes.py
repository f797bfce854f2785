"""`rul serve` as a process of its own, which can be killed."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Process:
    """A service under test.

    Attributes:
        popen: The process.
        port: Where it answers, on this machine.
        errors: The file that its error stream goes to.
    """

    popen: subprocess.Popen[str]
    port: int
    errors: Path

    def stop(self, how: signal.Signals) -> tuple[int, str]:
        """Send a signal and wait; gives the exit code and what it printed since it began to serve."""
        self.popen.send_signal(how)
        out, _ = self.popen.communicate(timeout=60)
        return self.popen.returncode, out


def free_port() -> int:
    """One that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


@contextmanager
def served(folder: Path, *words: str, **environ: str) -> Iterator[Process]:
    """`rul serve` on the home folder, from its first word on; killed at the end if it still runs."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("RUL_", "DAGSTER_"))}  # noqa: TID251
    port, errors = free_port(), folder / "errors.log"
    with errors.open("a") as stream:
        popen = subprocess.Popen(
            [sys.executable, "-m", "rul_platform", "serve", "--port", str(port), *words],
            env=kept | {"RUL_HOME": str(folder)} | environ,
            stdout=subprocess.PIPE,
            stderr=stream,
            text=True,
        )
    try:
        assert popen.stdout is not None
        assert popen.stdout.readline().startswith("Serving on http"), errors.read_text()
        yield Process(popen, port, errors)
    finally:
        popen.kill()
        popen.wait()
        assert popen.stdout is not None
        popen.stdout.close()
