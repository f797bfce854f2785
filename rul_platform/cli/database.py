"""`rul database`: the platform's tables themselves.

Belongs here: words. Does not belong here: tables and their steps (``storage``).
"""

import click

from rul_platform.settings import Settings


@click.group()
def database() -> None:
    """The platform's tables: bring them to this version.

    On SQLite every command does so by itself. On PostgreSQL only their owner may; who may do what else
    is in docs/postgresql.md.
    """


@database.command()
@click.pass_obj
def migrate(settings: Settings) -> None:
    """Bring the tables to this version, all steps or none.

    \b
    Example, as the owner of the tables:
      RUL_DATABASE_URL=postgresql://rul_owner@host/rul rul database migrate
      psql --set ON_ERROR_STOP=1 --file deploy/postgres_roles.sql rul
    """
    from rul_platform.storage.database import migrate as bring_to_this_version
    from rul_platform.storage.database import revision
    from rul_platform.storage.home import open_database

    engine = open_database(settings)
    before = revision(engine)
    bring_to_this_version(engine)
    after = revision(engine)
    if before == after:
        click.echo(f"The tables are at revision {after}, as this version needs them.")
    else:
        click.echo(f"The tables are at revision {after}; they were at {before or 'none'}.")
