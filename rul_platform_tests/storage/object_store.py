"""A real S3 API server on the loopback, and a line to it that can be disturbed.

The server is moto's. The line is an HTTP proxy: it passes requests on, and does to the next ones what a
test wants: says nothing, hangs up, answers with a server's error, or cuts an answer off.
"""

import http.client
import logging
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from urllib.parse import urlsplit

import pytest

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AKIATESTSONLY",
    "AWS_SECRET_ACCESS_KEY": "a-secret-of-tests",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
"""What boto takes from the environment; the server believes anybody."""

PATIENCE_SECONDS = 120
"""The server's first answer waits until it has loaded what it is made of."""

_NUMBERS = count(1)


@contextmanager
def serving_s3() -> Iterator[str]:
    """URL of the server while the block lasts."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def new_bucket(endpoint: str) -> str:
    """Make an empty bucket; gives its name."""
    name = f"artifacts-{next(_NUMBERS)}"
    assert ask(endpoint, "PUT", f"/{name}") == 200
    return name


def ask(endpoint: str, method: str, path: str, body: bytes = b"") -> int:
    """One plain request, as somebody else may make it; gives the status."""
    address = urlsplit(endpoint).netloc
    with closing(http.client.HTTPConnection(address, timeout=PATIENCE_SECONDS)) as connection:
        told = {"Authorization": "AWS4-HMAC-SHA256 Credential=x/s3/"}
        connection.request(method, path, body, told)
        answer = connection.getresponse()
        answer.read()
        return answer.status


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that came over the line."""

    method: str
    path: str
    headers: dict[str, str]


Fault = Callable[["Line"], None]
"""What becomes of one request instead of being passed on."""


@dataclass
class Weather:
    """How the line is.

    Attributes:
        faults: One for each coming request; None passes it on, as do all when these are used up.
        asked: Every request so far.
    """

    faults: list[Fault | None] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    url: str = ""

    def methods(self) -> list[str]:
        """Methods of all requests so far."""
        return [each.method for each in self.asked]


class Line(BaseHTTPRequestHandler):
    """One connection over the line."""

    protocol_version = "HTTP/1.1"
    weather: Weather
    server_at: str

    def pass_on(self) -> tuple[int, list[tuple[str, str]], bytes]:
        """Ask the server; gives what it answers."""
        server = http.client.HTTPConnection(self.server_at, timeout=PATIENCE_SECONDS)
        headers = {name: value for name, value in self.headers.items() if name != "Expect"}
        with closing(server) as connection:
            connection.request(self.command, self.path, self.body, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()

    def tell(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Answer, with the length that the headers say or else the body's."""
        self.send_response_only(status)
        names = {name.lower() for name, _ in headers}
        for name, value in headers:
            if name.lower() not in ("transfer-encoding", "connection"):
                self.send_header(name, value)
        if "content-length" not in names:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self) -> None:
        """Take down what was asked, and do as the test wants it."""
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        weather = self.weather
        weather.asked.append(Asked(self.command, self.path, dict(self.headers)))
        fault = weather.faults.pop(0) if weather.faults else None
        if fault is None:
            self.tell(*self.pass_on())
        else:
            fault(self)

    do_HEAD = do_PUT = do_POST = do_DELETE = do_GET  # noqa: N815  the names are those of HTTP

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  as in its base
        """Keep the tests' output clean."""


def hangs_up(line: Line) -> None:
    """The connection is gone before an answer."""
    line.close_connection = True
    line.connection.shutdown(socket.SHUT_RDWR)


def answer_lost(line: Line) -> None:
    """The server does what it was asked, and the answer gets lost."""
    line.pass_on()
    hangs_up(line)


def cut_off(line: Line) -> None:
    """Half of the answer's body, then the connection is gone."""
    status, headers, body = line.pass_on()
    line.tell(status, headers, body[: len(body) // 2])
    line.wfile.flush()
    hangs_up(line)


def changed(line: Line) -> None:
    """The whole answer with one bit changed."""
    status, headers, body = line.pass_on()
    line.tell(status, headers, bytes([body[0] ^ 1]) + body[1:])


def upload_begun(when: datetime) -> Fault:
    """The server's list of uploads, begun at this time: moto says 2010 of each."""

    def fault(line: Line) -> None:
        status, headers, body = line.pass_on()
        others = [(name, value) for name, value in headers if name.lower() != "content-length"]
        begun = f"<Initiated>{when:%Y-%m-%dT%H:%M:%S}.000Z</Initiated>".encode()
        line.tell(status, others, re.sub(rb"<Initiated>[^<]*</Initiated>", begun, body))

    return fault


def refuses(status: int, code: str) -> Fault:
    """The server says no in S3's words."""

    def fault(line: Line) -> None:
        said = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()
        line.tell(status, [("Content-Type", "application/xml")], said)

    return fault


@contextmanager
def line_to(endpoint: str) -> Iterator[Weather]:
    """A line to a server while the block lasts."""
    weather = Weather()
    about = {"weather": weather, "server_at": urlsplit(endpoint).netloc}
    handler = type("Line", (Line,), about)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        weather.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield weather
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """URL of a server that all tests of a process share."""
    with serving_s3() as url:
        yield url


@pytest.fixture(scope="session")
def s3_line(s3_server: str) -> Iterator[Weather]:
    """A line that all tests of a process share: connecting takes longer than asking."""
    with line_to(s3_server) as weather:
        yield weather


@pytest.fixture
def weather(s3_line: Weather) -> Weather:
    """The line as a test finds it: calm."""
    s3_line.faults, s3_line.asked = [], []
    return s3_line


@pytest.fixture
def s3_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """What boto finds in the environment."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
