"""Signing in and out: who gets in, what the cookie is, and what a stranger's page cannot do."""

from datetime import timedelta

import pytest

from rul_platform.operation.access import revoke_token
from rul_platform.service.access import REMEMBERED_SECONDS
from rul_platform.service.pages.attempts import BURST, Attempts
from rul_platform.service.sessions import COOKIE
from rul_platform_tests.operation.served import PRESS
from rul_platform_tests.service.pages.visiting import HTML, proof_on, sign_in, visiting
from rul_platform_tests.service.running import Running, serving, token

WRONG = "rul_0123456789ab_" + "x" * 43


@pytest.fixture(autouse=True)
def _patient(running: Running):
    """Failures of one test are not the next one's."""
    running.app.state.attempts = Attempts()


def test_a_page_leads_to_the_door_and_the_door_back_to_the_page(running: Running):
    with visiting(running, None) as client:
        led = client.get(f"/plants/{PRESS}?sort=unit")
        assert led.status_code == 303
        assert led.headers["location"] == f"/sign-in?next=%2Fplants%2F{PRESS}%3Fsort%3Dunit"
        answer = sign_in(client, running.tokens["read"], then=f"/plants/{PRESS}?sort=unit")
        assert (answer.status_code, answer.headers["location"]) == (
            303,
            f"/plants/{PRESS}?sort=unit",
        )
        assert client.get(f"/plants/{PRESS}").status_code == 200


def test_the_cookie_is_for_this_site_alone_and_holds_no_secret(running: Running):
    with visiting(running, None) as client:
        answer = sign_in(client, running.tokens["read"])
    cookie = next(each for each in answer.headers.get_list("set-cookie") if each.startswith(COOKIE))
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Secure" not in cookie
    assert running.tokens["read"].split("_", 2)[2] not in cookie


def test_the_cookie_is_secure_where_a_proxy_on_this_machine_says_that_the_browser_spoke_https(
    running: Running,
):
    with visiting(running, None) as client:
        client.headers["X-Forwarded-Proto"] = "https"
        answer = client.get("/sign-in")
    assert "Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    "elsewhere", ["//evil.example", "https://evil.example", "/\\evil.example", "/\tx"]
)
def test_one_is_sent_nowhere_else(running: Running, elsewhere: str):
    with visiting(running, None) as client:
        answer = sign_in(client, running.tokens["read"], then=elsewhere)
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize(
    ("shown", "status", "said"),
    [
        (WRONG, 401, "is not known"),
        ("nonsense", 401, "is not known"),
        ("", 401, "is not known"),
    ],
)
def test_a_wrong_token_is_told_so(running: Running, shown: str, status: int, said: str):
    with visiting(running, None) as client:
        answer = sign_in(client, shown)
    assert (answer.status_code, COOKIE in answer.cookies) == (status, False)
    assert said in answer.text


def test_a_token_that_may_not_look_is_told_so(running: Running):
    with visiting(running, None) as client:
        answer = sign_in(client, running.tokens["predict"])
    assert answer.status_code == 403
    assert "scope" in answer.text


def test_guessing_is_slowed_and_the_right_token_waits_too(running: Running):
    with visiting(running, None) as client:
        for _ in range(int(BURST)):
            assert sign_in(client, WRONG).status_code == 401
        answer = sign_in(client, running.tokens["read"])
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    assert COOKIE not in answer.cookies


def test_signing_out_ends_every_copy_of_the_cookie(running: Running):
    with visiting(running) as client:
        copied = client.cookies[COOKIE]
        proof = proof_on(client.get(f"/plants/{PRESS}"))
        assert client.post("/sign-out", data={"proof": proof}).status_code == 303
        client.cookies.set(COOKIE, copied)
        assert client.get(f"/plants/{PRESS}").status_code == 303


def test_signing_out_ends_the_session_at_every_process_and_after_a_restart(running: Running):
    with visiting(running) as client:
        cookie = client.cookies[COOKIE]
        proof = proof_on(client.get(f"/plants/{PRESS}"))
        with serving(running.home) as other, visiting(other, None) as there:
            there.cookies.set(COOKIE, cookie)
            assert there.get(f"/plants/{PRESS}").status_code == 200
            assert client.post("/sign-out", data={"proof": proof}).status_code == 303
            at = asked = running.home.now()
            while there.get(f"/plants/{PRESS}").status_code == 200:
                assert asked - at < timedelta(seconds=REMEMBERED_SECONDS)
                asked = running.home.now()
        with serving(running.home) as later, visiting(later, None) as there:
            there.cookies.set(COOKIE, cookie)
            assert there.get(f"/plants/{PRESS}").status_code == 303


def test_made_up_cookies_are_not_looked_up(running: Running):
    known = len(running.parts.ended._looked_up)
    with visiting(running, None) as client:
        for number in range(20):
            headers = HTML | {"Cookie": f"{COOKIE}={number:012x}.9999999999.{'0' * 16}.{'0' * 64}"}
            assert client.get(f"/plants/{PRESS}", headers=headers).status_code == 303
    assert len(running.parts.ended._looked_up) == known


def test_a_revoked_token_ends_the_session(running: Running):
    shown, home = token(running.home, "read"), running.home
    with visiting(running, None) as client:
        assert sign_in(client, shown).status_code == 303
        revoke_token(home, shown.split("_")[1], actor="a" * 64, reason="lost", now=home.now())
        running.parts.tokens.forget()
        answer = client.get(f"/plants/{PRESS}")
    assert answer.status_code == 303
    assert "over=1" in answer.headers["location"]


def test_a_cookie_that_was_changed_or_is_too_old_opens_nothing(running: Running):
    sessions, now = running.parts.sessions, running.home.now()
    number = running.tokens["read"].split("_")[1]
    old = sessions.issue(number, now - timedelta(hours=13))
    with visiting(running, None) as client:
        for cookie in (old, sessions.issue(number, now) + "0", "a.b.c.d", "\u00e9"):
            headers = HTML | {"Cookie": f"{COOKIE}={cookie}".encode()}
            assert client.get(f"/plants/{PRESS}", headers=headers).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_of_another_site_is_refused(running: Running, headers: dict[str, str]):
    with visiting(running) as client:
        proof = proof_on(client.get(f"/plants/{PRESS}"))
        answer = client.post("/sign-out", data={"proof": proof}, headers=headers)
        assert answer.status_code == 403
        assert client.get(f"/plants/{PRESS}").status_code == 200


@pytest.mark.parametrize("proof", ["", "0" * 64, "\u00e9"])
def test_a_form_without_our_proof_is_refused(running: Running, proof: str):
    with visiting(running) as client:
        for path in ("/sign-out", f"/plants/{PRESS}/feedback", f"/plants/{PRESS}/outcomes"):
            assert client.post(path, data={"proof": proof}).status_code == 403


def test_one_session_s_proof_is_not_another_one_s(running: Running):
    with visiting(running) as one, visiting(running) as other:
        proof = proof_on(one.get(f"/plants/{PRESS}"))
        assert other.post("/sign-out", data={"proof": proof}).status_code == 403


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"proof=1&proof=2", "application/x-www-form-urlencoded", 422),
        (b"proof=%ff", "application/x-www-form-urlencoded", 422),
        (
            b"&".join(b"a%d=1" % number for number in range(60)),
            "application/x-www-form-urlencoded",
            422,
        ),
        (b"{}", "application/json", 415),
        (b"a=" + b"x" * 70_000, "application/x-www-form-urlencoded", 413),
    ],
)
def test_a_form_that_cannot_be_read_is_refused(
    running: Running, body: bytes, kind: str, status: int
):
    with visiting(running) as client:
        answer = client.post("/sign-out", content=body, headers={"Content-Type": kind})
    assert answer.status_code == status


def test_a_language_is_remembered(running: Running):
    with visiting(running, None, language="en") as client:
        assert client.get("/language/fr?next=/sign-in").headers["location"] == "/"
        assert '<html lang="fr">' in client.get("/sign-in").text
        assert client.get("/language/xx").status_code == 404


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [("fr-CH, fr;q=0.9, en;q=0.8", "fr"), ("de, en;q=0.5, fr;q=0.4", "en"), ("", "en"),
     ("fr;q=0", "en"), ("*;q=x, \u00e9", "en"), ("en;q=0.2,fr;q=0.7", "fr")],
)  # fmt: skip
def test_the_browser_s_language_is_spoken(running: Running, asked: str, spoken: str):
    with visiting(running, None) as client:
        answer = client.get("/sign-in", headers={"Accept-Language": asked.encode()})
    assert f'<html lang="{spoken}">' in answer.text
