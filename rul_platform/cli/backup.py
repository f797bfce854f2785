"""`rul backup` and `rul restore`: the home folder, kept elsewhere and brought back.

Belongs here: words. Does not belong here: copying (``storage.backups``).
"""

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rul_platform.settings import Settings

if TYPE_CHECKING:
    from rul_platform.storage.backups import Backup

FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.argument("target", type=FOLDER)
@click.option("--keys", type=FOLDER, help="A folder for the keys: elsewhere than TARGET.")
@click.pass_obj
def backup(settings: Settings, target: Path, keys: Path | None) -> None:
    """Copy the home folder to TARGET, while everything goes on working.

    Tables are copied as of one moment. Downloads are left out, and keys: whoever has them and the
    tables can name people and sign, so --keys puts them elsewhere. Tables on PostgreSQL are backed up
    by its own tools (docs/postgresql.md).

    \b
    Example:
      rul backup /mnt/backup/2026-11-29 --keys /mnt/safe/2026-11-29
    """
    from rul_platform.storage import backups
    from rul_platform.storage.home import Home

    home = Home(settings)
    about = {"version": version("rul-platform"), "made_at": home.now().isoformat()}
    made = backups.back_up(home.folder, target, about=about)
    click.echo(f"{len(made.files)} files of {home.folder} are in {target}.")
    if keys is not None:
        count = backups.copy_keys(home.signing.folder, keys)
        click.echo(f"{count} keys are in {keys}. Whoever has them can sign and name people.")
    else:
        click.echo(
            f"Not in it: the keys in {home.signing.folder}. Back them up apart, with --keys."
        )
    if settings.database_url is not None:
        click.echo("Not in it: the tables, which RUL_DATABASE_URL names: see docs/postgresql.md.")
    if settings.store is not None:
        click.echo("Not in it: the artifacts, which RUL_STORE names: see docs/object-store.md.")


@click.command()
@click.argument("source", metavar="BACKUP", type=FOLDER)
@click.option("--keys", type=FOLDER, help="The folder with the keys that `rul backup` wrote.")
@click.option("--check", is_flag=True, help="Only see whether BACKUP is whole.")
@click.pass_obj
def restore(settings: Settings, source: Path, keys: Path | None, check: bool) -> None:
    """Make the home folder from BACKUP, after every file of it was checked.

    The home folder must be empty, or not there: what is in it is not overwritten. Afterwards see
    whether all holds: `rul audit verify`.

    \b
    Example:
      RUL_HOME=/var/lib/rul rul restore /mnt/backup/2026-11-29 --keys /mnt/safe/2026-11-29
    """
    from rul_platform.storage import backups
    from rul_platform.storage.home import Home

    if check:
        found = backups.check(source)
        click.echo(f"{len(found.files)} files are as they were at {_moment(found)}.")
        return
    found = backups.restore(source, settings.home)
    click.echo(f"{len(found.files)} files as of {_moment(found)} are in {settings.home}.")
    if keys is not None:
        folder = Home(settings).signing.folder
        click.echo(f"{backups.copy_keys(keys, folder)} keys are in {folder}.")
    click.echo("See whether all holds: rul audit verify")


def _moment(found: "Backup") -> str:
    return found.about.get("made_at", "an unknown moment")[:19]
