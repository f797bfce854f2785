"""All services in their order, inside the network of the stack, and a socket to ask them things.

This is the part that runs in the stack's own network; ``gateway`` stands outside.
"""

import asyncio
import base64
import json
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rul_platform_tests.stack.gateway import relay, to_port
from rul_platform_tests.stack.process import Process

MET = {
    "service_healthy": frozenset({"healthy"}),
    "service_completed_successfully": frozenset({"completed"}),
    "service_started": frozenset({"starting", "healthy", "unhealthy"}),
}
POLL = 0.1


class Supervisor:
    """The services of a stack.

    Attributes:
        processes: By name.
    """

    def __init__(self, processes: Mapping[str, Process], sockets: Path) -> None:
        self.processes = dict(processes)
        self._sockets = sockets
        self._ends = asyncio.Event()

    async def run(self) -> None:
        """Run all until SIGINT or SIGTERM; the last to start stops first."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._ends.set)
        doors = [await asyncio.start_unix_server(self._asked, self._sockets / "control")]
        for process in self.processes.values():
            for _, here, there in process.service.published:
                doors.append(await relay(self._sockets / str(here), to_port(there)))
        starts = {
            name: asyncio.create_task(self._start(process))
            for name, process in self.processes.items()
        }
        await self._ends.wait()
        for name in reversed(self._order()):
            await self.processes[name].stop()
            starts[name].cancel()
        await asyncio.gather(*starts.values(), return_exceptions=True)
        for door in doors:
            door.close()

    async def _start(self, process: Process) -> None:
        """Run it once those that it waits for are as far as it wants them."""
        for other, condition in process.service.waits_for.items():
            while self.processes[other].state not in MET[condition]:
                if self.processes[other].state == "failed":
                    return
                await asyncio.sleep(POLL)
        await process.run()

    def _order(self) -> list[str]:
        """Names, each after those that it waits for."""
        order: list[str] = []

        def add(name: str) -> None:
            for other in self.processes[name].service.waits_for:
                add(other)
            if name not in order:
                order.append(name)

        for name in self.processes:
            add(name)
        return order

    async def _asked(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One question, a line of JSON, and its answer, likewise."""
        question = json.loads(await reader.readline())
        answer = await self._answer(question)
        writer.write(json.dumps(answer).encode() + b"\n")
        await writer.drain()
        writer.close()

    async def _answer(self, question: dict[str, Any]) -> dict[str, Any]:
        match question:
            case {"ask": "status"}:
                return {
                    name: {"state": one.state, "pid": one.pid(), "restarts": one.restarts}
                    for name, one in self.processes.items()
                }
            case {"ask": "exec", "service": name, "argv": argv, "timeout": timeout}:
                code, out, errors = await self.processes[name].call(argv, timeout=timeout)
                return {"code": code, "out": _text(out), "errors": _text(errors)}
            case {"ask": "kill", "service": name, "signal": number}:
                return {"sent": self.processes[name].kill(number)}
            case _:
                return {"error": f"no such question: {question}"}


def _text(output: bytes) -> str:
    return base64.b64encode(output).decode("ascii")
