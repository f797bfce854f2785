"""Exactly once: evaluations from many processes, kills before the commit, and a database that stops.

    python -m rul_platform_tests.benches.bench_trigger [--evaluations 1000] [--outage-seconds 60]

Each worker rates (every rating is sent five times), evaluates with a clock that jumps by days, and
closes what it finds open. A rating counts as given once the call has returned. Afterwards every rating
must have been used by one retrain, each retrain must have one row in the ledger and one alert, and the
ledger must be one chain.
"""

import argparse
import multiprocessing
import os
import random
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from rul_platform.core.ledger import chain_problems
from rul_platform.errors import OpenRetrainError, RetrainStateError
from rul_platform.operation import triggering
from rul_platform.storage.feedback_rows import NewFeedback
from rul_platform.storage.home import Home
from rul_platform.storage.operation_tables import FEEDBACK, FEEDBACK_HOUR
from rul_platform_tests.benches.throwaway import DATABASES, Place, place, print_table
from rul_platform_tests.operation.rated_plant import PRESS, predict, put_in_charge

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
RULE = {
    "min_feedback": 12,
    "min_negative": 4,
    "confidence": 0,
    "cooldown_hours": 0,
    "days_back": 60,
}
EVERYTHING = RULE | {"min_feedback": 1, "min_negative": 0, "min_positive_rate": 1.0}
WORKERS, TURNS, UNITS, SENT = 4, 5, 40, 5
KILLED_SHARE, FATAL_STATEMENTS = 0.5, 90
DEAD = 9

_PROCESSES = multiprocessing.get_context("fork")


class Worker:
    """One process: a daemon's tick and a service's ratings, mixed."""

    def __init__(self, where: Place, predictions: list[str], seed: int) -> None:
        self.home, self.predictions = where.home(), predictions
        self.random = random.Random(seed)  # noqa: S311  a bench keeps no secrets
        self.log, self.evaluations = where.folder / "given.txt", where.folder / "evaluations.txt"

    def die_in_a_transaction(self) -> None:
        """Kill this process at some statement of a transaction that writes; the last one is COMMIT."""
        left = [self.random.randrange(1, FATAL_STATEMENTS)]

        def count(connection: sa.Connection, *_: Any) -> None:
            if connection.get_execution_options().get("rul_platform_writes"):
                left[0] -= 1
                if left[0] == 0:
                    os._exit(DEAD)

        event.listen(self.home.engine, "after_cursor_execute", count)
        event.listen(self.home.engine, "commit", count)

    def turn(self) -> None:
        """Rate, evaluate, close."""
        jump = timedelta(hours=self.random.randrange(-120, 120))
        for _ in range(self.random.randrange(8)):
            self.rate(NOW + timedelta(hours=self.random.randrange(-120, 120)))
        triggering.evaluate(self.home, PRESS, NOW + jump, flags=RULE)
        _note(self.evaluations, "1")
        current = self.home.retrains.current(PRESS)
        if current is not None and self.random.random() < 0.7:
            with suppress(RetrainStateError):
                self.home.retrains.close(current.id, "held", now=NOW - timedelta(days=6))

    def rate(self, at: datetime) -> None:
        """One rating, sent five times, as by a client that got no answer."""
        entry = NewFeedback(
            prediction_id=self.random.choice(self.predictions),
            rating="negative" if self.random.random() < 0.6 else "positive",
            reason=None, person=f"{self.random.getrandbits(256):064x}", created_at=at,
            salt=f"{self.random.getrandbits(128):032x}",
        )  # fmt: skip
        ids = {self.home.feedback.add(entry).id for _ in range(SENT)}
        assert len(ids) == 1
        _note(self.log, ids.pop())


def _note(path: Path, line: str) -> None:
    with path.open("a") as stream:  # short appends are whole, also from many processes
        stream.write(line + "\n")


def contest(where: Place, predictions: list[str], evaluations: int) -> int:
    """Workers until there were so many evaluations; gives how many of them were killed."""
    killed = seed = 0
    while _count(where.folder / "evaluations.txt") < evaluations:
        processes = []
        for _ in range(WORKERS):
            seed += 1
            processes.append(_PROCESSES.Process(target=_work, args=(where, predictions, seed)))
            processes[-1].start()
        for process in processes:
            process.join()
            assert process.exitcode in (0, DEAD), process.exitcode
            killed += process.exitcode == DEAD
    return killed


def _work(where: Place, predictions: list[str], seed: int) -> None:
    worker = Worker(where, predictions, seed)
    if worker.random.random() < KILLED_SHARE:
        worker.die_in_a_transaction()
    for _ in range(TURNS):
        worker.turn()
    worker.home.engine.dispose()


def outage(where: Place, server: Any, predictions: list[str], seconds: float) -> int:
    """Two daemons work on while the database is stopped; gives how often they were refused."""
    until = time.monotonic() + seconds + 10
    arguments = [(where, predictions, 10_000 + number, until) for number in range(2)]
    processes = [_PROCESSES.Process(target=_work_on, args=each) for each in arguments]
    for process in processes:
        process.start()
    time.sleep(3)
    server.stop()
    time.sleep(seconds)
    server.ensure_postgres_running()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    return _count(where.folder / "refused.txt")


def _work_on(where: Place, predictions: list[str], seed: int, until: float) -> None:
    worker = Worker(where, predictions, seed)
    while time.monotonic() < until:
        try:
            worker.turn()
        except DBAPIError:  # as a sensor's tick fails; the next one comes
            _note(where.folder / "refused.txt", "1")
            time.sleep(0.5)
    worker.home.engine.dispose()


def use_up(home: Home) -> None:
    """Let the rule fire on whatever is left."""
    for _ in range(3):
        current = home.retrains.current(PRESS)
        if current is not None:
            home.retrains.close(current.id, "held", now=NOW)
        with suppress(OpenRetrainError):
            triggering.evaluate(home, PRESS, NOW + timedelta(days=6), flags=EVERYTHING)


def faults(home: Home, given: set[str]) -> dict[str, int]:
    """What was lost or doubled; all zero where each was exactly once."""
    with home.engine.connect() as connection:
        rows = dict(connection.execute(sa.select(FEEDBACK.c.id, FEEDBACK.c.retrain_id)).all())
        h = FEEDBACK_HOUR.c
        sums = [h.positive + h.negative, h.claimed_positive + h.claimed_negative]
        counted, claimed = connection.execute(sa.select(*map(sa.func.sum, sums))).one()
    retrains = home.retrains.history(PRESS, 100_000)
    ledger = home.ledger.of_plant(PRESS, ["trigger"])
    alerts = [each for each in home.alerts.recent(100_000) if each.kind == "trigger"]
    used = sum(len(home.feedback.claimed(each.id)) for each in retrains)
    return {
        "ratings lost": len(given - rows.keys()),
        "ratings not used": sum(retrain is None for retrain in rows.values()),
        "ratings counted wrongly": abs(len(rows) - counted) + abs(used - claimed),
        "retrains without one ledger row": abs(len(retrains) - len(ledger)),
        "retrains without one alert": abs(len(retrains) - len(alerts)),
        "retrains that share a watermark": len(retrains) - len({r.watermark for r in retrains}),
        "breaks in the ledger's chain": len(chain_problems(home.ledger.rows(limit=100_000))),
    }


def _count(path: Path) -> int:
    return len(path.read_text().splitlines()) if path.exists() else 0


def run(kind: str, evaluations: int, outage_seconds: float) -> list[tuple[str, ...]]:
    """One database: rows of the table."""
    with place(kind) as (where, server):
        home = where.home()
        put_in_charge(home)
        predictions = [predict(home, f"u{number}") for number in range(UNITS)]
        home.engine.dispose()
        begin = time.perf_counter()
        killed = contest(where, predictions, evaluations)
        seconds = time.perf_counter() - begin
        refused = outage(where, server, predictions, outage_seconds) if server else 0
        use_up(home)
        given = set((where.folder / "given.txt").read_text().split())
        found = faults(home, given)
        facts = {
            "evaluations": (_count(where.folder / "evaluations.txt"), f">= {evaluations}"),
            "seconds of the contest": (round(seconds), ""),
            "processes killed in a transaction": (killed, ">= 50"),
            "ratings (each sent five times)": (len(given), ""),
            "retrains": (len(home.retrains.history(PRESS, 100_000)), ""),
            "refused while the database was stopped": (refused, ""),
            **{name: (count, "0") for name, count in found.items()},
        }
        home.engine.dispose()
    return [(kind, name, str(value), target) for name, (value, target) in facts.items()]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--database", choices=DATABASES, action="append")
    parser.add_argument("--evaluations", type=int, default=1000)
    parser.add_argument("--outage-seconds", type=float, default=60)
    arguments = parser.parse_args()
    rows = [("database", "what", "found", "target")]
    for kind in arguments.database or DATABASES:
        rows += run(kind, arguments.evaluations, arguments.outage_seconds)
    print_table(rows)
    return int(any(target == "0" and found != "0" for _, _, found, target in rows))


if __name__ == "__main__":
    sys.exit(main())
