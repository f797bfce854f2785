"""A server on this machine that takes alerts, for drills: ``python -m rul_platform.drill.mailbox FILE``.

It says its port on its first line, and adds to the file what is posted, a line for each.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


class MailBox(HTTPServer):
    """Takes what is posted into a file."""

    def __init__(self, file: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Posted)
        self.file = file


class _Posted(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        """Take one."""
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        title = str(told.get("title", told))
        assert isinstance(self.server, MailBox)  # noqa: S101  it is ours
        with self.server.file.open("a") as stream:
            stream.write(title + "\n")
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name is Python's
        """Say nothing."""


def main(file: str) -> None:
    """Serve until killed."""
    box = MailBox(Path(file))
    sys.stdout.write(f"{box.server_port}\n")
    sys.stdout.flush()
    box.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
