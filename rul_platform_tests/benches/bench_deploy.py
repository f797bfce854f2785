"""Deployments and rollbacks that are killed at random moments: what is left in the store and the tables?

    python -m rul_platform_tests.benches.bench_deploy [--kills 500] [--seed 1]

A process writes a model, registers it and puts it in charge, or goes back to the one before. It is
killed with SIGKILL: in turns before a random line of the storage layer that it would execute, late ones
more often, and after a random time. Nothing is mended: the next process goes on with what is there.
After each kill the books are read: one champion whose files verify, deployments without gap or overlap,
a ledger whose chain is whole and that tells of every deployment. On SQLite and on PostgreSQL.

Each process is forked from one that has everything imported, so that a kill costs milliseconds.
"""

import argparse
import math
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import sqlalchemy as sa

from rul_platform.core.ledger import chain_problems
from rul_platform.storage.artifacts import ArtifactStore
from rul_platform.storage.database import connect, migrate
from rul_platform.storage.ledger import LedgerStore
from rul_platform.storage.models import ModelRegistry
from rul_platform_tests.benches.throwaway import DATABASES, place
from rul_platform_tests.storage.killing import Countdown

PLANT = "press"
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
MODEL_BYTES = 50_000
ROLLBACK_SHARE = 0.3
SLOWEST = 2.0
"""Times as long as one deployment takes alone; a fresh process takes longer."""


@dataclass(frozen=True, slots=True)
class Books:
    """What one database and one store hold.

    Attributes:
        url: Of the database.
        store: Where the files are.
    """

    url: str
    store: ArtifactStore

    @classmethod
    def begin(cls, url: str, folder: Path) -> "Books":
        """With two versions that have served."""
        engine = connect(url)
        migrate(engine)
        engine.dispose()
        books = cls(url, ArtifactStore(folder / "store"))
        for number in (0, 1):
            books.deploy_a_new_one(f"first {number}".encode(), BEGIN + timedelta(seconds=number))
        return books

    def deploy_a_new_one(self, content: bytes, now: datetime) -> None:
        """Files first, then the registration, then the deployment."""
        made = self.store.write(
            {"model.onnx": content * (MODEL_BYTES // len(content)), "card": b"{}"}
        )
        with _registry(self.url) as registry:
            version = registry.register(PLANT, made.sha256, now=now)
            champion = registry.champion(PLANT)
            over = champion.number if champion else None
            registry.deploy(PLANT, version.number, expected_champion=over, evidence={}, now=now)

    def go_back(self, content: bytes, now: datetime) -> None:
        """To the version before, if its files verify; else another one is deployed."""
        with _registry(self.url) as registry:
            former = registry.predecessors(PLANT)
            if former and not self.store.verify(former[0].sha256):
                registry.rollback(
                    PLANT, to=former[0].number, actor="system", reason="bench", now=now
                )
                return
        self.deploy_a_new_one(content, now)

    def problems(self) -> list[str]:
        """Everything that is not as it must be."""
        with _registry(self.url) as registry:
            versions, made = registry.versions(PLANT), registry.deployments(PLANT)
            rows = LedgerStore(registry.engine).rows(limit=1_000_000)
        champions = [version for version in versions if version.state == "champion"]
        found = [] if len(champions) == 1 else [f"{len(champions)} champions"]
        for champion in champions:
            found += [f"champion's files: {each}" for each in self.store.verify(champion.sha256)]
            if champion.number != made[-1].number:
                found.append("the champion is not whose time in charge is open")
        if made[-1].until is not None:
            found.append("nobody is in charge")
        found += ["a gap or an overlap" for a, b in pairwise(made) if a.until != b.since]
        told = sum(row.kind in ("deployment", "rollback") for row in rows)
        if told != len(made):
            found.append(f"{told} deployments in the ledger, {len(made)} in the table")
        return [*found, *chain_problems(rows)]

    def reached(self) -> tuple[int, int]:
        """How many versions and how many deployments there are."""
        with _registry(self.url) as registry:
            return len(registry.versions(PLANT)), len(registry.deployments(PLANT))


class _OpenRegistry(ModelRegistry):
    """One whose engine can be asked for."""

    def __init__(self, engine: sa.Engine) -> None:
        super().__init__(engine)
        self.engine = engine


@contextmanager
def _registry(url: str):
    """Connected for a moment: nothing that is open may be carried into a forked process."""
    engine = connect(url)
    try:
        yield _OpenRegistry(engine)
    finally:
        engine.dispose()


def kill_one(books: Books, turn: int, chance: random.Random, *, lines: int, seconds: float) -> str:
    """Begin a decision in a process of its own and kill it; returns how it ended."""
    now = BEGIN + timedelta(minutes=1 + turn)
    decide = books.go_back if chance.random() < ROLLBACK_SHARE else books.deploy_a_new_one
    late = chance.random() ** 0.5  # more kills towards the end, where rows are written
    fatal_line = math.ceil(late * lines) if turn % 2 else 0
    before = books.reached()
    child = os.fork()
    if child == 0:
        _run(lambda: decide(f"turn {turn}".encode(), now), fatal_line)
    if not fatal_line:
        time.sleep(chance.uniform(0, SLOWEST * seconds))
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    versions, deployments = books.reached()
    if os.WIFEXITED(status):
        if os.WEXITSTATUS(status):
            msg = f"turn {turn}: the process failed by itself"
            raise RuntimeError(msg)
        return "came to its end before the kill"
    if deployments > before[1]:
        return "killed after the decision's commit"
    return "killed after the registration" if versions > before[0] else "killed before any commit"


def measure(books: Books, turn: int) -> tuple[int, float]:
    """Lines of the storage layer that one deployment executes, and the seconds it takes untraced."""
    began = time.perf_counter()
    books.deploy_a_new_one(b"measured", BEGIN + timedelta(seconds=turn))
    seconds = time.perf_counter() - began
    countdown = Countdown(0)
    sys.settrace(countdown.trace)
    try:
        books.deploy_a_new_one(b"traced", BEGIN + timedelta(seconds=turn + 1))
    finally:
        sys.settrace(None)
    return len(countdown.executed), seconds


def kill_many(books: Books, kills: int, *, seed: int) -> tuple[Counter[str], list[str]]:
    """Until so many processes were killed: how they ended, and every problem that was ever found."""
    chance = random.Random(seed)  # noqa: S311  no secret
    lines, seconds = measure(books, 2)
    ends, problems = Counter[str](), list[str]()
    turn = 0
    while sum(count for end, count in ends.items() if end.startswith("killed")) < kills:
        turn += 1
        ends[kill_one(books, turn, chance, lines=lines, seconds=seconds)] += 1
        problems += [f"turn {turn}: {problem}" for problem in books.problems()]
    return ends, problems


def _run(work: Callable[[], None], fatal_line: int) -> None:
    """In the forked process: never returns."""
    try:
        if fatal_line:
            sys.settrace(Countdown(fatal_line).trace)
        work()
        sys.settrace(None)
    except BaseException as error:
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
        os._exit(1)
    os._exit(0)


def main(arguments: Sequence[str]) -> None:
    """Kill and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    for kind in DATABASES:
        with place(kind) as (where, _):
            books = Books.begin(where.url, where.folder)
            began = time.perf_counter()
            ends, problems = kill_many(books, options.kills, seed=options.seed)
            each = (time.perf_counter() - began) / sum(ends.values())
            print(f"{kind}: {dict(ends)}, {1000 * each:.0f} ms each, check included")
            print(f"{kind}: {books.reached()[1]} deployments, {len(problems)} problems")
            print(*problems[:20], sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
