"""Requests at a rate, from a process of its own, and what the server spent on them."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from subprocess import PIPE

import numpy as np

TICKS = 100
"""Of /proc in a second, on Linux."""


@dataclass(frozen=True, slots=True)
class Load:
    """What came of it.

    Attributes:
        answers: How many 2xx answers.
        failures: How many others.
        seconds: From the first request to the last answer.
        latencies: In seconds, one for each answer.
    """

    answers: int
    failures: int
    seconds: float
    latencies: np.ndarray

    def percentile(self, of: float) -> float:
        """In milliseconds."""
        return 1000 * float(np.percentile(self.latencies, of))


def cpu_seconds(pid: int) -> float:
    """User and system time of a process with all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def rss_mb(pid: int) -> float:
    """Resident memory, in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise ProcessLookupError(pid)


def request(path: str, body: bytes, token: str = "", more: str = "") -> bytes:
    """A POST as bytes on the wire."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token}\r\n{more}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def send(
    port: int, requests: Sequence[bytes], *, connections: int, rate: float | None = None
) -> Load:
    """Send them all, in turn over some connections; at a rate, or as fast as answers come."""
    distinct = list(dict.fromkeys(requests))
    places = {each: at for at, each in enumerate(distinct)}
    told = {
        "port": port,
        "distinct": [each.decode("latin-1") for each in distinct],
        "order": [places[each] for each in requests],
        "connections": connections,
        "rate": rate,
    }
    command = [sys.executable, "-m", "rul_platform_tests.benches.load"]
    done = subprocess.run(command, input=json.dumps(told).encode(), stdout=PIPE, check=True)
    found = json.loads(done.stdout)
    return Load(**found | {"latencies": np.array(found["latencies"])})


def main() -> None:
    """Send what stands on standard input. A process that only sends has next to nothing to import."""
    told = json.load(sys.stdin)
    distinct = [each.encode("latin-1") for each in told["distinct"]]
    requests = [distinct[at] for at in told["order"]]
    found = asyncio.run(_all(told["port"], requests, told["connections"], told["rate"]))
    json.dump(asdict(found) | {"latencies": found.latencies.tolist()}, sys.stdout)


async def _all(port: int, requests: list[bytes], connections: int, rate: float | None) -> Load:
    latencies: list[float] = []
    failures = 0
    begin, left = time.perf_counter(), iter(enumerate(requests))

    async def one_connection() -> None:
        nonlocal failures
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number, asked in left:
            due = begin + number / rate if rate else None
            if due is not None and (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            sent = time.perf_counter() if due is None else max(due, begin)
            writer.write(asked)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            latencies.append(time.perf_counter() - sent)
            failures += not head.startswith(b"HTTP/1.1 2")
        writer.close()

    await asyncio.gather(*(one_connection() for _ in range(connections)))
    seconds = time.perf_counter() - begin
    return Load(len(latencies) - failures, failures, seconds, np.array(latencies))


if __name__ == "__main__":
    main()
