"""The same request with the same key is done once, whoever repeats it and however often."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform_tests.operation.served import PRESS
from rul_platform_tests.service.running import Running, question, serving, signed_champion, token

API = "/api/v1/rul"
AT_ONCE = 20


@pytest.fixture(params=["sqlite", "postgresql"])
def running(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Running]:
    environ = {"RUL_HOME": str(tmp_path / "home")}
    if request.param == "postgresql":
        environ["RUL_DATABASE_URL"] = request.getfixturevalue("postgres_database")
    home = Home(Settings.read(environ))
    signed_champion(home)
    with serving(home) as running:
        yield running
    home.engine.dispose()


def rated(running: Running, **more: str) -> dict[str, str]:
    """A rating of a fresh answer."""
    (told,) = running.asks("POST", f"{API}/predict", question("m1", hours=3)).json()["predictions"]
    return {"prediction_id": told["id"], "rating": "positive", **more}


def test_keys(running: Running):
    """One server for all of it: each costs a second to start."""
    repeated_it_is_answered_alike(running)
    another_body_under_the_same_key_is_refused(running)
    keys_of_two_tokens_are_two_keys(running)
    odd_keys_are_refused(running)
    at_once_it_is_stored_once(running)
    at_once_with_other_bodies_one_of_them_is_stored(running)
    an_outcome_is_taken_once(running)


def repeated_it_is_answered_alike(running: Running) -> None:
    body = rated(running, person="a")
    first = running.asks("POST", f"{API}/feedback", body, Idempotency_Key="k1")
    spaced = b" " + httpx2.Request("POST", "http://x", json=body).content + b"\n"
    assert first.json()["is_new"] is True
    for again in (body, spaced):  # other bytes, the same request
        told = running.asks("POST", f"{API}/feedback", again, Idempotency_Key="k1")
        assert (told.status, told.data) == (200, first.data)
    without = running.asks("POST", f"{API}/feedback", body)
    assert without.json() == first.json() | {"is_new": False}


def another_body_under_the_same_key_is_refused(running: Running) -> None:
    body = rated(running, person="a")
    told = running.asks("POST", f"{API}/feedback", body, Idempotency_Key="k1")
    assert (told.status, told.json()["code"]) == (409, "key_reused")
    outcome = {"plant": PRESS, "unit": "m1", "kind": "running", "life": 3.0}
    assert running.asks("POST", f"{API}/outcome", outcome, Idempotency_Key="k1").status == 409


def keys_of_two_tokens_are_two_keys(running: Running) -> None:
    """Nobody can read another's answers, or block another's keys."""
    body, other = rated(running, person="b"), token(running.home, "feedback")
    told = running.asks(
        "POST",
        f"{API}/feedback",
        body,
        Idempotency_Key="k1",
        Authorization=f"Bearer {other}",
    )
    assert told.status == 200


def odd_keys_are_refused(running: Running) -> None:
    body = rated(running, person="c")
    for key in ("", "a b", "\t", "é", "\xff", "k" * 201, "a\xa0b"):
        told = running.asks("POST", f"{API}/feedback", body, Idempotency_Key=key)
        assert (told.status, told.json()["code"]) == (422, "invalid"), key
    for key in ("!", "~" * 200, "{}[]\"'\\", "../../x", "%00"):
        assert (
            running.asks("POST", f"{API}/feedback", rated(running), Idempotency_Key=key).status
            == 200
        )


def at_once_it_is_stored_once(running: Running) -> None:
    body = rated(running, person="many")
    told = at_once(running, "/feedback", [body] * AT_ONCE, "k2")
    assert {each.status_code for each in told} == {200}
    assert len({each.content for each in told}) == 1
    assert told[0].json()["is_new"] is True


def at_once_with_other_bodies_one_of_them_is_stored(running: Running) -> None:
    first, second = rated(running, person="p"), rated(running, person="q")
    told = at_once(running, "/feedback", [first, second] * (AT_ONCE // 2), "k3")
    assert sorted({each.status_code for each in told}) == [200, 409]
    assert len({each.content for each in told if each.status_code == 200}) == 1


def an_outcome_is_taken_once(running: Running) -> None:
    body = {"plant": PRESS, "unit": "m1", "kind": "failed", "life": 4.0}
    told = at_once(running, "/outcome", [body] * AT_ONCE, "k4")
    assert {each.status_code for each in told} == {200}
    assert len({each.content for each in told}) == 1
    assert len(running.home.outcomes.of_plant(PRESS)) == 1


def at_once(running: Running, path: str, bodies: list[dict], key: str) -> list[httpx2.Response]:
    def send(body: dict) -> httpx2.Response:
        with running.client() as client:
            return client.post(API + path, json=body, headers={"Idempotency-Key": key})

    with ThreadPoolExecutor(len(bodies)) as pool:
        return list(pool.map(send, bodies))
