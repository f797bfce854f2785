"""What feedback costs: asking the condition of 30 days, a daemon's tick, and taking ratings.

    python -m rul_platform_tests.benches.bench_feedback [--rows 10000000] [--database sqlite]

The tables are filled by SQL, in the order of the unique indexes; the other indexes are made afterwards.
"""

import argparse
import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from rul_platform.core.policy import Policy
from rul_platform.core.trigger import window_start
from rul_platform.operation import triggering
from rul_platform.storage.database import writing
from rul_platform.storage.feedback_rows import NewFeedback
from rul_platform.storage.home import Home
from rul_platform_tests.benches.throwaway import DATABASES, Place, place, print_table
from rul_platform_tests.operation.rated_plant import PRESS, predict, put_in_charge

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
SMALL = 10_000
REPEATS = 30
TAKEN_SECONDS = 6.0
_PROCESSES = multiprocessing.get_context("fork")

INDEXES = ("ix_feedback_rolled_up", "ix_feedback_plant_created_at")
FILL = """
INSERT INTO feedback (id, prediction_id, plant, unit, number, rating, day, created_at, commitment,
                      rolled_up)
SELECT {id}, 'p', 'press', {unit}, 1,
       CASE WHEN n % 4 = 0 THEN 'negative' ELSE 'positive' END, {day}, {moment}, {sha}, 1
FROM {numbers}
"""
"""Nobody gave them: a person's ratings are limited to one for each unit and day."""

WORDS = {
    "postgresql": {
        "numbers": "generate_series({first}::bigint, {last}) AS n",
        "id": "lpad(to_hex(n), 32, '0')",
        "unit": "lpad((n / 1000)::text, 8, '0')",
        "moment": "timestamptz '2026-03-20 12:00+00' - n * 7919 % 2592000 * interval '1 second'",
        "day": "date '2026-03-20'",
        "sha": "repeat('a', 64)",
    },
    "sqlite": {
        "numbers": "(WITH RECURSIVE c(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM c "
        "WHERE n < {last}) SELECT n FROM c)",
        "id": "printf('%032x', n)",
        "unit": "printf('%08d', n / 1000)",
        "moment": "strftime('%Y-%m-%d %H:%M:%S.000000', 1774008000 - n * 7919 % 2592000, 'unixepoch')",
        "day": "'2026-03-20'",
        "sha": "'{:a<64}'".format(""),
    },
}
HOURS = """
INSERT INTO feedback_hour (plant, hour, number, positive, negative, claimed_positive,
                           claimed_negative, last_roll_up)
SELECT plant, {hour}, number, sum(CASE WHEN rating = 'positive' THEN 1 ELSE 0 END),
       sum(CASE WHEN rating = 'negative' THEN 1 ELSE 0 END), 0, 0, 1
FROM feedback GROUP BY plant, {hour}, number
"""
HOUR = {
    "postgresql": "date_trunc('hour', created_at, 'UTC')",
    "sqlite": "strftime('%Y-%m-%d %H:00:00.000000', created_at)",
}


def fill(home: Home, kind: str, first: int, last: int) -> None:
    """Ratings number ``first`` to ``last``, spread over 30 days, counted."""
    words = {key: word.format(first=first, last=last) for key, word in WORDS[kind].items()}
    made = home.engine.dialect.identifier_preparer.quote
    with writing(home.engine) as connection:
        indexes = [
            index
            for index in sa.inspect(connection).get_indexes("feedback")
            if index["name"] in INDEXES
        ]
        for index in indexes:
            connection.exec_driver_sql(f"DROP INDEX {index['name']}")
        if kind == "postgresql":  # ids that tell no moment are looked for one by one
            connection.exec_driver_sql("ALTER TABLE feedback DISABLE TRIGGER feedback_id")
        connection.exec_driver_sql(FILL.format(**words).replace("%", _percent(kind)))
        if kind == "postgresql":
            connection.exec_driver_sql("ALTER TABLE feedback ENABLE TRIGGER feedback_id")
        for index in indexes:
            columns = ", ".join(made(str(name)) for name in index["column_names"])
            connection.exec_driver_sql(f"CREATE INDEX {index['name']} ON feedback ({columns})")
        connection.exec_driver_sql("DELETE FROM feedback_hour")
        connection.exec_driver_sql(HOURS.format(hour=HOUR[kind]).replace("%", _percent(kind)))
    with home.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _percent(kind: str) -> str:
    return "%%" if kind == "postgresql" else "%"


def milliseconds(work: Callable[[], object], clock: Callable[[], float]) -> float:
    """Median over many repetitions, after one that warms up."""
    work()
    times = []
    for _ in range(REPEATS):
        begin = clock()
        work()
        times.append(1000 * (clock() - begin))
    return statistics.median(times)


def condition(home: Home) -> float:
    """Asking for the counts of 30 days, in milliseconds."""
    since = window_start(NOW, Policy())
    return milliseconds(lambda: home.feedback.counts(PRESS, since), time.perf_counter)


def tick(home: Home) -> float:
    """What one tick computes for one plant, in milliseconds of this process's CPU."""
    flags = {"min_positive_rate": 0.1}  # nothing fires

    def work() -> None:
        triggering.evaluate(home, PRESS, NOW, flags=flags)
        triggering.check(home, PRESS, NOW, flags=flags)

    return milliseconds(work, time.process_time)


def taken(where: Place, predictions: list[str], *, is_rolled_up: bool) -> float:
    """Ratings taken in a second, while another process rolls up once a second, or not."""
    home, stop = where.home(), _PROCESSES.Event()
    beside = _PROCESSES.Process(target=_roll_up, args=(where, stop)) if is_rolled_up else None
    if beside:
        beside.start()
    begin, count = time.perf_counter(), 0
    while time.perf_counter() - begin < TAKEN_SECONDS:
        home.feedback.add(
            NewFeedback(
                prediction_id=predictions[count % len(predictions)], rating="positive", reason=None,
                person=f"{time.time_ns():064x}", created_at=NOW + timedelta(microseconds=count),
                salt=f"{count:032x}",
            )
        )  # fmt: skip
        count += 1
    speed = count / (time.perf_counter() - begin)
    if beside:
        stop.set()
        beside.join()
    home.engine.dispose()
    return speed


def _roll_up(where: Place, stop: "multiprocessing.synchronize.Event") -> None:
    home = where.home()
    while not stop.wait(1.0):
        home.feedback.roll_up()
    home.engine.dispose()


def run(kind: str, rows: int) -> list[tuple[str, ...]]:
    """One database: rows of the table."""
    with place(kind) as (where, _):
        home = where.home()
        put_in_charge(home)
        predictions = [predict(home, f"u{number}") for number in range(100)]
        fill(home, kind, 1, SMALL)
        small = condition(home)
        begin = time.perf_counter()
        fill(home, kind, SMALL + 1, rows)
        filled = time.perf_counter() - begin
        large, cpu = condition(home), tick(home)
        home.engine.dispose()
        pairs = [
            [taken(where, predictions, is_rolled_up=beside) for beside in (False, True)]
            for _ in range(3)
        ]
    alone, beside = (statistics.median(speeds) for speeds in zip(*pairs, strict=True))
    facts = {
        f"filling up to {rows:,} rows, s": (f"{filled:.0f}", ""),
        f"condition at {SMALL:,} rows, ms": (f"{small:.2f}", ""),
        f"condition at {rows:,} rows, ms": (f"{large:.2f}", ""),
        "ratio": (f"{large / small:.2f}", "<= 3"),
        "CPU of a tick, ms": (f"{cpu:.1f}", "<= 50"),
        "ratings taken per second, alone": (f"{alone:.0f}", ""),
        "… with a roll-up every second": (f"{beside:.0f}", ""),
        "… as a part of alone": (f"{beside / alone:.2f}", ">= 0.8"),
    }
    return [(kind, name, found, target) for name, (found, target) in facts.items()]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--database", choices=DATABASES, action="append")
    arguments = parser.parse_args()
    table = [("database", "what", "found", "target")]
    for kind in arguments.database or DATABASES:
        table += run(kind, arguments.rows)
    print_table(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
