"""Where a drill takes place: a home and a database of its own, gone when it is over.

Belongs here: making and removing them, and what was promised and broken there. Does not belong here:
what is in them (``plants``), what must hold (``invariants``).
"""

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import sqlalchemy as sa

from rul_platform.drill.far_store import FarStore
from rul_platform.drill.plants import Models, question
from rul_platform.drill.promises import Promise, Promises
from rul_platform.drill.service import API, Service
from rul_platform.errors import SettingsError
from rul_platform.settings import Settings, store_url
from rul_platform.storage.database import connect
from rul_platform.storage.home import Home

OURS = ("RUL_", "RETRAIN_", "DAGSTER_", "OTEL_")
"""Variables that say where the user's own platform is; no process of a drill sees them."""

CHAMPION, LOST, TWICE, LEDGER, HALVES, ANSWERS, FOUND, HONEST, AUDIT = INVARIANTS = (
    "champion", "lost", "twice", "ledger", "halves", "answers", "found", "honest", "audit",
)  # fmt: skip
"""Names of what must hold; ``invariants`` says what each means."""


SEEN_SECONDS = 120.0
"""A new champion answers within a second or two (docs/service.md); on a machine that is hurt it may take
longer."""


@dataclass(frozen=True, slots=True)
class Breach:
    """Something that must hold and did not.

    Attributes:
        invariant: Its name.
        after: The fault's scenario and kind.
        what: What was found.
    """

    invariant: str
    after: str
    what: str


@dataclass(slots=True)
class Ground:
    """A home, and what has happened there.

    Attributes:
        home: Opened anew for each drill.
        environ: What processes of the drill see.
        promises: What was acknowledged.
        breaches: What did not hold.
        checked: How often each invariant was looked at.
        doing: The fault that is being carried out, as the report says it.
        plant: Whose model it is about.
        service: Answers during the whole drill, as the one at a plant would; None before it runs.
        token: What its callers show.
        far: A bucket that the drill may use; None for none.
    """

    home: Home
    environ: dict[str, str] = field(repr=False)
    promises: Promises = field(default_factory=Promises)
    breaches: list[Breach] = field(default_factory=list[Breach])
    checked: dict[str, int] = field(default_factory=dict[str, int])
    doing: str = "the beginning"
    plant: str = ""
    service: Service | None = None
    token: str = field(default="", repr=False)
    far: FarStore | None = None
    _models: Models | None = None

    @property
    def models(self) -> Models:
        """Makes plants and versions, once the drill's own network is trained."""
        assert self._models is not None  # noqa: S101  the runner sets it first
        return self._models

    @models.setter
    def models(self, made: Models) -> None:
        self._models = made

    @classmethod
    def new(
        cls,
        folder: Path,
        database: str | None,
        environ: Mapping[str, str],
        store: tuple[str, str] | None = None,
    ) -> "Ground":
        """An empty one.

        Args:
            folder: Of the home; nothing may be there.
            database: URL of an empty PostgreSQL database; None for SQLite in the home.
            environ: Of this process.
            store: URL of a bucket's prefix, and of the server that has it; None for none.

        Raises:
            SettingsError: The folder is there already, the database is not empty, or the bucket's URLs
                are none.
            DatabaseUnreachableError: It does not answer.
        """
        if folder.exists():
            expected = "a folder that is not there yet: a drill never touches a home that is"
            raise SettingsError("--home", found=str(folder), expected=expected)
        if database is not None:
            _require_empty(database)
        own = {"RUL_HOME": str(folder), "RUL_CMAPSS_URL": "", "OMP_NUM_THREADS": "1"}
        own |= {} if database is None else {"RUL_DATABASE_URL": database}
        kept = {name: value for name, value in environ.items() if not name.startswith(OURS)}
        far = None if store is None else _far_store(*store, folder / "drill" / "copies")
        return cls(Home(Settings.read(own)), kept | own, far=far)

    @property
    def is_postgres(self) -> bool:
        """Whether the tables are in PostgreSQL."""
        return self.home.engine.dialect.name == "postgresql"

    def new_plant(self, name: str, versions: int = 2) -> None:
        """A plant with a model that the service answers by; faults are about it from now on."""
        self.models.plant(name, versions)
        self.plant = name
        if self.service is None:
            return
        until = time.monotonic() + SEEN_SECONDS
        while time.monotonic() < until:
            asked = question(name, "press-1")
            told = self.service.asks("POST", f"{API}/predict", self.token, asked)
            if told.status == 200:
                return
            time.sleep(0.1)
        self.breach(ANSWERS, f"{name}: no answer {SEEN_SECONDS:g} s after its model was deployed")

    def take(self, promise: Promise) -> None:
        """Something was acknowledged."""
        wrong = self.promises.add(promise)
        if wrong is not None:
            self.breach(TWICE, wrong)

    def breach(self, invariant: str, what: str) -> None:
        """Something did not hold; what is told already stays told once."""
        if all((each.invariant, each.what) != (invariant, what) for each in self.breaches):
            self.breaches.append(Breach(invariant, self.doing, what))

    def count(self, invariant: str, times: int = 1) -> None:
        """An invariant was looked at."""
        self.checked[invariant] = self.checked.get(invariant, 0) + times

    def remove(self) -> None:
        """Everything that the drill has made, the tables in PostgreSQL included."""
        database = self.home.settings.database_url
        if "engine" in vars(self.home):
            self.home.engine.dispose()
        if database is not None:
            _empty(database)
        shutil.rmtree(self.home.settings.home, ignore_errors=True)


def _far_store(url: str, endpoint: str, copies: Path) -> FarStore:
    place = store_url("--store", url)
    server = urlsplit(endpoint)
    if place is None or server.scheme != "http" or not server.hostname:
        expected = (
            "http://HOST:PORT of a server that speaks S3: the drill reaches it over a wire of its own, "
            "which TLS to a name would refuse"
        )
        raise SettingsError("--store-endpoint", found=endpoint, expected=expected)
    return FarStore(place, endpoint, copies)


_THINGS = """
    SELECT 'TABLE', c.relname FROM pg_class c
      WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
    UNION ALL SELECT 'FUNCTION', p.oid::regprocedure::text FROM pg_proc p
      WHERE p.pronamespace = current_schema()::regnamespace
        AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
"""
"""Tables and functions in the schema that new ones come into; not those of extensions."""


def _require_empty(url: str) -> None:
    engine = connect(url)
    try:
        if engine.dialect.name != "postgresql":
            expected = "a postgresql:// URL; without it the drill makes SQLite in its own home"
            raise SettingsError("--database", found=engine.dialect.name, expected=expected)
        with engine.connect() as connection:
            found = connection.execute(sa.text(_THINGS)).all()
    finally:
        engine.dispose()
    if found:
        expected = "an empty database, made for the drill: CREATE DATABASE rul_drill"
        raise SettingsError(
            "--database", found=f"one with {len(found)} tables and functions", expected=expected
        )


def _empty(url: str) -> None:
    engine = connect(url)
    try:
        with engine.begin() as connection:
            quote = connection.dialect.identifier_preparer.quote
            for kind, name in connection.execute(sa.text(_THINGS)).all():
                named = name if kind == "FUNCTION" else quote(name)
                connection.exec_driver_sql(f"DROP {kind} IF EXISTS {named} CASCADE")
    finally:
        engine.dispose()
