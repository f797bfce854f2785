"""The door to the platform's tables: SQLite in the home folder, or PostgreSQL.

Belongs here: connecting, bringing the tables to this version, and the one kind of transaction that
writes. Does not belong here: what is written.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from rul_platform.errors import (
    DatabaseRightsError,
    DatabaseUnreachableError,
    DatabaseVersionError,
    SettingsError,
)
from rul_platform.settings import Pool

MIGRATIONS = "rul_platform.storage:migrations"
BUSY_SECONDS = 60
"""How long a writer waits for another one on SQLite, where one writes at a time."""

REFUSED = (SQLAlchemyError, OSError)
"""What a database that is not there, or has no room, raises; for those who go on without it."""

AWAY = (OperationalError, PoolTimeoutError, OSError)
"""Of those, what the next statement meets as well: there is no use in trying one row after another."""

CONNECT_SECONDS = 5
"""How long a PostgreSQL that does not say anything is waited for."""

_NO_RIGHT = "42501"  # SQLSTATE insufficient_privilege
_MIGRATION_LOCK = 0x52554C  # any number that is ours alone; "RUL" in ASCII
_ONE_THREAD = Lock()  # Alembic keeps the migration that it is running in a global variable
_WRITES = "rul_platform_writes"


def connect(url: str | sa.URL, pool: Pool | None = None) -> sa.Engine:
    """An engine for a ``sqlite:///`` or ``postgresql://`` URL; PostgreSQL is asked when it is used.

    What is sent leans on nothing that outlives a transaction, so that a PostgreSQL behind PgBouncer
    in transaction mode will do.

    Args:
        url: Where.
        pool: How many connections to PostgreSQL; None for the defaults.

    Raises:
        SettingsError: It is no such URL.
        DatabaseUnreachableError: The folder of SQLite's file cannot be made.
    """
    try:
        parsed = sa.make_url(url)
    except (ArgumentError, ValueError):  # their texts may hold the password
        raise _wrong_url("no URL") from None
    match parsed.get_backend_name():
        case "sqlite":
            return _sqlite(parsed)
        case "postgresql":
            drivername, pool = "postgresql+psycopg2", pool or Pool()
            return sa.create_engine(
                parsed.set(drivername=drivername),
                pool_size=pool.size,
                max_overflow=pool.overflow,
                pool_timeout=pool.wait_seconds,
                pool_recycle=pool.recycle_seconds,
                pool_pre_ping=True,
                hide_parameters=True,  # an error's text stands in logs, and they may name a person
                connect_args={"connect_timeout": CONNECT_SECONDS},
            )
        case other:
            raise _wrong_url(other + ":…")  # the rest may hold a password


def migrate(engine: sa.Engine) -> None:
    """Bring the tables to this version. Any number of processes may do so at once.

    All in one transaction, on both databases: killed half way, it leaves nothing.

    Raises:
        DatabaseUnreachableError: The server or the file does not answer.
        DatabaseVersionError: A newer version of the platform made the tables.
        DatabaseRightsError: They are older, and the login may not change them.
    """
    script = _script()
    newest = script.get_current_head() or "base"
    found = _revision(engine, script, newest)
    if found == newest:
        return
    try:
        with _ONE_THREAD, writing(engine) as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except ProgrammingError as error:
        if getattr(error.orig, "pgcode", None) != _NO_RIGHT:
            raise
        raise DatabaseRightsError(
            _shown(engine.url), found=found or "none", newest=newest
        ) from error


def revision(engine: sa.Engine) -> str | None:
    """The revision that the tables are at; None where there are none.

    Raises:
        DatabaseUnreachableError: The server or the file does not answer.
    """
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    except DatabaseError as error:
        raise DatabaseUnreachableError(_shown(engine.url), str(error.orig).strip()) from error


_OPEN: ContextVar[sa.Connection | None] = ContextVar("open transaction", default=None)
_THEN: ContextVar[tuple[Callable[[], None], ...]] = ContextVar("after the commit", default=())


@contextmanager
def writing(engine: sa.Engine, alone_in: sa.Table | None = None) -> Iterator[sa.Connection]:
    """One transaction that writes: all of it or nothing.

    Inside another ``writing`` on the same engine it joins that one, so that several stores can commit
    together.

    Args:
        engine: Where.
        alone_in: Let no other process write to this table until the end, so that what is read from it
            stays true, and row ids grow in the order of commits. Reading goes on. SQLite has one
            writer at a time anyway.
    """
    outer = _OPEN.get()
    if outer is not None and outer.engine is engine:
        _lock(outer, alone_in)
        yield outer
        return
    with engine.connect() as connection:
        connection.execution_options(**{_WRITES: True})
        opened, nothing = _OPEN.set(connection), _THEN.set(())
        try:
            with connection.begin():
                _lock(connection, alone_in)
                yield connection
            then = _THEN.get()
        finally:
            _OPEN.reset(opened)
            _THEN.reset(nothing)
    for call in then:
        call()


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection to read with; inside an open ``writing`` it sees what that one wrote so far.

    A thread that holds one connection and waits for a second would wait for ever once all others do the
    same: so whatever reads in a transaction reads with this.
    """
    outer = _OPEN.get()
    if outer is not None and outer.engine is engine:
        yield outer
        return
    with engine.connect() as connection:
        yield connection


def when_committed(engine: sa.Engine, call: Callable[[], None]) -> None:
    """Call this once the open transaction is committed, and not where it is rolled back.

    Where ``writing`` is not open on this engine, it is called at once; given twice, once.
    """
    outer = _OPEN.get()
    if outer is None or outer.engine is not engine:
        call()
    elif call not in _THEN.get():
        _THEN.set((*_THEN.get(), call))


def leave_no_trace(engine: sa.Engine) -> None:
    """Take what was overwritten or erased out of SQLite's own files too, as far as nobody reads it now.

    The file of what is written ahead holds former pages until it is emptied. On PostgreSQL that is for
    its administrator: ``VACUUM``, and the archive of its log.
    """
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # in no transaction


def _lock(connection: sa.Connection, table: sa.Table | None) -> None:
    if table is not None and connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.lock_table(table.name)))


@cache
def _script() -> ScriptDirectory:
    """The steps there are; read once, as every home that is opened asks for the newest."""
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", MIGRATIONS)
    return config


def _revision(engine: sa.Engine, script: ScriptDirectory, newest: str) -> str | None:
    found = revision(engine)
    if found is not None and found not in {step.revision for step in script.walk_revisions()}:
        raise DatabaseVersionError(_shown(engine.url), found=found, newest=newest)
    return found


def _sqlite(url: sa.URL) -> sa.Engine:
    if url.database:
        try:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DatabaseUnreachableError(_shown(url), error.strerror or str(error)) from error
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # sqlite3 begins no transaction by itself; we do, see below
    for pragma in (
        f"busy_timeout = {BUSY_SECONDS * 1000}",  # milliseconds
        "journal_mode = WAL",  # readers and the writer do not wait for each other
        "synchronous = FULL",  # a commit outlives a power failure
        "foreign_keys = ON",
        "secure_delete = ON",  # what is erased is overwritten, and not only left out
        "recursive_triggers = ON",  # else INSERT OR REPLACE deletes past the triggers
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    """A writer takes its turn at once: one that reads first would be refused where it should wait."""
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _shown(url: sa.URL) -> str:
    """The URL without its passwords: ``str()`` hides only the one before the host."""
    return str(url.difference_update_query(["password", "sslpassword"]))


def _wrong_url(found: str) -> SettingsError:
    return SettingsError(
        "RUL_DATABASE_URL", found=found, expected="a sqlite:/// or postgresql:// URL"
    )
