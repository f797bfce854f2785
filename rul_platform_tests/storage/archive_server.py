"""A real HTTP server on the loopback that serves one file, and misbehaves when told to."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[["Handler"], None]
"""What the server does with one request."""


@dataclass
class ArchiveServer:
    """The file, how the next requests are answered, and what was asked.

    Attributes:
        body: Bytes of the file.
        answers: One for each coming request; when they are used up, :func:`with_ranges`.
        validators: Headers that name the version of the file.
        asked: Headers of each request so far.
    """

    body: bytes
    answers: list[Answer] = field(default_factory=list)
    validators: dict[str, str] = field(default_factory=lambda: {"ETag": '"first"'})
    asked: list[dict[str, str]] = field(default_factory=list)
    url: str = ""
    closing: threading.Event = field(default_factory=threading.Event)

    def ranges_asked(self) -> list[str | None]:
        """The Range header of each request so far."""
        return [headers.get("Range") for headers in self.asked]


class Handler(BaseHTTPRequestHandler):
    """One request."""

    archive: ArchiveServer

    def do_GET(self) -> None:
        """Take down what was asked, and answer as the test wants it."""
        self.archive.asked.append(dict(self.headers))
        answer = self.archive.answers.pop(0) if self.archive.answers else with_ranges
        answer(self)

    def send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        """Send one answer."""
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  as in its base
        """Keep the tests' output clean."""


def whole(handler: Handler) -> None:
    """The whole file, whatever range was asked for."""
    archive = handler.archive
    handler.send(200, _length(archive.body) | archive.validators, archive.body)


def with_ranges(handler: Handler) -> None:
    """What a good server does (RFC 9110, sections 13.1.5 and 14)."""
    archive, asked = handler.archive, handler.headers
    match = re.fullmatch(r"bytes=(\d+)-", asked.get("Range", ""))
    if not match or asked.get("If-Range") not in archive.validators.values():
        return whole(handler)
    start, size = int(match[1]), len(archive.body)
    if start >= size:
        return handler.send(416, {"Content-Range": f"bytes */{size}", "Content-Length": "0"}, b"")
    rest = archive.body[start:]
    content_range = {"Content-Range": f"bytes {start}-{size - 1}/{size}"}
    return handler.send(206, _length(rest) | content_range | archive.validators, rest)


def cut_off_after(count: int) -> Answer:
    """Announce the whole file, send ``count`` bytes of it, and hang up."""

    def answer(handler: Handler) -> None:
        archive = handler.archive
        handler.send(200, _length(archive.body) | archive.validators, archive.body[:count])

    return answer


def status(code: int, headers: dict[str, str] | None = None) -> Answer:
    """Answer with a status and no file."""

    def answer(handler: Handler) -> None:
        handler.send(code, {"Content-Length": "0"} | (headers or {}), b"")

    return answer


def chunks_without_end(handler: Handler) -> None:
    """The whole file without saying how long it is; the connection's end is the file's."""
    handler.send(200, handler.archive.validators, handler.archive.body)


def silent(handler: Handler) -> None:
    """Say nothing until the test is over."""
    handler.archive.closing.wait(timeout=30)


def _length(body: bytes) -> dict[str, str]:
    return {"Content-Length": str(len(body))}


@contextmanager
def serving(body: bytes) -> Iterator[ArchiveServer]:
    """Serve ``body`` while the block lasts."""
    archive = ArchiveServer(body)
    handler = type("Handler", (Handler,), {"archive": archive})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        archive.url = f"http://127.0.0.1:{server.server_port}/archive.zip"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield archive
        finally:
            archive.closing.set()
            server.shutdown()
            thread.join()
