"""One service: started when those before it are ready, watched, started again, stopped."""

import asyncio
import json
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic

import click

from rul_platform_tests.stack.compose import Health
from rul_platform_tests.stack.sandbox import Sandbox

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 60.0
"""Seconds before a service that ended is started again; twice as long each time, as Docker does."""
SETTLED = 10.0
"""A service that ran so long begins with the first pause again, as Docker does."""


class Process:
    """A service as it runs.

    Attributes:
        state: ``waiting``, ``starting``, ``healthy``, ``unhealthy``, ``completed``, ``failed``,
            ``stopped``.
        restarts: How often it was started again.
    """

    def __init__(self, sandbox: Sandbox, log: Path) -> None:
        self.sandbox, self.service = sandbox, sandbox.service
        self.state, self.restarts = "waiting", 0
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self._inside: int | None = None
        self._stopping = False

    async def run(self) -> None:
        """Keep it running until it is stopped; once only, where it is a job."""
        pause = FIRST_PAUSE
        while not self._stopping:
            begun = monotonic()
            code = await self._once()
            if self._stopping:
                break
            if not self.service.is_restarted:
                self._become("completed" if code == 0 else "failed")
                return
            self._become("starting")
            self.restarts += 1
            pause = FIRST_PAUSE if monotonic() - begun > SETTLED else min(2 * pause, LONGEST_PAUSE)
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(pause)
        self._become("stopped")

    async def stop(self) -> None:
        """Its signal, and SIGKILL where that was not enough within the service's time."""
        self._stopping = True
        if self._process is None or self._process.returncode is not None:
            return
        self.kill(self.service.stop_signal)
        try:
            await asyncio.wait_for(self._process.wait(), self.service.grace)
        except TimeoutError:
            self.kill(signal.SIGKILL)
            await self._process.wait()

    def pid(self) -> int | None:
        """The service's own process, below bubblewrap's; None while it does not run."""
        if self._inside is None:
            return None
        with suppress(OSError, ValueError):
            children = Path(f"/proc/{self._inside}/task/{self._inside}/children").read_text()
            return int(children.split()[0]) if children.split() else None
        return None

    def kill(self, number: int) -> bool:
        """Send a signal to the service's own process; False where there is none."""
        pid = self.pid()
        if pid is None:
            return False
        with suppress(ProcessLookupError):
            os.kill(pid, number)
            return True
        return False

    async def call(self, argv: Sequence[str], *, timeout: float) -> tuple[int, bytes, bytes]:
        """Another command in the service's sandbox: exit status, output, errors; 124 out of time."""
        process = await asyncio.create_subprocess_exec(
            *self.sandbox.command(argv),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            out, errors = await asyncio.wait_for(process.communicate(), timeout)
        except TimeoutError:
            process.kill()
            await process.wait()
            return 124, b"", f"not done within {timeout:g} s".encode()
        return process.returncode or 0, out, errors

    async def _once(self) -> int:
        """Start it, and wait for its end."""
        told, tells = os.pipe()
        command = self.sandbox.command(self.sandbox.argv(), "--info-fd", str(tells))
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(tells,),
            )
        os.close(tells)
        with os.fdopen(told) as pipe:  # bubblewrap writes it before the command starts
            info = await asyncio.to_thread(pipe.read)
        self._inside = json.loads(info)["child-pid"] if info else None
        self._become("starting")
        watching = asyncio.create_task(self._watch(self.service.health))
        try:
            return await self._process.wait()
        finally:
            watching.cancel()
            self._inside = None

    async def _watch(self, health: Health | None) -> None:
        """Ask it again and again whether it works."""
        if health is None:
            return
        begun, failed = monotonic(), 0
        while True:
            code, _, errors = await self.call(health.test, timeout=health.timeout)
            is_starting = self.state == "starting" and monotonic() - begun < health.start_period
            failed = 0 if code == 0 else failed + 1
            if code == 0:
                self._become("healthy")
            elif failed >= health.retries and not is_starting:
                self._become("unhealthy", errors.decode(errors="replace")[-500:])
            await asyncio.sleep(
                health.start_interval if self.state == "starting" else health.interval
            )

    def _become(self, state: str, why: str = "") -> None:
        if state == self.state:
            return
        self.state = state
        click.echo(f"{self.service.name}: {state}{': ' + why if why else ''}")
