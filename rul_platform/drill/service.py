"""`rul serve` as a process of its own, which can be asked, stopped and killed.

Belongs here: that process, and one caller. Does not belong here: what is done to it (``scenarios``).
"""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

API = "/api/v1/rul"
START_SECONDS = 300.0
"""A service that does not answer by then never will."""


@dataclass(frozen=True, slots=True)
class Told:
    """An answer; status 0 where none came."""

    status: int
    body: dict[str, Any] = field(default_factory=dict[str, Any])
    seconds: float = 0.0


@dataclass(slots=True)
class Service:
    """One process that serves.

    Attributes:
        popen: The process.
        port: Where it answers, on this machine.
        log: Where it writes its errors.
    """

    popen: "subprocess.Popen[bytes]"
    port: int
    log: Path

    @classmethod
    def start(
        cls, environ: Mapping[str, str], log: Path, *, errors: Path | None = None
    ) -> "Service":
        """Begin a process; it does not answer yet.

        Args:
            environ: What it sees.
            log: A file that is added to.
            errors: What stands for its error stream instead, as ``/dev/full``.
        """
        port = _free_port()
        with (errors or log).open("ab") as stream:
            popen = subprocess.Popen(  # noqa: S603  our own program
                [sys.executable, "-m", "rul_platform", "serve", "--port", str(port),
                 "--log-level", "warning"],
                env=dict(environ), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=stream, start_new_session=True,
            )  # fmt: skip
        return cls(popen, port, log)

    def waits_until_ready(self) -> bool:
        """Whether it answers; False where its process ended."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self.popen.poll() is None:
            if self.asks("GET", "/ready", "", seconds=5.0).status == 200:
                return True
            time.sleep(0.05)
        return False

    def asks(
        self,
        method: str,
        path: str,
        token: str,
        body: object = None,
        *,
        seconds: float = 30.0,
        key: str | None = None,
    ) -> Told:
        """One request on a connection of its own.

        Args:
            method: Of HTTP.
            path: From the root.
            token: What the caller shows.
            body: JSON; None for none.
            seconds: How long an answer is waited for.
            key: Under which it is done once.
        """
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        headers |= {} if key is None else {"Idempotency-Key": key}
        began = time.monotonic()
        wire = HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            wire.request(method, path, None if body is None else json.dumps(body), headers)
            answer = wire.getresponse()
            told = json.loads(answer.read() or b"{}")
            return Told(answer.status, told, time.monotonic() - began)
        except (OSError, HTTPException, ValueError):
            return Told(0, {}, time.monotonic() - began)
        finally:
            wire.close()

    def signal(self, which: signal.Signals) -> None:
        """Send it a signal."""
        self.popen.send_signal(which)

    def kill(self) -> None:
        """SIGKILL, whatever it does."""
        self.popen.kill()
        self.popen.wait()

    def stop(self) -> bool:
        """A clean stop; False where it had to be killed, or said that something was not written."""
        self.popen.terminate()
        try:
            return self.popen.wait(60) == 0
        except subprocess.TimeoutExpired:
            self.kill()
            return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]
