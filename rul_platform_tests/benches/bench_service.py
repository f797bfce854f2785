"""The service beside a bare echo of the same body, and beside the network alone.

    python -m rul_platform_tests.benches.bench_service [--home HOME --plant PLANT] [--requests 3000]

HOME is a home folder with a model in charge of PLANT, as `rul demo` leaves it; it is copied. Without
one, four plants are made (``plants``). Server CPU seconds are counted for each, in turn, so that a busy
machine slows both.
"""

import argparse
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import numpy as np

from rul_platform.operation.access import create_token
from rul_platform.operation.asking import load
from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform_tests.benches.load import cpu_seconds, request, rss_mb, send
from rul_platform_tests.benches.plants import make_plants

ECHO = """
import sys, uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
async def echo(request):
    return JSONResponse(await request.json())
app = Starlette(routes=[Route("/echo", echo, methods=["POST"])])
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=False, log_level="warning")
"""
CONNECTIONS = 8
ROUNDS = 5
PREDICT = "/api/v1/rul/predict"
Asked = tuple[int, int, bytes]
"""A server's process, its port, a request."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--plant", action="append")
    parser.add_argument("--requests", type=int, default=3000)
    parser.add_argument("--rows", type=int, default=30)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "home"
        if told.home:
            shutil.copytree(told.home, folder, ignore=shutil.ignore_patterns("dagster"))
        home = Home(Settings.read({"RUL_HOME": str(folder)}))
        made = () if told.home else make_plants(home)
        plants = told.plant or made
        _, token = create_token(
            home, "bench", ["read", "predict"], actor="a" * 64, rate=1e9, now=home.now()
        )
        measure(home, folder, plants, token, told.requests, told.rows)


def measure(
    home: Home, folder: Path, plants: Sequence[str], token: str, count: int, rows: int
) -> None:
    port, echo_port = free_port(), free_port()
    with (
        running([sys.executable, "-c", ECHO, str(echo_port)], echo_port) as echo,
        serving(folder, port) as server,
    ):
        began = rss_mb(server)
        for plant in plants:
            print(f"{plant}:")
            for readings in (rows, 4 * rows):
                body = json.dumps(body_of(home, plant, 1, readings)).encode()
                asked = request(PREDICT, body, token)
                beside((echo, echo_port, request("/echo", body)), (server, port, asked), count)
            batches(home, server, port, plant, token, rows)
        body = json.dumps(body_of(home, plants[0], 1, rows)).encode()
        calm(port, request(PREDICT, body, token), count)
        print(f"memory: {began:.0f} MiB at first, {rss_mb(server):.0f} MiB at the end")


def beside(echo: Asked, ours: Asked, count: int) -> None:
    """Answers per CPU second of both, in turn: a busy machine slows both."""
    rates: list[list[float]] = [[], []]
    for _ in range(ROUNDS):
        for kept, (pid, port, asked) in zip(rates, (echo, ours), strict=True):
            kept.append(rate_of(pid, port, [asked] * (count // ROUNDS)))
    shares = [own / bare for bare, own in zip(*rates, strict=True)]
    print(
        f"one machine, {len(ours[2])} bytes; answers per CPU second: echo {np.median(rates[0]):.0f}, "
        f"ours {np.median(rates[1]):.0f}: {np.median(shares):.2f} of it "
        f"({min(shares):.2f} to {max(shares):.2f} in {ROUNDS} rounds)"
    )


def calm(port: int, asked: bytes, count: int) -> None:
    """Latency at 70 % of what the service can do."""
    most = send(port, [asked] * count, connections=CONNECTIONS)
    full = most.answers / most.seconds
    found = send(port, [asked] * count, connections=32, rate=0.7 * full)
    p50, p99 = found.percentile(50), found.percentile(99)
    print(
        f"at 70 % of {full:.0f} per second: p50 {p50:.2f} ms, p99 {p99:.2f} ms: {p99 / p50:.1f} x"
    )


def batches(home: Home, server: int, port: int, plant: str, token: str, rows: int) -> None:
    """512 machines at once beside the network alone on as many windows."""
    asked = request(PREDICT, json.dumps(body_of(home, plant, 512, rows)).encode(), token)
    took = 1 / rate_of(server, port, [asked] * 8, connections=1)
    version = home.registry.champion(plant)
    assert version is not None
    predictor = load(home, version)
    preparation = predictor.preparation
    x = np.zeros((512, preparation.window, len(preparation.channels)), dtype=np.float32)
    alone = []
    for _ in range(8):
        begin = time.process_time()
        predictor.run(x)
        alone.append(time.process_time() - begin)
    naked = float(np.median(alone))
    print(
        f"512 machines: {1000 * took:.0f} CPU ms in the service, {1000 * naked:.0f} for the network "
        f"alone: {naked / took:.2f} of its speed"
    )


def body_of(home: Home, plant: str, units: int, rows: int) -> dict[str, Any]:
    """Readings that the champion learned from, under made-up names."""
    import pyarrow.parquet as pq

    version = home.registry.champion(plant)
    assert version is not None, f"no model is in charge of {plant}"
    card = json.loads(home.store.read(home.store.artifact(version.sha256), "card.json"))
    windows = home.store.artifact(card["windows"])
    described = json.loads(home.store.read(windows, "plant.json"))
    table = pq.read_table(home.store.path(windows, "readings.parquet")).to_pandas()
    histories = [group.head(rows) for _, group in table.groupby("unit", sort=False)]
    columns = {described["columns"]["life"]: "life"} | {
        name: short for short, name in described["sensors"].items()
    }
    several = described["columns"]["condition"] is not None
    asked = []
    for number in range(units):
        history = histories[number % len(histories)]
        told: dict[str, Any] = {"unit": f"unit {number}"}
        told["readings"] = {name: history[column].tolist() for name, column in columns.items()}
        if several:
            told["conditions"] = history["condition"].tolist()
        asked.append(told)
    return {"plant": plant, "units": asked}


def rate_of(pid: int, port: int, requests: list[bytes], *, connections: int = CONNECTIONS) -> float:
    """Answers per CPU second of the server."""
    send(port, requests[:50], connections=connections)
    before = cpu_seconds(pid)
    done = send(port, requests, connections=connections)
    assert not done.failures, f"{done.failures} requests failed"
    return done.answers / (cpu_seconds(pid) - before)


@contextmanager
def serving(folder: Path, port: int, **more: str) -> Iterator[int]:
    command = [sys.executable, "-m", "rul_platform", "serve", "--port", str(port)]
    with running(command, port, RUL_HOME=str(folder), **more) as pid:
        begin = time.perf_counter()
        while httpx2.get(f"http://127.0.0.1:{port}/ready").status_code != httpx2.codes.OK:
            assert time.perf_counter() - begin < 60, "the service does not become ready"
            time.sleep(0.05)
        yield pid


@contextmanager
def running(command: list[str], port: int, **more: str) -> Iterator[int]:
    """A process that listens; gives its id."""
    import os

    environ = os.environ | more  # noqa: TID251  a bench is a door
    begin = time.perf_counter()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, env=environ, stdout=log, stderr=log)
        try:
            while not is_open(port):
                assert process.poll() is None, f"{command} ended"
                time.sleep(0.02)
            print(
                f"{' '.join(command[1:4])[:40]!r} listens after {time.perf_counter() - begin:.1f} s"
            )
            yield process.pid
        finally:
            process.terminate()
            process.wait(30)


def is_open(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


if __name__ == "__main__":
    main()
