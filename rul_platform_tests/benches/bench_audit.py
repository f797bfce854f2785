"""Speed of an audit: rows of the ledger per CPU second, artifacts beside `sha256sum`, memory of both.

Run: `python -m rul_platform_tests.benches.bench_audit [--rows 400000] [--mib 512]`
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rul_platform.core.ledger import GENESIS, row_hash
from rul_platform.operation.audit.chain import Walk, chain
from rul_platform.settings import Settings
from rul_platform.storage.database import writing
from rul_platform.storage.home import Home
from rul_platform.storage.operation_tables import LEDGER

BATCH = 20_000
MIB = 1024 * 1024
BODY = '{"number":3,"sha256":"' + "a" * 64 + '","since":"2026-03-01T12:00:00+00:00"}'
MOMENT = "2026-03-01T12:00:00.000000+00:00"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=400_000)
    parser.add_argument("--mib", type=int, default=512)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Settings.read({"RUL_HOME": folder}))
        print("| what | figure |\n|---|---|")
        for rows in (asked.rows // 10, asked.rows):
            fill(home, rows)
            seconds = measured(lambda: walk(home))
            print(f"| {rows:,} rows of the ledger | {rows / seconds:,.0f} rows per CPU second |")
            print(f"| peak memory by then | {peak():.0f} MiB |")
        sha256 = store(home, asked.mib)
        ours = measured(lambda: check(home, sha256))
        theirs = measured(lambda: sums(home))
        print(f"| {asked.mib} MiB of artifacts | {theirs / ours:.2f} of the speed of sha256sum |")
        print(f"| peak memory by then | {peak():.0f} MiB |")
        home.engine.dispose()


def fill(home: Home, rows: int) -> None:
    """A chain of so many rows, written past the store, which would take its time."""
    newest = home.ledger.newest()
    seq, previous = (newest.seq, newest.hash) if newest else (0, GENESIS)
    with writing(home.engine) as connection:
        while seq < rows:
            batch = []
            for number in range(seq + 1, min(seq + BATCH, rows) + 1):
                row = {"seq": number, "kind": "gate", "plant": "press", "body": BODY}
                row |= {"created_at": MOMENT, "previous": previous}
                previous = row_hash(**row)
                batch.append({**row, "hash": previous})
            connection.execute(LEDGER.insert(), batch)
            seq += len(batch)


def walk(home: Home) -> None:
    """The chain, once."""
    counted = Walk()
    problems = [each for each in chain(home, counted) if each.kind == "broken"]
    assert not problems, problems


def store(home: Home, mib: int) -> str:
    """One artifact of eight files."""
    block = bytes(range(256)) * (MIB // 256)
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for number in range(8):
            path = Path(folder) / f"file_{number}"
            path.write_bytes(bytes([number]) + block * (mib // 8))
            paths[path.name] = path
        return home.store.write(paths).sha256


def check(home: Home, sha256: str) -> None:
    """As the audit does."""
    assert home.store.verify(sha256) == ()


def sums(home: Home) -> None:
    """As a person does at the shell."""
    paths = [str(path) for path in home.store.root.glob("??/*")]
    subprocess.run(["sha256sum", *paths], check=True, stdout=subprocess.DEVNULL)


def measured(work: Callable[[], None]) -> float:
    """The least CPU seconds of three, of this process and its children."""
    found = []
    for _ in range(3):
        before = cpu()
        work()
        found.append(cpu() - before)
    return min(found)


def cpu() -> float:
    """Seconds of this process and of those that it waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def peak() -> float:
    """Largest memory of this process, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
        1024 if sys.platform != "darwin" else MIB
    )


if __name__ == "__main__":
    main()
