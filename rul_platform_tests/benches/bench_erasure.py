"""Erasing persons at random: what is left verifies, and no pseudonym of theirs is left anywhere.

    python -m rul_platform_tests.benches.bench_erasure [--times 100]

Each time, on each database, a plant of its own with ratings by forty persons and a retrain that used
them all, and one person in twenty, drawn at random and erased by name. Afterwards the ledger, its
anchors, the retrain's Merkle root and every rating must verify, with as many erased as the ledger says;
the pseudonyms of the others must be where they were, and those of the erased in no value of any table
and in no file of the home folder beside the database.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from random import Random
from secrets import token_hex

import sqlalchemy as sa

from rul_platform.operation import triggering
from rul_platform.operation.audit.chain import Walk, chain
from rul_platform.operation.audit.decisions import FEEDBACK, TRIGGERS, Counted, decisions
from rul_platform.operation.privacy import erase
from rul_platform.storage.column_types import METADATA
from rul_platform.storage.database import connect, writing
from rul_platform.storage.feedback_rows import NewFeedback
from rul_platform.storage.home import Home
from rul_platform.storage.retrains import SYSTEM
from rul_platform_tests.benches.throwaway import DATABASES, Place, place, print_table
from rul_platform_tests.operation.rated_plant import PRESS, predict, put_in_charge

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
PERSONS, RATINGS, SHARE = 40, 5, 0.05
RULE = {"min_feedback": 1, "min_negative": 0, "min_positive_rate": 1.0, "confidence": 0}


@dataclass
class Seen:
    """What was looked at, and what was wrong.

    Attributes:
        erased: Persons.
        ratings: Of theirs.
        searched: Characters of tables and bytes of files.
        seconds: Of all audits.
        wrong: One sentence for each thing.
    """

    erased: int = 0
    ratings: int = 0
    searched: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list[str])


def main() -> None:
    """Erase, look, print; exit code 1 where anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=100, help="erasures on each database")
    times = parser.parse_args().times
    rows = [("database", "erasures", "persons", "ratings", "MB searched", "s an audit", "wrong")]
    wrong = list[str]()
    for kind in DATABASES:
        seen = Seen()
        for turn, where in enumerate(places(kind, times)):
            home = where.home()
            try:
                erase_some(home, Random(turn), seen)  # noqa: S311  the same persons each time
            finally:
                home.engine.dispose()
        wrong += [f"{kind}: {each}" for each in seen.wrong]
        audit = f"{seen.seconds / times:.2f}"
        counts = (times, seen.erased, seen.ratings, round(seen.searched / 1e6, 1))
        rows.append((kind, *map(str, counts), audit, str(len(seen.wrong))))
    print_table(rows)
    print("\n".join(wrong))
    sys.exit(1 if wrong else 0)


def places(kind: str, times: int) -> Iterator[Place]:
    """So many empty homes, each with a database of its own, one after the other."""
    with place(kind) as (where, _):
        for turn in range(times):
            folder, name = where.folder / str(turn), f"erasure_{turn}"
            if kind == "sqlite":
                yield replace(where, folder=folder, url=f"sqlite:///{folder / 'rul.db'}")
                continue
            url = sa.make_url(where.url)
            server = connect(url).execution_options(isolation_level="AUTOCOMMIT")
            with server.connect() as connection:
                connection.exec_driver_sql(f"CREATE DATABASE {name}")
            shown = url.set(database=name).render_as_string(hide_password=False)
            yield replace(where, folder=folder, url=shown)
            with server.connect() as connection:
                connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
            server.dispose()


def erase_some(home: Home, random: Random, seen: Seen) -> None:
    """Fill a home, erase some persons, and note all that is wrong afterwards."""
    names = rate_all(home)
    triggering.evaluate(home, PRESS, NOW, flags=RULE)
    gone = random.sample(sorted(names), round(PERSONS * SHARE))
    for name in gone:
        seen.ratings += erase(home, name, SYSTEM, NOW).feedback
    seen.erased += len(gone)
    begin = time.monotonic()
    seen.wrong += audit(home, erased=len(gone) * RATINGS)
    seen.seconds += time.monotonic() - begin
    everything = dump(home) + files(home)
    seen.searched += len(everything)
    seen.wrong += [f"{name} is left" for name in gone if names[name] in everything]
    others = names.keys() - set(gone)
    seen.wrong += [f"{name} is not left" for name in others if names[name] not in everything]


def rate_all(home: Home) -> dict[str, str]:
    """Ratings of everybody; name to pseudonym."""
    put_in_charge(home)
    names = {f"person {each}": home.people.of(f"person {each}", NOW) for each in range(PERSONS)}
    with writing(home.engine):
        for number in range(PERSONS * RATINGS):
            home.feedback.add(
                NewFeedback(
                    prediction_id=predict(home, f"u{number}"),
                    rating="negative" if number % 3 else "positive",
                    reason=None,
                    person=names[f"person {number % PERSONS}"],
                    created_at=NOW,
                    salt=token_hex(16),
                )
            )
    return names


def audit(home: Home, *, erased: int) -> list[str]:
    """What the audit says of the ledger, triggers and ratings; the models here are made up."""
    counted, walk = Counted(), Walk()
    found = [each.sentence for each in chain(home, walk)]
    parts = (FEEDBACK, TRIGGERS)
    found += [each.sentence for each in decisions(home, counted) if each.part in parts]
    expected = (PERSONS * RATINGS, erased, 1)
    if (counted.feedback, counted.erased, counted.triggers) != expected:
        found.append(f"{counted} instead of {expected} ratings, erased ones and triggers")
    return found


def dump(home: Home) -> str:
    """Every value of every table."""
    with home.engine.connect() as connection:
        return "\n".join(
            str(tuple(row))
            for table in METADATA.sorted_tables
            for row in connection.execute(sa.select(table))
        )


def files(home: Home) -> str:
    """Every file of the home folder; of SQLite's own only what its tables hold is looked at."""
    paths = [path for path in home.folder.rglob("*") if path.is_file()]
    kept = [path for path in paths if not path.name.startswith("rul.db")]
    return "\n".join(path.read_bytes().decode("latin-1") for path in kept)


if __name__ == "__main__":
    main()
