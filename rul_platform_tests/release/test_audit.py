"""`make audit` against an advisory service of our own; real pip-audit in between."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from deploy.release.audit import CLEAN, UNKNOWN, WEAK, audit

LOCK = "click==8.1.0 \\\n    --hash=sha256:{0}\nold-thing==1.0 \\\n    --hash=sha256:{0}\n"
ADVISORY = {
    "id": "TEST-2026-1",
    "summary": "it leaks",
    "affected": [
        {
            "package": {"name": "old-thing", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.1"}]}],
        }
    ],
}


class Advisories(BaseHTTPRequestHandler):
    """Knows of one weakness, in `old-thing`."""

    def do_POST(self) -> None:
        """As OSV answers a query."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        is_weak = asked["package"]["name"] == "old-thing"
        body = json.dumps({"vulns": [ADVISORY]} if is_weak else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def service() -> Iterator[str]:
    """Its URL."""
    with HTTPServer(("127.0.0.1", 0), Advisories) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """Two distributions."""
    path = tmp_path / "some.lock"
    path.write_text(LOCK.format("0" * 64))
    return path


def test_a_known_weakness_fails_and_is_named(lock: Path, service: str):
    code, said = audit([lock], f"--osv-url={service}")

    assert code == WEAK
    assert said == "Known weaknesses:\nold-thing 1.0: TEST-2026-1, mended in 1.1"


def test_nothing_known_is_success(lock: Path, service: str):
    lock.write_text(LOCK.partition("old-thing")[0].format("0" * 64))

    assert audit([lock], f"--osv-url={service}") == (
        CLEAN,
        "Nothing is known against any of 1 distributions.",
    )


def test_where_nobody_answers_nothing_is_known(lock: Path):
    """A port on which nobody listens: the reserved one, 1."""
    code, said = audit([lock], "--osv-url=http://127.0.0.1:1/")

    assert code == UNKNOWN
    assert said.startswith("NOT AUDITED: the advisory service did not answer")
    assert "some.lock" in said
