"""A wire between the platform and a server, which a scenario disturbs.

Belongs here: the wire's process and its orders. Does not belong here: passing bytes on (``proxy``).
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

PASS, CUT, HOLD = "pass", "cut", "hold"
"""Orders, as ``proxy`` takes them; ``slow 40`` is another."""


@dataclass(frozen=True, slots=True)
class Wire:
    """A wire at work.

    Attributes:
        port: On the loopback, where whoever is to be disturbed connects.
    """

    port: int
    _process: "subprocess.Popen[bytes]"

    def order(self, what: str) -> None:
        """From now on."""
        assert self._process.stdin is not None  # noqa: S101  it is a pipe
        self._process.stdin.write(f"{what}\n".encode())
        self._process.stdin.flush()


@contextmanager
def wire_to(host: str, port: int) -> Iterator[Wire]:
    """A wire while the block lasts.

    Args:
        host: Of the server; a folder with PostgreSQL's socket where it begins with a slash.
        port: Of the server.
    """
    process = subprocess.Popen(  # noqa: S603  our own program
        [sys.executable, "-m", "rul_platform.drill.proxy", host, str(port)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None  # noqa: S101  it is a pipe
        yield Wire(int(process.stdout.readline()), process)
    finally:
        process.kill()
        process.communicate()
