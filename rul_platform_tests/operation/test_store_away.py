"""A bucket that does not answer costs no version, breaks no record, and is told as what it is."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from rul_platform.errors import NoPredecessorError, StoreUnreachableError
from rul_platform.operation import deploying
from rul_platform.operation.answering import answer
from rul_platform.operation.audit.verify import verify
from rul_platform.operation.guarding import guard
from rul_platform.operation.serving.store_watch import StoreWatch
from rul_platform.operation.told_failures import AWAY, told
from rul_platform.storage.home import Home
from rul_platform.storage.store_copies import copy_all
from rul_platform_tests.operation.served import NOW, PRESS, add_version, serve, table
from rul_platform_tests.storage.object_store import Weather, new_bucket, refuses

LATER = NOW + timedelta(days=1)
FORBIDDEN = refuses(403, "AccessDenied")
"""Final at once, so that no test waits; for whoever asks it is like a server that stays away."""


@pytest.fixture
def served(home: Home, s3_server: str, s3_credentials: None, weather: Weather) -> Iterator[Home]:
    """Version 1 has served, 2 is in charge, and all artifacts lie in a bucket."""
    del s3_credentials
    serve(home)
    add_version(home, seed=1)
    at = NOW + timedelta(hours=1)
    home.registry.deploy(PRESS, 2, expected_champion=1, evidence={}, now=at)
    url = f"s3://{new_bucket(s3_server)}"
    there = Home(replace(home.settings, store=url, store_endpoint=weather.url))
    there.now = lambda: LATER
    copy_all(home.store.blobs, there.store.blobs, tell=lambda *_: None)
    yield there
    there.engine.dispose()


def test_a_model_in_a_bucket_answers(served: Home):
    assert answer(served, PRESS, {"now.csv": table()})[0].number == 2
    assert served.landing.readings(PRESS) is not None


def test_a_bucket_that_is_away_for_a_while_costs_no_version(served: Home, weather: Weather):
    before = served.registry.versions(PRESS)
    weather.faults = [FORBIDDEN] * 1000

    for _ in range(40):
        with pytest.raises(StoreUnreachableError):
            answer(served, PRESS, {"now.csv": table()})
    assert guard(served, PRESS, LATER) is None
    with pytest.raises(NoPredecessorError, match="version 1 is absent: s3://"):
        deploying.rollback(served, PRESS, actor="a" * 64, reason="?", now=LATER)
    found = verify(served)

    assert served.registry.versions(PRESS) == before
    (alert,) = served.alerts.recent(9)
    assert alert.title == "press: the files of version 2, which is in charge, are not there"
    assert "Nothing was rolled back" in alert.text
    kinds = {each.kind for each in found.problems if "cannot be used" in each.what}
    assert kinds == {"unknown"}
    weather.faults = []
    assert guard(served, PRESS, LATER) is None
    assert deploying.rollback(served, PRESS, actor="a" * 64, reason="x", now=LATER).number == 1


def test_a_service_knows_whether_its_store_answers(served: Home, weather: Weather):
    watch = StoreWatch(served, seconds=3600)
    try:
        watch.look()
        assert watch.is_up
        weather.faults = [FORBIDDEN]
        watch.look()
        assert not watch.is_up
        watch.look()
        assert watch.is_up
    finally:
        watch.close()


def test_pages_say_that_the_store_is_away_and_not_that_a_file_was_changed():
    assert told(StoreUnreachableError("s3://bucket", "it does not answer")) == AWAY
