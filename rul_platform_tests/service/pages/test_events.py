"""News as they happen: what is sent, to how many, and when it ends."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx2
import pytest

from rul_platform.operation.access import revoke_token
from rul_platform.service.pages.events import MOST_EACH, Streams
from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform_tests.operation.served import PRESS
from rul_platform_tests.service.pages.visiting import ask, path_of, proof_on, sign_in, visiting
from rul_platform_tests.service.running import Running, serving, signed_champion, token

PATH = f"/plants/{PRESS}/events"


@pytest.fixture(autouse=True)
def _quick(running: Running):
    """Looks again at once, so that no test waits."""
    running.app.state.streams = Streams(every_seconds=0.01)


def states(answer: httpx2.Response) -> Iterator[dict[str, Any]]:
    """The events, as they come."""
    for line in answer.iter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


def test_it_begins_with_how_things_are_and_goes_on_with_what_changes(running: Running):
    with visiting(running) as client, client.stream("GET", PATH) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        told = states(answer)
        first = next(told)
        (prediction,) = ask(running, "new")
        second = next(told)
        assert second["answered"] > (first["answered"] or 0)
        with visiting(running) as other:
            proof = proof_on(other.get(path_of("new")))
            fields = {"proof": proof, "prediction": prediction, "unit": "new", "rating": "positive"}
            other.post(f"/plants/{PRESS}/feedback", data=fields)
        assert next(told)["positive"] == first["positive"] + 1


def test_it_ends_when_one_signs_out(running: Running):
    with visiting(running) as client, client.stream("GET", PATH) as answer:
        told = states(answer)
        next(told)
        proof = proof_on(client.get(f"/plants/{PRESS}"))
        client.post("/sign-out", data={"proof": proof})
        assert list(told) == []


def test_it_ends_when_the_token_is_revoked(running: Running):
    shown, home = token(running.home, "read"), running.home
    with visiting(running, None) as client:
        sign_in(client, shown)
        with client.stream("GET", PATH) as answer:
            told = states(answer)
            first = next(told)
            revoke_token(home, shown.split("_")[1], actor="a" * 64, reason="lost", now=home.now())
            running.parts.tokens.forget()
            ledger = {name: first[name] for name in ("entries", "signed")}
            assert all(one | ledger == first for one in told)  # at most the row of the revocation


def test_a_token_may_have_only_so_many(running: Running):
    streams = running.app.state.streams
    number = running.tokens["read"].split("_")[1]
    for _ in range(MOST_EACH):
        streams.enter(number)
    with visiting(running, "read") as client:
        assert client.get(PATH).status_code == 503
        streams.leave(number)
        with client.stream("GET", PATH) as answer:
            next(states(answer))


def test_it_ends_when_the_service_stops(tmp_path):
    """Otherwise the service would wait for it in vain."""
    home = Home(Settings.read({"RUL_HOME": str(tmp_path)}))
    signed_champion(home)
    with ExitStack() as service:
        running = service.enter_context(serving(home))
        with visiting(running) as client, client.stream("GET", PATH) as answer:
            told = states(answer)
            next(told)
            service.close()
            assert list(told) == []
    home.engine.dispose()


def test_only_who_is_signed_in_hears_of_a_plant_and_only_of_one_that_is(running: Running):
    with visiting(running, None) as client:
        assert client.get(PATH).status_code == 303
    with visiting(running) as client:
        assert client.get("/plants/nowhere/events").status_code == 404
    assert running.app.state.streams.count == 0
