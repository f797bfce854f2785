"""A service whose only connection to the database is taken, behind PgBouncer as well."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rul_platform.settings import Pool, Settings
from rul_platform.storage.home import Home
from rul_platform_tests.operation.served import PRESS
from rul_platform_tests.pgbouncer import Through
from rul_platform_tests.service.running import Running, question, serving, signed_champion

API = "/api/v1/rul"


@pytest.fixture
def running(postgres_database: str, pgbouncer: Through, tmp_path: Path) -> Iterator[Running]:
    environ = {"RUL_HOME": str(tmp_path / "home"), "RUL_DATABASE_URL": pgbouncer(postgres_database)}
    pool = Pool(size=1, overflow=0, wait_seconds=1)
    home = Home(replace(Settings.read(environ), pool=pool))
    signed_champion(home)
    with serving(home) as running:
        yield running
    home.engine.dispose()


def test_callers_are_told_to_come_again_and_nothing_is_lost(running: Running):
    (rated,) = predicted(running)
    assert running.parts.log.flush(60)
    body = {"prediction_id": rated, "rating": "negative", "person": "a"}
    with running.home.engine.connect():
        refused = running.asks("POST", f"{API}/feedback", body, Idempotency_Key="k1")
        asked = predicted(running)  # answers need no database at the moment that they are given
    assert (refused.status, refused.headers["retry-after"]) == (503, "2")
    assert "Ask again in a moment" in refused.json()["detail"]

    again = running.asks("POST", f"{API}/feedback", body, Idempotency_Key="k1")
    assert (again.status, again.json()["is_new"]) == (200, True)
    assert running.parts.log.flush(60)
    assert {each.id for each in running.home.predictions.recent(PRESS, 10)} == {rated, *asked}


def predicted(running: Running) -> list[str]:
    """Ids of answers to one question."""
    told = running.asks("POST", f"{API}/predict", question("m1", hours=3))
    assert told.status == 200
    return [each["id"] for each in told.json()["predictions"]]
