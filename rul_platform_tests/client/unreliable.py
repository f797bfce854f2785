"""A proxy that hands requests on, and loses answers: what a service looks like that dies in between."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2


@dataclass
class Proxy:
    """How the proxy behaves.

    Attributes:
        url: Where it answers.
        target: Where it hands requests on to.
        to_lose: So many next answers are lost, after the service has done its work.
        to_refuse: Status and Retry-After of the next answers, given instead of asking anybody.
        seen: Idempotency keys as they came.
        asked: Paths likewise.
    """

    url: str
    target: str
    to_lose: int = 0
    to_refuse: list[tuple[int, str | None]] = field(default_factory=list[tuple[int, str | None]])
    seen: list[str | None] = field(default_factory=list[str | None])
    asked: list[str] = field(default_factory=list[str])


@contextmanager
def unreliable(target: str) -> Iterator[Proxy]:
    """A proxy while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def _hand_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            proxy.seen.append(self.headers.get("idempotency-key"))
            proxy.asked.append(self.path)
            if proxy.to_refuse:
                self._refuse(*proxy.to_refuse.pop(0))
                return
            headers = {n: v for n, v in self.headers.items() if n.lower() not in ("host",)}
            answer = httpx2.request(
                self.command, proxy.target + self.path, content=body, headers=headers, timeout=30
            )
            if proxy.to_lose:
                proxy.to_lose -= 1
                self.close_connection = True
                return
            self.send_response(answer.status_code)
            self.send_header("Content-Type", answer.headers["content-type"])
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def _refuse(self, status: int, retry_after: str | None) -> None:
            self.send_response(status)
            if retry_after is not None:
                self.send_header("Retry-After", retry_after)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST = _hand_on  # noqa: N815  names of the standard library

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    proxy = Proxy(f"http://127.0.0.1:{server.server_port}", target)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
