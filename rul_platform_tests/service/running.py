"""A service that runs: a real server on a real socket, in a thread of the test's process."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

import httpx2
from fastapi import FastAPI

from rul_platform.core.architectures import Architecture
from rul_platform.core.canonical import canonical_json
from rul_platform.learning.networks import checkpoints, models
from rul_platform.operation.access import create_token
from rul_platform.operation.provenance import ensure_signed
from rul_platform.operation.signing import make_first
from rul_platform.service.parts import Parts
from rul_platform.service.server import Address, Server, config, listen
from rul_platform.service.telemetry import Tracing
from rul_platform.storage.home import Home
from rul_platform.storage.models import ModelVersion
from rul_platform.storage.service_tables import SCOPES
from rul_platform_tests.operation.served import PRESS, add_version, table

ALL = SCOPES


@dataclass(frozen=True, slots=True)
class Told:
    """An answer."""

    status: int
    headers: dict[str, str]
    data: bytes

    def json(self) -> Any:
        """Its body."""
        return json.loads(self.data)


@dataclass(frozen=True, slots=True)
class Running:
    """A service under test.

    Attributes:
        parts: What it is made of.
        url: Where it answers.
        wire: A connection that is kept.
        tokens: By scope, a token that allows just that; ``all`` for one that allows everything.
        app: The application itself.
    """

    parts: Parts
    url: str
    wire: HTTPConnection
    tokens: dict[str, str]
    app: FastAPI

    @property
    def home(self) -> Home:
        """Where it keeps everything."""
        return self.parts.home

    def asks(
        self, method: str, path: str, body: Any = None, *, scope: str = "all", **headers: str
    ) -> Told:
        """Ask as a program that sends what it is told to, as it is: no client here corrects a path."""
        sent = {"Authorization": f"Bearer {self.tokens[scope]}"}
        if body is not None:
            sent["Content-Type"] = "application/json"
        data = body if isinstance(body, bytes | None) else json.dumps(body)
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        self.wire.request(method, path, data, sent)
        answer = self.wire.getresponse()
        return Told(answer.status, dict(answer.headers.items()), answer.read())

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


def imported_checkpoint(home: Home, architecture: Architecture, name: str) -> None:
    """A small network that plants may start from, under a name."""
    config = models.default_config(architecture, 3, hidden_size=4)
    data = checkpoints.dump(models.build(config, seed=0), config, ("a", "a_dev", "age"))
    card = {"architecture": architecture, "config": config.to_json(), "subsets": None}
    made = home.store.write({"checkpoint.pt": data, "card.json": canonical_json(card)})
    home.parents.register(
        name,
        architecture=architecture,
        sha256=made.sha256,
        file_sha256=made.files["checkpoint.pt"].sha256,
        seen=None,
        actor="a" * 64,
        now=home.now(),
    )


def token(home: Home, *scopes: str, rate: float = 1e6, days: float = 90) -> str:
    """A token that is fresh."""
    made = create_token(
        home, "test", scopes, actor="a" * 64, days=days, rate=rate, now=home.now()
    )  # fmt: skip
    return made[1]


@contextmanager
def serving(
    home: Home,
    *,
    refresh_seconds: float = 0.05,
    tracing: Tracing | None = None,
    decides: Home | None = None,
    **limits: Any,
) -> Iterator[Running]:
    """Serve a home while the block runs.

    Args:
        home: What is served.
        refresh_seconds: How often the registry is looked at.
        tracing: Where traces go.
        decides: The same home for whoever may make tokens, where the service may not.
        limits: Those of ``server.config``.
    """
    by = decides or home
    tokens = {scope: token(by, scope) for scope in SCOPES} | {"all": token(by, *SCOPES)}
    parts = Parts.open(home, refresh_seconds=refresh_seconds, tracing=tracing)
    address = Address(host="127.0.0.1", port=0)
    (listener,) = listen(address)
    server = Server(config(parts, address, **limits))
    app = server.config.app
    assert isinstance(app, FastAPI)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    host, port = listener.getsockname()
    wire = HTTPConnection(host, port, timeout=30)
    try:
        yield Running(parts, f"http://{host}:{port}", wire, tokens, app)
    finally:
        wire.close()
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
