"""Who may call what: every route of the app, with every kind of proof that is none."""

import base64
import hmac
import inspect
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from fastapi.routing import iter_route_contexts

from rul_platform.operation.access import revoke_token
from rul_platform.service.app import create_app
from rul_platform.settings import Settings
from rul_platform.storage.access_tokens import AccessToken
from rul_platform.storage.home import Home
from rul_platform.storage.service_tables import SCOPES
from rul_platform_tests.service.running import Running, question, serving, token

API = "/api/v1/rul"
OPEN = {"/live", "/ready", "/serving", f"{API}/openapi.json"}
SCOPE = {
    "/predict": "predict",
    "/feedback": "feedback",
    "/outcome": "feedback",
    "/transfer-learning/load": "deploy",
}
"""Of routes that change something; the others need to read."""


@dataclass(frozen=True, slots=True)
class Route:
    """One way to call the service."""

    method: str
    path: str

    @property
    def scope(self) -> str:
        """What it needs."""
        return SCOPE.get(self.path.removeprefix(API), "read")

    @property
    def filled(self) -> str:
        """With something in its parameters' places."""
        return self.path.replace("{version}", "press:1").replace("{prediction}", "0" * 32)


def routes(running: Running) -> Iterator[Route]:
    """All that systems may call; pages have tests of their own."""
    for each in iter_route_contexts(create_app(running.parts, version="1").routes):
        if each.path.startswith(API) or each.path in ("/live", "/ready", "/serving", "/metrics"):
            for method in sorted((each.methods or set()) - {"HEAD"}):
                yield Route(method, each.path)


@pytest.fixture(scope="module")
def closed(running: Running) -> list[Route]:
    found = [each for each in routes(running) if each.path not in OPEN]
    assert len(found) >= 8
    return found


def wrong_proofs(running: Running) -> dict[str, list[tuple[str, str]]]:
    """Headers that prove nothing, by what is wrong with them."""
    home, good = running.home, running.tokens["all"]
    expired = token(home, *SCOPES, days=1e-9)
    revoked = token(home, *SCOPES)
    revoke_token(home, revoked[4:16], actor="a" * 64, reason="a test", now=home.now())
    basic = base64.b64encode(f"admin:{good}".encode()).decode()
    shown = {
        "nothing": None,
        "an empty header": "",
        "no token": "Bearer",
        "a space": "Bearer \xa0",
        "another form": "Bearer abc",
        "a JWT": "Bearer eyJhbGciOiJub25lIn0.e30.",
        "no secret": f"Bearer {good[:17]}",
        "another secret": f"Bearer {good[:17]}{'A' * 43}",
        "half a secret": f"Bearer {good[:-1]}",
        "a longer secret": f"Bearer {good}A",
        "another id": f"Bearer rul_{'0' * 12}{good[16:]}",
        "capitals": f"Bearer {good.upper()}",
        "two in one": f"Bearer {good}, Bearer {good}",
        "an odd end": f"Bearer {good}\xa0",
        "SQL": "Bearer rul_' OR '1'='1_x",
        "Basic": f"Basic {basic}",
        "Digest": f"Digest {good}",
        "Token": f"Token {good}",
        "without a kind": good,
        "expired": f"Bearer {expired}",
        "revoked": f"Bearer {revoked}",
        "very long": "Bearer " + "x" * 20_000,
    }
    told = {
        name: [] if value is None else [("Authorization", value)] for name, value in shown.items()
    }
    twice = [("Authorization", f"Bearer {good}")]
    elsewhere = {"a cookie": [("Cookie", f"token={good}")], "X-API-Key": [("X-API-Key", good)]}
    return (
        told
        | elsewhere
        | {"two headers": twice * 2, "two that differ": [*twice, ("Authorization", "Bearer x")]}
    )


def test_every_route_is_closed_to_who_has_no_proof(
    running: Running, closed: list[Route], caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    with running.client(None) as client:
        for name, headers in wrong_proofs(running).items():
            raw = [(key, value.encode("latin-1")) for key, value in headers]
            for route in closed:
                answer = client.request(route.method, route.filled, headers=raw)
                assert answer.status_code == 401, (name, route)
                assert answer.headers["www-authenticate"] == "Bearer"
                assert answer.headers["content-type"] == "application/problem+json"
                assert all(each not in answer.text for each in secrets(running))
    said = logged(caplog)
    assert "rul_platform.service.requests" in said
    assert all(each not in said for each in secrets(running))


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """All that the service logged, with all that belongs to it; the callers here log, too."""
    ours = [each for each in caplog.records if not each.name.startswith(("httpx2", "httpcore2"))]
    return "\n".join(str(vars(each)) + each.getMessage() for each in ours)


def secrets(running: Running) -> set[str]:
    """Of good tokens, without the part that may be told."""
    return {each.rpartition(each[:17])[2] for each in running.tokens.values()}


def test_the_secret_is_not_asked_for_in_an_address(running: Running, closed: list[Route]):
    with running.client(None) as client:
        for route in closed:
            query = {"token": running.tokens["all"], "access_token": running.tokens["all"]}
            assert client.request(route.method, route.filled, params=query).status_code == 401


@pytest.mark.parametrize("scope", SCOPES)
def test_a_token_allows_what_it_says_and_no_more(running: Running, closed: list[Route], scope: str):
    with running.client(scope) as client:
        for route in closed:
            answer = client.request(route.method, route.filled)
            if scope in (route.scope, "admin"):
                assert answer.status_code in {200, 404, 415}, route
            else:
                assert answer.status_code == 403, route
                assert route.scope in answer.json()["detail"]


def test_open_routes_need_nothing_and_mind_nothing(running: Running):
    found = {each.path for each in routes(running)} & OPEN
    assert found == OPEN
    with running.client(None) as client:
        for path in OPEN:
            assert client.get(path).status_code == 200
            assert client.get(path, headers={"Authorization": "Bearer wrong"}).status_code == 200


def test_bearer_may_be_written_in_any_letters(running: Running):
    for kind in ("Bearer", "bearer", "BEARER"):
        shown = f"{kind} {running.tokens['read']}"
        assert running.asks("GET", f"{API}/plants", Authorization=shown).status == 200


def test_who_asks_too_often_waits(running: Running):
    """Two requests at once, then one each 100 s: the third one comes too early by at most that."""
    slow = token(running.home, "read", rate=0.01)
    headers = {"Authorization": f"Bearer {slow}"}
    with running.client(None) as client:
        assert client.get(f"{API}/plants", headers=headers).status_code == 200
        refused = client.get(f"{API}/plants", headers=headers)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 100
    assert refused.json()["code"] == "too_many_requests"


def test_made_up_tokens_do_not_drive_out_the_others(running: Running):
    """Otherwise somebody without a token could make everybody's rate begin anew."""
    slow = token(running.home, "read", rate=0.01)
    with running.client(None) as client:
        good = {"Authorization": f"Bearer {slow}"}
        assert client.get(f"{API}/plants", headers=good).status_code == 200
        known = len(running.parts.tokens._known)
        for number in range(50):
            made_up = {"Authorization": f"Bearer rul_{number:012x}_{'A' * 43}"}
            assert client.get(f"{API}/plants", headers=made_up).status_code == 401
        assert len(running.parts.tokens._known) == known
        assert client.get(f"{API}/plants", headers=good).status_code == 429


def test_a_revoked_token_ends_within_the_second(running: Running):
    short = token(running.home, "read")
    headers = {"Authorization": f"Bearer {short}"}
    with running.client(None) as client:
        assert client.get(f"{API}/plants", headers=headers).status_code == 200
        home = running.home
        revoke_token(home, short[4:16], actor="a" * 64, reason="lost", now=home.now())
        at = home.now()
        while (answer := client.get(f"{API}/plants", headers=headers)).status_code == 200:
            assert home.now() - at < timedelta(seconds=1.5)
    assert answer.status_code == 401
    assert "revoked" in answer.json()["detail"]


def test_a_token_expires_while_it_is_remembered(tmp_path: Path):
    """By the home's clock; what is remembered of it makes no difference."""
    home = Home(Settings.read({"RUL_HOME": str(tmp_path / "home")}))
    with serving(home) as running:
        headers = {"Authorization": f"Bearer {token(home, 'read', days=1)}"}
        assert httpx2.get(f"{running.url}{API}/plants", headers=headers).status_code == 200
        then = home.now() + timedelta(days=2)
        home.now = lambda: then
        answer = httpx2.get(f"{running.url}{API}/plants", headers=headers)
        assert answer.status_code == 401
        assert "expired" in answer.json()["detail"]
    home.engine.dispose()


def test_secrets_are_compared_in_constant_time():
    """A guess that is nearly right takes as long as one that is not."""
    assert "compare_digest" in inspect.getsource(AccessToken.is_of)
    assert hmac.compare_digest("a", "a")


def test_persons_are_nowhere_in_the_log_or_the_database(
    running: Running, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    with running.client() as client:
        (told,) = client.post(f"{API}/predict", json=question("m3", hours=3)).json()["predictions"]
        person = "Wilhelmina Unmistakable"
        for reason in ("other", "wrong"):
            body = {"prediction_id": told["id"], "rating": "negative", "person": person}
            answer = client.post(f"{API}/feedback", json=body | {"reason": reason})
            assert person not in answer.text
    said = logged(caplog)
    assert person not in said
    kept = [each.read_bytes() for each in running.home.folder.rglob("*") if each.is_file()]
    assert not any(person.encode() in each for each in kept)
