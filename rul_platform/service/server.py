"""The process that serves: loopback unless told otherwise, and nothing lost on a clean stop.

Belongs here: sockets, signals, the order of the end. Does not belong here: routes (``app``).
"""

import ctypes
import gc
import ipaddress
import logging
import signal
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from rul_platform.errors import SettingsError
from rul_platform.service.app import create_app
from rul_platform.service.connection import Connection
from rul_platform.service.json_log import JsonFormatter
from rul_platform.service.parts import Parts
from rul_platform.service.reading import BODY_SECONDS
from rul_platform.service.telemetry import tracing_to
from rul_platform.settings import LOOPBACK
from rul_platform.storage.home import Home

SWITCH_SECONDS = 0.0005
"""How long the thread that writes the log may hold up an answer; Python's own 5 ms would be its p99."""

GRACE_SECONDS = 20
"""How long requests that have begun may take once the service is told to stop."""

M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8
"""Of glibc's malloc.h: from which size on memory is given back at once; how many heaps."""

LARGE_BYTES = 2**20

MOST_AT_ONCE = 500
"""Connections; more are told to come again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the service listens.

    Attributes:
        host: An address of this machine, or a name.
        port: Its port.
        certificate: A PEM file, for TLS; None for none.
        key: Its private key, likewise.
    """

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None

    @property
    def is_loopback(self) -> bool:
        """Whether nobody outside of this machine can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host in LOOPBACK


def refuse_open_door(home: Home, address: Address) -> None:
    """Before anything listens: nobody outside without a token.

    Raises:
        SettingsError: Others could reach the address, and no token holds.
    """
    if not address.is_loopback and not home.tokens.any_holds(home.now()):
        raise SettingsError(
            "--host",
            found=address.host,
            expected="127.0.0.1 while no token holds. Make one first: `rul token create --for TEXT "
            "--scope predict`",
        )


def refuse_certificate(address: Address) -> None:
    """Before anything listens: a certificate with its key, or none.

    Raises:
        SettingsError: They cannot be read, or do not belong together.
    """
    if address.certificate is None:
        return
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(address.certificate, address.key, password=lambda: "")
    except OSError as error:  # that of TLS is one, too
        raise SettingsError(
            "TLS (--certificate, --key)",
            found=f"{address.certificate}, {address.key}",
            expected=f"a certificate and its private key as PEM files that can be read, the key without "
            f"a password, and the system says: {error.strerror or error}",
        ) from error


def run(
    home: Home, address: Address, *, announce: Callable[[], None], log_level: str = "info"
) -> bool:
    """Serve until SIGINT or SIGTERM; then finish what has begun and write what waits.

    Args:
        home: Whose.
        address: Where.
        announce: Called once callers can connect.
        log_level: One of ``json_log.LEVELS``; from ``warning`` on, requests are not logged.

    Returns:
        False where something could not be written.

    Raises:
        SettingsError: The address cannot be had, the certificate cannot be used, or anybody could ask.
    """
    refuse_open_door(home, address)
    refuse_certificate(address)
    with ExitStack() as stack:
        sockets = listen(address)
        for each in sockets:
            stack.enter_context(each)
        _log_as_json(log_level)
        _give_memory_back()
        sys.setswitchinterval(SWITCH_SECONDS)
        parts = Parts.open(home, tracing=tracing_to(home.settings.otlp_endpoint))
        server = Server(config(parts, address))
        _spare_what_stays()
        stack.enter_context(_ends_in_order(server))
        announce()
        try:
            server.run(sockets)
        finally:
            is_done = parts.close()
    return is_done


class Server(uvicorn.Server):
    """A server that ends its streams before it waits for requests to end: those never would."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop."""
        app = self.config.app
        assert isinstance(app, FastAPI)  # noqa: S101  it is ours
        app.state.streams.close()
        await super().shutdown(sockets)


def listen(address: Address) -> list[socket.socket]:
    """Sockets at all that the host's name stands for.

    Raises:
        SettingsError: There is no such address here, or something else listens there.
    """
    host, port = address.host, address.port
    flags, kind = socket.AI_ADDRCONFIG, socket.SOCK_STREAM
    sockets = list[socket.socket]()
    try:
        for family, *_, place in socket.getaddrinfo(host, port, type=kind, flags=flags):
            sockets.append(socket.create_server(place, family=family))
    except (OSError, UnicodeError) as error:  # the latter: of a name that cannot be one
        for each in sockets:
            each.close()
        said = getattr(error, "strerror", None) or "no such name"
        expected = (
            f"an address of this machine where nothing else listens, and the system says: {said}"
        )
        raise SettingsError(
            "The address (--host, --port)", found=f"{host}:{port}", expected=expected
        ) from error
    return sockets


def config(
    parts: Parts,
    address: Address,
    *,
    connection: type[Connection] = Connection,
    body_seconds: float = BODY_SECONDS,
) -> uvicorn.Config:
    """How HTTP is spoken.

    Args:
        parts: Opened.
        address: Whose certificate is used.
        connection: How long a head may be and take.
        body_seconds: How long a body may take to arrive.
    """
    return uvicorn.Config(
        create_app(parts, version=version("rul-platform"), body_seconds=body_seconds),
        http=connection,
        ws="none",
        lifespan="off",
        ssl_certfile=address.certificate,
        ssl_keyfile=address.key,
        access_log=False,  # ours tells the route, not what a caller wrote
        log_config=None,
        server_header=False,
        limit_concurrency=MOST_AT_ONCE,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


@contextmanager
def _ends_in_order(server: uvicorn.Server) -> Iterator[None]:
    """A signal ends the server, and not the process: there are answers to write.

    Uvicorn raises a signal again once it has stopped, which would end the process before that.
    """

    def stop(*_: object) -> None:
        server.should_exit = True

    before = {each: signal.signal(each, stop) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _give_memory_back() -> None:
    """Else glibc keeps what one large batch took, in a heap for each thread, for good."""
    with suppress(AttributeError, OSError):  # another C library
        library = ctypes.CDLL(None)
        library.mallopt(M_ARENA_MAX, 1)
        library.mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)


def _spare_what_stays() -> None:
    """What was imported lives as long as the process: the garbage collector need not look at it again.

    Looking holds up every answer that is under way (gc.freeze in Python's library reference).
    """
    gc.collect()
    gc.freeze()


def _log_as_json(level: str) -> None:
    """Without what no line tells, which costs as much as the line (Python's logging HOWTO)."""
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]  the HOWTO's
    logging.logAsyncioTasks = False  # pyright: ignore[reportAttributeAccessIssue]  of 3.12
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(capture=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)
