"""`rul backup` and `rul restore`: the home folder, kept elsewhere and brought back.

Belongs here: words. Does not belong here: copying (``storage.backups``).
"""

from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rul_platform.errors import BackupError
from rul_platform.reports.numbers import counted
from rul_platform.settings import Settings

if TYPE_CHECKING:
    from rul_platform.storage.backups import Backup, KeyCopies
    from rul_platform.storage.home import Home
    from rul_platform.storage.signing_keys import SigningKeys

FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.argument("target", type=FOLDER)
@click.option("--keys", type=FOLDER, help="A folder for the keys: elsewhere than TARGET.")
@click.pass_obj
def backup(settings: Settings, target: Path, keys: Path | None) -> None:
    """Copy the home folder to TARGET, while everything goes on working.

    Tables are copied as of one moment; those on PostgreSQL by its own pg_dump, as their owner.
    Downloads are left out, and keys: whoever has them and the tables can name people and sign, so
    --keys puts them elsewhere.

    \b
    Example:
      rul backup /mnt/backup/2026-11-29 --keys /mnt/safe/2026-11-29
    """
    from rul_platform.storage import backups
    from rul_platform.storage.home import Home
    from rul_platform.storage.postgres_dumps import dump
    from rul_platform.storage.signing_keys import PRIVATE

    home, url = Home(settings), settings.postgresql_url
    saved = None if keys is None else _keys_to_save(home, target, keys)
    about = {"version": version("rul-platform"), "made_at": home.now().isoformat()}
    dump_tables = None if url is None else partial(dump, url)
    made = backups.back_up(home.folder, target, about=about, dump_tables=dump_tables)
    click.echo(f"{len(made.files)} files of {home.folder} are in {target}.")
    if saved is not None:
        names = saved.make()
        click.echo(
            f"{counted(len(names), 'key')} saved in {keys}. Whoever has them can {_power_of(names)}."
        )
        if PRIVATE not in names:
            why = "RUL_SIGNING_KEY is none here"
            if home.signing.private is not None:
                why = f"{home.signing.private} is not there"
            click.echo(f"Not among them: the key that signs ({why}).", err=True)
    else:
        click.echo(
            f"Not in it: the keys in {home.signing.folder}. Back them up apart, with --keys."
        )
    if settings.database_url is not None and url is None:
        click.echo(
            "Not in it: the file of SQLite that RUL_DATABASE_URL names. Copy it by `sqlite3 .backup`."
        )
    if settings.store is not None:
        click.echo("Not in it: the artifacts, which RUL_STORE names: see docs/object-store.md.")


@click.command()
@click.argument("source", metavar="BACKUP", type=FOLDER)
@click.option("--keys", type=FOLDER, help="The folder with the keys that `rul backup` wrote.")
@click.option("--check", is_flag=True, help="Only see whether BACKUP, and the keys, are whole.")
@click.pass_obj
def restore(settings: Settings, source: Path, keys: Path | None, check: bool) -> None:
    """Make the home folder from BACKUP, after every file of it was checked.

    The home folder must be empty, or not there: what is in it is not overwritten. Tables that were on
    PostgreSQL go into the database that RUL_DATABASE_URL names, which must have none, as their owner
    (then run deploy/postgres_roles.sql). Afterwards see whether all holds: `rul audit verify`.

    \b
    Example:
      RUL_HOME=/var/lib/rul rul restore /mnt/backup/2026-11-29 --keys /mnt/safe/2026-11-29
    """
    from rul_platform.storage import backups
    from rul_platform.storage.home import Home
    from rul_platform.storage.postgres_dumps import load

    if check:
        found = backups.check(source)
        click.echo(f"{len(found.files)} files are as they were at {_moment(found)}.")
        if keys is not None:
            click.echo(
                f"{counted(backups.check_keys(keys, source), 'public key')} in {keys}, and they fit."
            )
        return
    url = settings.postgresql_url
    if (url is not None) != (backups.TABLES in backups.check(source).files):
        expected = (
            "one as RUL_DATABASE_URL says: with tables.dump for a PostgreSQL, without it otherwise"
        )
        raise BackupError(source, "a backup of other tables", expected)
    to_bring = None
    if keys is not None:  # before anything is written: whether they fit, and whether there is room
        backups.check_keys(keys, source)
        to_bring = backups.KeyCopies.to_bring(keys, Home(settings).signing)
    found = backups.restore(source, settings.home)
    if url is not None:
        load(settings.home / backups.TABLES, url)
        (settings.home / backups.TABLES).unlink()
    click.echo(f"{len(found.files)} files as of {_moment(found)} are in {settings.home}.")
    if to_bring is not None:
        _bring(to_bring, Home(settings).signing)
    click.echo("See whether all holds: rul audit verify")


def _keys_to_save(home: "Home", target: Path, keys: Path) -> "KeyCopies":
    """Keys that may go there; seen before anything is copied."""
    from rul_platform.storage.backups import KeyCopies

    for folder, whose in ((target, "whoever gets the backup"), (home.folder, "the next backup")):
        if keys.resolve().is_relative_to(folder.resolve()):
            msg = f"--keys {keys} is in {folder}: {whose} would have its keys, too."
            raise click.UsageError(msg)
    return KeyCopies.to_save(home.signing, keys)


def _power_of(names: tuple[str, ...]) -> str:
    """What somebody can do who has keys of these names."""
    from rul_platform.storage.people import is_key_of_people
    from rul_platform.storage.signing_keys import PRIVATE

    can = ["sign"] if PRIVATE in names else []
    can += ["name people"] if any(map(is_key_of_people, names)) else []
    return " and ".join(can) or "only check signatures"


def _bring(keys: "KeyCopies", place: "SigningKeys") -> None:
    from rul_platform.storage.signing_keys import PRIVATE

    names = keys.make()
    click.echo(f"{counted(len(names), 'key')} brought to {place.folder}.")
    if PRIVATE not in names:
        click.echo("None of them signs.", err=True)
    elif keys.files[PRIVATE][1].parent != place.folder:
        click.echo(f"The one that signs is {keys.files[PRIVATE][1]}.")


def _moment(found: "Backup") -> str:
    return found.about.get("made_at", "an unknown moment")[:19]
