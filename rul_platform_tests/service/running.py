"""A service that runs: a real server on a real socket, in a thread of the test's process."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import uvicorn
from fastapi import FastAPI

from rul_platform.operation.access import create_token
from rul_platform.operation.provenance import ensure_signed
from rul_platform.operation.signing import make_first
from rul_platform.service.app import create_app
from rul_platform.service.parts import Parts
from rul_platform.service.server import Server
from rul_platform.storage.home import Home
from rul_platform.storage.models import ModelVersion
from rul_platform.storage.service_tables import SCOPES
from rul_platform_tests.operation.served import PRESS, add_version, table

ALL = SCOPES


@dataclass(frozen=True, slots=True)
class Running:
    """A service under test.

    Attributes:
        parts: What it is made of.
        url: Where it answers.
        tokens: By scope, a token that allows just that; ``all`` for one that allows everything.
        app: The application itself.
    """

    parts: Parts
    url: str
    tokens: dict[str, str]
    app: FastAPI

    @property
    def home(self) -> Home:
        """Where it keeps everything."""
        return self.parts.home

    def client(self, scope: str | None = "all", **more: Any) -> httpx2.Client:
        """A caller with a token of this scope, or with none."""
        headers = {} if scope is None else {"Authorization": f"Bearer {self.tokens[scope]}"}
        return httpx2.Client(base_url=self.url, headers=headers, timeout=30, **more)


def signed_champion(home: Home, seed: int = 0, *, name: str = PRESS) -> ModelVersion:
    """A new version in charge, with its signature."""
    if home.signing.signer() is None:
        make_first(home, now=home.now())
    version = add_version(home, seed, name=name)
    ensure_signed(home, version, now=home.now())
    champion = home.registry.champion(name)
    home.registry.deploy(
        name,
        version.number,
        expected_champion=champion.number if champion else None,
        evidence={},
        now=home.now(),
    )
    return version


def token(home: Home, *scopes: str, rate: float = 1e6, days: float = 90) -> str:
    """A token that is fresh."""
    made = create_token(
        home, "test", scopes, actor="a" * 64, days=days, rate=rate, now=home.now()
    )  # fmt: skip
    return made[1]


@contextmanager
def serving(home: Home, *, refresh_seconds: float = 0.05) -> Iterator[Running]:
    """Serve a home while the block runs."""
    tokens = {scope: token(home, scope) for scope in SCOPES} | {"all": token(home, *SCOPES)}
    parts = Parts.open(home, refresh_seconds=refresh_seconds)
    listener = socket.create_server(("127.0.0.1", 0))
    app = create_app(parts, version="1")
    server = Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield Running(parts, f"http://127.0.0.1:{listener.getsockname()[1]}", tokens, app)
    finally:
        server.should_exit = True
        thread.join()
        parts.close()


def question(*units: str, hours: int = 40, plant: str = PRESS) -> dict[str, Any]:
    """The body of a question about machines of ``operation.served``."""
    frame = table(hours, *units)
    return {
        "plant": plant,
        "units": [
            {
                "unit": str(unit),
                "readings": {name: rows[name].tolist() for name in ("hours", "Vibration", "Heat")},
            }
            for unit, rows in frame.groupby("pump")
        ],
    }
