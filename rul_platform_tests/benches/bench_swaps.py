"""Models exchanged under load: failed requests, memory, and what a shadow costs.

    python -m rul_platform_tests.benches.bench_swaps [--requests 200000] [--swaps 200]

Two versions of a small model take turns in charge of one plant, while requests come as fast as they are
answered. Before that, the CPU time of an answer with and without a challenger beside the champion.
"""

import argparse
import json
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from rul_platform.operation.access import create_token
from rul_platform.operation.provenance import ensure_signed
from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform_tests.benches.bench_service import (
    CONNECTIONS,
    PREDICT,
    free_port,
    rate_of,
    serving,
)
from rul_platform_tests.benches.load import request, rss_mb, send
from rul_platform_tests.operation.served import PRESS, add_version
from rul_platform_tests.service.running import question, signed_champion

ROUNDS = 5
PART = 5_000
"""Requests between two looks at memory."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=200_000)
    parser.add_argument("--swaps", type=int, default=200)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        home = Home(Settings.read({"RUL_HOME": scratch}))
        signed_champion(home, 0)
        _, token = create_token(home, "b", ["predict"], actor="a" * 64, rate=1e9, now=home.now())
        asked = request(PREDICT, json.dumps(question("m1", hours=30)).encode(), token)
        port = free_port()
        with serving(Path(scratch), port) as pid:
            alone = [rate_of(pid, port, [asked] * 500) for _ in range(ROUNDS)]
            challenger = add_version(home, 1)
            ensure_signed(home, challenger, now=home.now())
            home.registry.shadow(
                PRESS, challenger.number, expected_champion=1, evidence={}, now=home.now()
            )
            time.sleep(3)  # the service looks at the registry each second
            beside = [rate_of(pid, port, [asked] * 500) for _ in range(ROUNDS)]
            print(f"a shadow costs {np.median(alone) / np.median(beside):.2f} times the CPU time")
            swap(home, pid, port, asked, told.requests, told.swaps)


def swap(home: Home, pid: int, port: int, asked: bytes, count: int, swaps: int) -> None:
    """Exchange the champion while requests come."""
    over, done = threading.Event(), [0]

    def take_turns() -> None:
        while not over.is_set() and done[0] < swaps:
            champion = home.registry.champion(PRESS)
            assert champion is not None
            other = 2 if champion.number == 1 else 1
            home.registry.deploy(
                PRESS, other, expected_champion=champion.number, evidence={}, now=home.now()
            )
            done[0] += 1
            over.wait(1.5)

    turns = threading.Thread(target=take_turns)
    turns.start()
    failed, memory = 0, [rss_mb(pid)]
    for _ in range(count // PART):
        failed += send(port, [asked] * PART, connections=CONNECTIONS).failures
        memory.append(rss_mb(pid))
    while done[0] < swaps:
        failed += send(port, [asked] * 500, connections=CONNECTIONS).failures
    over.set()
    turns.join()
    memory.append(rss_mb(pid))
    print(
        f"{count} requests, {done[0]} swaps: {failed} failed; memory {memory[0]:.0f} MiB at first, "
        f"{memory[len(memory) // 2]:.0f} half way, {memory[-1]:.0f} at the end"
    )


if __name__ == "__main__":
    main()
