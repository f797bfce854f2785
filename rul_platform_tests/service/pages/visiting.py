"""A person at the pages: signs in by the form, as a browser does, and sends forms."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2

from rul_platform.service.pages.addresses import unit_path
from rul_platform_tests.operation.served import PRESS
from rul_platform_tests.service.running import Running, question

HTML = {"Accept": "text/html,application/xhtml+xml"}
PREDICT = "/api/v1/rul/predict"
_PROOF = re.compile(r'name="proof" value="([0-9a-f]{64})"')


@contextmanager
def visiting(
    running: Running, scope: str | None = "all", *, language: str = "en"
) -> Iterator[httpx2.Client]:
    """A browser that is signed in with a token of this scope, or not at all; follows no redirect."""
    headers = HTML | {"Accept-Language": language}
    with httpx2.Client(base_url=running.url, headers=headers, timeout=30) as client:
        if scope is not None:
            answer = sign_in(client, running.tokens[scope])
            assert answer.status_code == 303, answer.text
        yield client


def sign_in(client: httpx2.Client, token: str, *, then: str = "/") -> httpx2.Response:
    """Fill in the form and send it."""
    proof = proof_on(client.get("/sign-in"))
    return client.post("/sign-in", data={"proof": proof, "token": token, "next": then})


def proof_on(answer: httpx2.Response) -> str:
    """What the forms of a page carry."""
    found = _PROOF.search(answer.text)
    assert found, answer.text
    return found[1]


def ask(running: Running, *units: str, hours: int = 40) -> list[str]:
    """Let machines be answered for; gives the answers' ids, which are written."""
    with running.client() as client:
        answer = client.post(PREDICT, json=question(*units, hours=hours))
    assert answer.status_code == 200, answer.text
    running.parts.log.flush(5.0)
    return [each["id"] for each in answer.json()["predictions"]]


def path_of(unit: str) -> str:
    """A machine's page."""
    return unit_path(PRESS, unit)
