"""`rul serve` and `rul token` as a person meets them: one clear line where something is wrong."""

import json
import signal
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
import sqlalchemy as sa

from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform_tests.certificates import pair
from rul_platform_tests.cli.terminal import Terminal
from rul_platform_tests.service.conftest import execute
from rul_platform_tests.service.processes import served
from rul_platform_tests.service.running import question, serving, signed_champion

API = "/api/v1/rul"
HANG_UP = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname ="


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path / "home")


def test_help_says_what_it_does(terminal: Terminal):
    told = terminal.types("serve", "--help")
    assert told.code == 0
    assert "rul token create" in told.out
    assert terminal.types("token", "--help").code == 0
    assert not terminal.folder.exists()


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "80.5", ""])
def test_a_port_that_is_none(terminal: Terminal, port: str):
    assert "--port" in terminal.is_refused("serve", "--port", port, code=2)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", ""])  # noqa: S104
def test_nobody_outside_without_a_token(terminal: Terminal, host: str):
    said = terminal.is_refused("serve", "--host", host)
    assert "--host" in said
    assert "rul token create" in said


@pytest.mark.parametrize(
    "host", ["192.0.2.1", "no.such.host.invalid", "a" * 300, "a..b", "1.2.3.4.5"]
)
def test_an_address_that_is_not_of_this_machine(terminal: Terminal, host: str):
    terminal.types("token", "create", "--for", "a test")
    said = terminal.is_refused("serve", "--host", host)
    assert said.startswith("Error: The address (--host, --port) is")
    assert said.count("\n") == 1


def test_a_certificate_needs_its_key(terminal: Terminal, tmp_path: Path):
    certificate, _ = pair(tmp_path)
    said = terminal.is_refused("serve", "--certificate", str(certificate), code=2)
    assert "--certificate and --key together" in said
    assert "does not exist" in terminal.is_refused(
        "serve", "--certificate", "none.pem", "--key", "none.key", code=2
    )


@pytest.mark.parametrize(
    "wrong", ["words", "nothing", "another's key", "turned round", "a password"]
)
def test_a_certificate_that_cannot_be_used(terminal: Terminal, tmp_path: Path, wrong: str):
    """No question for a password either: nobody may be there to answer it."""
    certificate, key = pair(tmp_path)
    match wrong:
        case "words":
            certificate.write_text("certificate")
        case "nothing":
            key.write_bytes(b"")
        case "another's key":
            _, key = pair(tmp_path, name="other")
        case "turned round":
            certificate, key = key, certificate
        case _:
            _, key = pair(tmp_path, name="locked", password=b"x")
            certificate = tmp_path / "locked.pem"
    said = terminal.is_refused("serve", "--certificate", str(certificate), "--key", str(key))
    assert said.startswith("Error: TLS (--certificate, --key) is")


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"RUL_HOME": "/proc/home"}, "RUL_HOME is '/proc/home'"),
        ({"RUL_DATABASE_URL": "postgresql://u:secret@127.0.0.1:1/x"}, "127.0.0.1"),
        ({"RUL_DATABASE_URL": "mysql://u:secret@h/x"}, "RUL_DATABASE_URL"),
    ],
    ids=["home", "database", "another database"],
)
@pytest.mark.parametrize(
    "command", [("serve",), ("token", "list"), ("token", "create", "--for", "x")]
)
def test_what_it_needs_is_not_there(
    terminal: Terminal, environ: dict[str, str], words: str, command: tuple[str, ...]
):
    said = terminal.is_refused(*command, **environ)
    assert words in said
    assert "secret" not in said


@pytest.mark.parametrize(
    "words",
    [
        ("create",),
        ("create", "--for", ""),
        ("create", "--for", "x" * 101),
        ("create", "--for", "a\nb"),
        ("create", "--for", "x", "--scope", "root"),
        ("create", "--for", "x", "--days", "0"),
        ("create", "--for", "x", "--days", "-1"),
        ("create", "--for", "x", "--days", "nan"),
        ("create", "--for", "x", "--days", "inf"),
        ("create", "--for", "x", "--rate", "0"),
        ("create", "--for", "x", "--rate", "nan"),
        ("revoke", "0" * 12),
        ("revoke", "0" * 12, "--reason", "gone"),
        ("revoke", "../x", "--reason", "gone"),
        ("list", "more"),
    ],
    ids=" ".join,
)
def test_a_wrong_word_to_token(terminal: Terminal, words: tuple[str, ...]):
    done = terminal.types("token", *words)
    assert done.code in (1, 2)
    assert "Error: " in done.err
    assert "Traceback" not in done.err


def test_a_token_is_shown_once(terminal: Terminal):
    shown = terminal.types("token", "create", "--for", "line 2", "--scope", "read").out.strip()
    told = terminal.types("token", "list").out + json.dumps(terminal.reads("token", "list"))
    assert "line 2" in told
    assert shown[4:16] in told
    assert shown[17:] not in told
    kept = [each.read_bytes() for each in terminal.folder.rglob("*") if each.is_file()]
    assert not any(shown[17:].encode() in each for each in kept)
    revoked = terminal.types("token", "revoke", shown[4:16], "--reason", "lost")
    assert revoked.out == f"Token {shown[4:16]} is revoked.\n"
    assert "revoked before" in terminal.types("token", "revoke", shown[4:16], "--reason", "x").out


def test_served_over_tls_until_ctrl_c(terminal: Terminal, tmp_path: Path):
    """Its log is lines of JSON that name no path and no token; a second one is refused the port."""
    certificate, key = pair(tmp_path)
    home = terminal.open()
    signed_champion(home)
    home.engine.dispose()
    shown = terminal.types("token", "create", "--for", "me").out.strip()
    words = ("--certificate", str(certificate), "--key", str(key))
    with served(terminal.folder, *words) as process:
        trusted = ssl.create_default_context(cafile=certificate)
        url = f"https://localhost:{process.port}"
        headers = {"Authorization": f"Bearer {shown}"}
        with httpx2.Client(base_url=url, verify=trusted, headers=headers, timeout=60) as client:
            assert client.get("/ready").json() == {"ready": True, "problems": []}
            answer = client.post(f"{API}/predict", json=question("m1", hours=3))
            assert answer.status_code == 200
            assert client.get("/nothing/like/this").status_code == 404
        said = terminal.is_refused("serve", "--port", str(process.port))
        assert said.startswith("Error: The address (--host, --port) is")
        code, out = process.stop(signal.SIGINT)
    assert (code, out) == (0, "Stopped; everything that was answered is stored.\n")
    logged = process.errors.read_text()
    assert all(isinstance(json.loads(line), dict) for line in logged.splitlines())
    assert "/nothing/like/this" not in logged
    assert shown[17:] not in logged
    assert '"status": 404' in logged
    answered = terminal.open().predictions.answered("press")
    assert [each.id for each in answered] == [answer.json()["predictions"][0]["id"]]


@pytest.fixture
def away(postgres_database: str, postgres: str, tmp_path: Path) -> Iterator[tuple[Home, str, str]]:
    """A home on a database that can be made to go away; with both URLs."""
    environ = {"RUL_HOME": str(tmp_path / "home"), "RUL_DATABASE_URL": postgres_database}
    home = Home(Settings.read(environ))
    signed_champion(home)
    yield home, postgres_database, postgres
    home.engine.dispose()


def test_while_the_database_is_away_answers_go_on(away: tuple[Home, str, str]):
    """Feedback is refused, readiness says why, and what was answered is logged once it is back."""
    home, url, server = away
    name = sa.make_url(url).database
    with serving(home) as running:
        (first,) = running.asks("POST", f"{API}/predict", question("m1")).json()["predictions"]
        assert running.parts.log.flush(30)
        execute(server, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        execute(server, f"{HANG_UP} '{name}'")
        rating = {"prediction_id": first["id"], "rating": "positive"}
        told = running.asks("POST", f"{API}/predict", question("m1"))
        assert told.status == 200
        refused = running.asks("POST", f"{API}/feedback", rating)
        assert (refused.status, refused.json()["code"]) == (503, "unavailable")
        assert int(refused.headers["retry-after"]) >= 1
        for path in ("/plants", "/models", "/models/press:1", f"/predictions/{first['id']}"):
            assert running.asks("GET", API + path).status == 503
        while (ready := running.asks("GET", "/ready")).status == 200:
            continue
        assert ready.status == 503
        assert ready.json()["problems"]
        assert running.asks("GET", "/serving").status == 200
        assert running.asks("GET", "/live").status == 200
        execute(server, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        assert running.parts.log.flush(30)
        assert running.asks("POST", f"{API}/feedback", rating).status == 200
        while running.asks("GET", "/ready").status != 200:
            continue
    (again,) = told.json()["predictions"]
    assert {each.id for each in home.predictions.answered("press")} == {first["id"], again["id"]}
