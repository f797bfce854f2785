"""A stack that runs for a test or a bench."""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rul_platform_tests.stack.dockerfile import TOP

PROGRAM = (sys.executable, "-m", "rul_platform_tests.stack")
UP_SECONDS = 300
READY = ("healthy", "completed")


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack on ports of its own.

    Attributes:
        folder: Its volumes, secrets and logs.
        proxy: Address of the pages and predictions.
        reading: Address of Dagster's pages without rights.
    """

    folder: Path
    proxy: str
    reading: str

    def types(self, service: str, *argv: str) -> str:
        """What a command prints that is run beside a service."""
        done = self._calls("exec", service, *argv)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def states(self) -> dict[str, dict[str, Any]]:
        """How each service is."""
        return json.loads(self._calls("status").stdout)

    def kill(self, service: str, number: int = signal.SIGKILL) -> None:
        """Send a signal to its process, where there is one just now."""
        assert self._calls("kill", "--signal", str(int(number)), service).returncode == 0

    def secret(self, name: str) -> str:
        """What stands in a secret's file."""
        return (self.folder / "secrets" / name).read_text().strip()

    def log(self, service: str) -> str:
        """What it printed."""
        return (self.folder / "logs" / f"{service}.log").read_text()

    def asks(self, url: str, body: object = None, **headers: str) -> tuple[int, bytes]:
        """Status and body of an answer; the certificate signed itself."""
        given = {key.replace("_", "-"): value for key, value in headers.items()}
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            given["Content-Type"] = "application/json"
        request = urllib.request.Request(url, data, given)  # noqa: S310  ours
        context = ssl.create_default_context(cafile=str(self.folder / "secrets/tls_certificate"))
        try:
            with urllib.request.urlopen(request, timeout=60, context=context) as answer:  # noqa: S310
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def waits(
        self, look: Callable[[], Any], is_done: Callable[[Any], object], seconds: float = 120
    ) -> Any:
        """What is seen once it is as it should be, or after that time."""
        end = time.monotonic() + seconds
        while not is_done(seen := look()) and time.monotonic() < end:
            time.sleep(0.5)
        return seen

    def awaits_all(self, seconds: float = UP_SECONDS) -> None:
        """Return once every service is well.

        Raises:
            AssertionError: One failed, or not all are well in time.
        """
        end = time.monotonic() + seconds
        states: dict[str, dict[str, Any]] = {}
        while time.monotonic() < end:
            if (self.folder / "sockets").exists():
                done = self._calls("status")
                states = json.loads(done.stdout) if done.returncode == 0 else {}
            if states and all(one["state"] in READY for one in states.values()):
                return
            assert not any(one["state"] == "failed" for one in states.values()), self._logs()
            time.sleep(0.5)
        msg = f"not all well in time: {states}\n{self._logs()}"
        raise AssertionError(msg)

    def _logs(self) -> str:
        return "\n".join(
            f"{file.stem}: {file.read_text()[-2000:]}"
            for file in sorted((self.folder / "logs").glob("*.log"))
        )

    def _calls(self, *words: str) -> subprocess.CompletedProcess[str]:
        command, *rest = words
        return subprocess.run(
            [*PROGRAM, command, "--folder", self.folder, *rest],
            cwd=TOP,
            capture_output=True,
            text=True,
        )


@contextmanager
def running(folder: Path, **environ: str) -> Iterator[Stack]:
    """The stack of the checkout, with everything in ``folder``, until the block ends."""
    ports = {name: str(free_port()) for name in ("RUL_PROXY_PORT", "RUL_UI_PORT")}
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "stack.log").open("ab") as log:
        process = subprocess.Popen(
            [*PROGRAM, "up", "--folder", folder],
            cwd=TOP,
            env={**os.environ, **ports, **environ},  # noqa: TID251  the test run's own door
            stdout=log,
            stderr=log,
        )
    try:
        yield Stack(
            folder,
            f"https://localhost:{ports['RUL_PROXY_PORT']}",
            f"http://127.0.0.1:{ports['RUL_UI_PORT']}",
        )
    finally:
        process.terminate()
        process.wait(timeout=180)


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
