"""Real servers on this machine that take alerts: one for the web, one for mail."""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar

Server = TypeVar("Server", bound=socketserver.BaseServer)


class WebServer(ThreadingHTTPServer):
    """Takes what is posted, as JSON and as it came with its headers, and answers ``status``."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _WebRequest)
        self.status = 202
        self.taken: list[tuple[str, dict[str, Any]]] = []
        self.requests: list[tuple[bytes, dict[str, str]]] = []

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"


class _WebRequest(BaseHTTPRequestHandler):
    server: WebServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append((self.path, json.loads(body)))
        self.server.requests.append((body, dict(self.headers.items())))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        if 300 <= self.server.status < 400:
            self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name is Python's
        """Say nothing."""


class MailBox(socketserver.ThreadingTCPServer):
    """Takes mail over plain SMTP; ``refuses`` is the command that it answers with 550."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _MailSession)
        self.refuses = ""
        self.said: list[str] = []
        self.mails: list[str] = []

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])


class _MailSession(socketserver.StreamRequestHandler):
    server: MailBox

    def handle(self) -> None:
        self._answer("220 ready")
        for line in self.rfile:
            said = line.decode().strip()
            self.server.said.append(said)
            word = said.split(" ")[0].upper()
            if self.server.refuses and said.upper().startswith(self.server.refuses.upper()):
                self._answer("550 no, rul:secret is refused")
            elif word == "EHLO":
                self._answer("250-here", "250 AUTH PLAIN")
            elif word == "DATA":
                self._answer("354 go on")
                self._take_mail()
                self._answer("250 taken")
            elif word == "QUIT":
                self._answer("221 bye")
                return
            else:
                self._answer("235 welcome" if word == "AUTH" else "250 yes")

    def _take_mail(self) -> None:
        lines: list[str] = []
        while (line := self.rfile.readline().decode()) != ".\r\n":
            lines.append(line)
        self.server.mails.append("".join(lines))

    def _answer(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """Runs until the end."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
