"""What is no proper HTTP, or too slow, or too long: refused, and headers that every answer carries."""

import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from rul_platform.service.connection import Connection
from rul_platform.service.json_log import JsonFormatter
from rul_platform.service.middleware import HEADERS
from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform_tests.service.running import Running, question, serving, signed_champion

PREDICT = "/api/v1/rul/predict"


class Impatient(Connection):
    """As ours, and waits for nobody."""

    head_seconds = 0.3


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder: Path = tmp_path_factory.mktemp("impatient")
    home = Home(Settings.read({"RUL_HOME": str(folder)}))
    signed_champion(home)
    with serving(home, connection=Impatient, body_seconds=0.3) as running:
        yield running
    home.engine.dispose()


def sent(running: Running, *pieces: bytes) -> bytes:
    """What comes back until the service hangs up."""
    with socket.create_connection((running.wire.host, running.wire.port), timeout=20) as wire:
        found = b""
        try:
            for piece in pieces:
                wire.sendall(piece)
            while part := wire.recv(65536):
                found += part
        except ConnectionError:
            pass  # it hung up while there was more to come
        return found


def head(running: Running, *lines: str, target: str = PREDICT, method: str = "POST") -> bytes:
    """A request's head, with a good token."""
    known = (
        "Host: a",
        "Content-Type: application/json",
        f"Authorization: Bearer {running.tokens['all']}",
    )
    return "\r\n".join((f"{method} {target} HTTP/1.1", *known, *lines, "", "")).encode("latin-1")


LIVE = b"GET /live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

NO_HTTP = {
    "words": b"hello\r\n\r\n",
    "zeros": b"\x00" * 64,
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64,
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/9": b"GET /live HTTP/9.9\r\nHost: a\r\n\r\n",
    "a method that is none": b"STEAL /live HTTP/1.1\r\nHost: a\r\n\r\n",
    "a method in small letters": b"get /live HTTP/1.1\r\nHost: a\r\n\r\n",
    "CONNECT": b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n",
    "a byte in the path": b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
    "a space in a header's name": b"GET /live HTTP/1.1\r\nHost: a\r\nX y: z\r\n\r\n",
    "a space before the colon": b"GET /live HTTP/1.1\r\nHost: a\r\nX : z\r\n\r\n",
    "a folded header": b"GET /live HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n",
    "NUL in a header": b"GET /live HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n",
    "a bare CR in a header": b"GET /live HTTP/1.1\r\nHost: a\r\nX: y\rZ: a\r\n\r\n",
}


@pytest.mark.parametrize("data", NO_HTTP.values(), ids=NO_HTTP)
def test_what_is_no_http_is_refused(running: Running, data: bytes):
    assert sent(running, data).startswith(b"HTTP/1.1 400 ")
    assert sent(running, LIVE).startswith(b"HTTP/1.1 200 ")


SMUGGLED = b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"
AMBIGUOUS = {
    "a length and chunks": ("Content-Length: 4", "Transfer-Encoding: chunked"),
    "chunks and a length": ("Transfer-Encoding: chunked", "Content-Length: 4"),
    "two lengths": ("Content-Length: 4", "Content-Length: 5"),
    "two in one": ("Content-Length: 4, 5",),
    "a length below 0": ("Content-Length: -1",),
    "a length with a sign": ("Content-Length: +4",),
    "a length in hex": ("Content-Length: 0x4",),
    "a length beyond 64 bits": ("Content-Length: 99999999999999999999999",),
    "chunks that are not the last": ("Transfer-Encoding: chunked, gzip",),
    "chunks twice": ("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
    "an odd coding": ("Transfer-Encoding: xchunked",),
    "a tab in between": ("Transfer-Encoding:\tchunked", "Content-Length: 4"),
    "an underscore": ("Transfer_Encoding: chunked", "Content-Length: 4", "Content-Length: 4x"),
}


@pytest.mark.parametrize("lines", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_a_second_request_cannot_hide_in_the_body_of_the_first(
    running: Running, lines: tuple[str, ...]
):
    told = sent(running, head(running, *lines) + b"0\r\n\r\n" + SMUGGLED)
    assert told.startswith(b"HTTP/1.1 4")
    assert told.count(b"HTTP/1.1 ") == 1 or b"HTTP/1.1 400 " in told
    assert b"rul_requests" not in told


CHUNKS = {
    "no number": b"xyz\r\n",
    "a number too large": b"fffffffffffffffff\r\n",
    "a number below 0": b"-1\r\n",
    "no line end behind it": b"1\r\nabc",
}


@pytest.mark.parametrize("data", CHUNKS.values(), ids=CHUNKS)
def test_chunks_that_are_none(running: Running, data: bytes):
    told = sent(running, head(running, "Transfer-Encoding: chunked") + data)
    assert b" 400 " in told.partition(b"\r\n")[0]


SLOW = {
    "half a body": ("Content-Length: 400", b'{"plant":'),
    "no body": ("Content-Length: 400", b""),
    "chunks without an end": ("Transfer-Encoding: chunked", b"1\r\n{\r\n"),
    "a length that promises more": ("Content-Length: 4000000", b"{}"),
}


@pytest.mark.parametrize(("line", "data"), SLOW.values(), ids=SLOW)
def test_a_body_that_does_not_come_is_not_waited_for(running: Running, line: str, data: bytes):
    told = sent(running, head(running, line) + data)
    assert told.startswith(b"HTTP/1.1 408 ")
    assert b"application/problem+json" in told


@pytest.mark.parametrize(
    "data", [b"", b"G", b"GET /live HTTP/1.1\r\n", b"GET /live HTTP/1.1\r\nX: y"]
)
def test_a_head_that_does_not_come_is_not_waited_for(running: Running, data: bytes):
    assert sent(running, data).startswith(b"HTTP/1.1 408 ")


def test_a_second_head_is_not_waited_for_either(running: Running):
    told = sent(running, LIVE.replace(b"Connection: close\r\n", b"") + b"GET /li")
    assert told.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 408 " in told


@pytest.mark.parametrize("line", [b"X: " + b"y" * 2**20, b"X: y\r\n" * 2**18], ids=["long", "many"])
def test_a_head_that_goes_on_and_on_is_refused(running: Running, line: bytes):
    told = sent(running, b"GET /live HTTP/1.1\r\nHost: a\r\n", *[line] * 4)
    assert told == b"" or told.startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 "))
    assert sent(running, LIVE).startswith(b"HTTP/1.1 200 ")


def test_a_body_shorter_than_promised_leaves_a_request_that_is_none(running: Running):
    """What is too much of it is another request, and no proper one."""
    told = sent(running, head(running, "Content-Length: 2") + b"{}garbage\r\n\r\n")
    assert told.startswith((b"HTTP/1.1 422 ", b"HTTP/1.1 400 "))
    assert b"HTTP/1.1 400 " in told


def test_who_hangs_up_is_not_missed(running: Running, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    with socket.create_connection((running.wire.host, running.wire.port)) as wire:
        wire.sendall(head(running, "Content-Length: 400") + b"{")
    while not any(
        getattr(each, "fields", {}).get("status") in (408, 499) for each in caplog.records
    ):
        assert sent(running, LIVE)
    assert "Traceback" not in caplog.text
    assert running.asks("POST", PREDICT, question("m1", hours=3)).status == 200


def test_pipelined_requests_are_answered_in_their_order(running: Running):
    first = LIVE.replace(b"Connection: close\r\n", b"")
    told = sent(running, first + first.replace(b"/live", b"/nothing") + LIVE)
    assert [part[:3] for part in told.split(b"HTTP/1.1 ")[1:]] == [b"200", b"404", b"200"]


ANSWERS = {
    "good": ("GET", "/live"),
    "its document": ("GET", "/api/v1/rul/openapi.json"),
    "unknown": ("GET", "/nothing"),
    "unknown, with a line end": ("GET", "/%0d%0aX-Evil:%20yes"),
    "not that way": ("DELETE", "/live"),
    "TRACE": ("TRACE", "/live"),
    "HEAD": ("HEAD", "/live"),
    "OPTIONS": ("OPTIONS", PREDICT),
    "another site": ("GET", "http://elsewhere/live"),
    "metrics": ("GET", "/metrics"),
    "no version": ("GET", "/api/v1/rul/models/x"),
    "no body": ("POST", PREDICT),
}


@pytest.mark.parametrize(("method", "path"), ANSWERS.values(), ids=ANSWERS)
def test_every_answer_carries_the_headers(running: Running, method: str, path: str):
    told = running.asks(method, path)
    found = {name.lower(): value for name, value in told.headers.items()}
    assert found.items() >= {(name.lower(), value) for name, value in HEADERS.items()}
    assert len(found["x-request-id"]) == 16
    assert found["cache-control"] == "no-store"
    assert not {"server", "x-powered-by", "access-control-allow-origin", "x-evil"} & set(found)


def test_ids_are_the_services_own(running: Running):
    told = {
        running.asks("GET", "/live", X_Request_ID="mine").headers["x-request-id"] for _ in range(9)
    }
    assert len(told) == 9
    assert "mine" not in told


def test_trouble_of_the_service_itself_is_told_in_the_same_form(
    running: Running, caplog: pytest.LogCaptureFixture
):
    """Headers, id, form; the log has the place, and nothing of what was sent."""
    desk = running.parts.predicting
    object.__setattr__(desk, "log", None)  # as if a part were missing
    try:
        told = running.asks("POST", PREDICT, question("Secretive", hours=3))
    finally:
        object.__setattr__(desk, "log", running.parts.log)
    assert told.status == 500
    assert told.headers["content-type"] == "application/problem+json"
    assert told.headers["x-frame-options"] == "DENY"
    (said,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert told.json()["request_id"] == told.headers["x-request-id"]
    line = JsonFormatter().format(said)
    assert "predicting.py" in line
    assert "Secretive" not in line
