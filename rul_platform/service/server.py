"""The process that serves: loopback unless told otherwise, and nothing lost on a clean stop.

Belongs here: sockets, signals, the order of the end. Does not belong here: routes (``app``).
"""

import ipaddress
import logging
import socket
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from rul_platform.errors import SettingsError
from rul_platform.service.app import create_app
from rul_platform.service.json_log import JsonFormatter
from rul_platform.service.parts import Parts
from rul_platform.settings import LOOPBACK
from rul_platform.storage.home import Home

SWITCH_SECONDS = 0.0005
"""How long the thread that writes the log may hold up an answer; Python's own 5 ms would be its p99."""

GRACE_SECONDS = 20
"""How long requests that have begun may take once the service is told to stop."""

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


def run(home: Home, address: Address) -> bool:
    """Serve until SIGINT or SIGTERM; then finish what has begun and write what waits.

    Returns:
        False where something could not be written.
    """
    refuse_open_door(home, address)
    _log_as_json()
    sys.setswitchinterval(SWITCH_SECONDS)
    parts = Parts.open(home)
    try:
        Server(_config(parts, address)).run()
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


def _config(parts: Parts, address: Address) -> uvicorn.Config:
    return uvicorn.Config(
        create_app(parts, version=version("rul-platform")),
        host=address.host,
        port=address.port,
        ssl_certfile=address.certificate,
        ssl_keyfile=address.key,
        access_log=False,  # ours tells the route, not what a caller wrote
        log_config=None,
        server_header=False,
        limit_concurrency=MOST_AT_ONCE,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def _log_as_json() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    logging.getLogger("alembic").setLevel(logging.WARNING)
