"""`rul database`: the platform's tables themselves.

Belongs here: words. Does not belong here: tables and their steps (``storage``).
"""

import click

from rul_platform.settings import Settings


@click.group()
def database() -> None:
    """The platform's tables: bring them to this version, keep them in order.

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


@database.command()
@click.option(
    "--keep-answers",
    type=click.IntRange(min=7),
    metavar="MONTHS",
    help="Let go of whole months of answers that ended so many months ago, 7 at least.",
)
@click.pass_obj
def maintain(settings: Settings, keep_answers: int | None) -> None:
    """Make the months to come; with --keep-answers, let go of old ones.

    Answers are kept for ever unless you say otherwise. A month stays while a machine in it still runs,
    or a rating of it waits to be counted; each one that goes is a row of the ledger. Ratings never go.

    \b
    Example, monthly, as rul_purge:
      rul database maintain --keep-answers 24
    """
    from rul_platform.operation.retention import let_go
    from rul_platform.storage.home import Home
    from rul_platform.storage.months import add_ahead

    home = Home(settings)
    now = home.now()
    click.echo(f"Months made: {add_ahead(home.engine, now)}.")
    if keep_answers is None:
        return
    for month in let_go(home, keep_answers, now):
        done = f"{month.rows} answers went" if month.needed is None else f"stays: {month.needed}"
        click.echo(f"{month.first:%Y-%m}: {done}.")
