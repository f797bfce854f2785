"""A database whose tables are `rul_owner`'s, and its five logins."""

from pathlib import Path

import sqlalchemy as sa

from rul_platform.storage.database import connect, migrate

ROLES = ("rul_owner", "rul_api", "rul_worker", "rul_read", "rul_purge")
SQL = Path(__file__).parents[2] / "deploy" / "postgres_roles.sql"


def run_script(url: str | sa.URL, file: Path = SQL) -> None:
    """All of an SQL file in one transaction, as psql would with ``--single-transaction``."""
    engine = connect(url)
    with engine.begin() as connection:
        cursor = connection.connection.cursor()
        cursor.execute(file.read_text(encoding="utf-8"))
        cursor.close()
    engine.dispose()


def as_login(url: str | sa.URL, login: str) -> str:
    """The same database, for one of its logins; the tests' server asks for no password."""
    return sa.make_url(url).set(username=login).render_as_string(hide_password=False)


def with_roles(url: str) -> None:
    """As docs/postgresql.md sets up an empty database: roles, tables, rights."""
    run_script(url)
    owner = connect(as_login(url, "rul_owner"))
    migrate(owner)
    owner.dispose()
    run_script(url)
