"""`rul store`: where artifacts lie, and bringing them elsewhere.

Belongs here: commands. Does not belong here: copying (``storage.store_copies``).
"""

import json
import sys
from dataclasses import asdict

import click

from rul_platform.cli.options import AS_JSON
from rul_platform.settings import Settings, store_url

HOME = "home"
SHOWN = 20
"""Problems that are shown; `--json` has all."""


@click.group()
def store() -> None:
    """Bring artifacts from the home folder to a bucket or back, and clean up after killed writers.

    RUL_STORE says where they lie; without it, in the home folder. docs/object-store.md says more.
    """


@store.command()
@click.argument("target", metavar="s3://BUCKET/PREFIX|home")
@click.option("--check", is_flag=True, help="Send nothing; say what is missing or changed there.")
@AS_JSON
@click.pass_obj
def copy(settings: Settings, target: str, check: bool, as_json: bool) -> None:
    """Have every artifact in another place too, hashed on the way. Nothing is removed.

    From where RUL_STORE says, or from the home folder. The same command goes on where it was. When it
    is done, set RUL_STORE to the new place (or take it away for the home folder) for everything that
    works on this home, and let `rul audit verify` read it all.

    Exit code 1 where something is missing or was changed.

    \b
    Examples:
      rul store copy s3://plant-artifacts/rul
      rul store copy s3://plant-artifacts/rul --check
      RUL_STORE=s3://plant-artifacts/rul rul store copy home
    """
    from rul_platform.cli.console import progress_bar
    from rul_platform.storage.home import Home
    from rul_platform.storage.store_copies import copy_all

    url = None if target == HOME else store_url("The place to copy to", target)
    if url == settings.store:
        there = settings.store or "the home folder"
        msg = f"artifacts lie in {there} already: RUL_STORE says from where, the argument where to"
        raise click.UsageError(msg)
    home = Home(settings)
    source, wanted = home.store.blobs, home.blobs(url)
    label = f"{source.place} {'against' if check else 'to'} {wanted.place}"
    with progress_bar(label) as tell:
        done = copy_all(source, wanted, check=check, tell=tell)
    if as_json:
        click.echo(json.dumps(asdict(done), indent=2))
    else:
        click.echo(
            f"{done.artifacts} artifacts are whole in {wanted.place}: {done.sent} files sent "
            f"({done.bytes_sent / 1e6:.1f} MB), {done.there} were there."
        )
        for problem in done.problems[:SHOWN]:
            click.echo(f"  - {problem}")
        if len(done.problems) > SHOWN:
            click.echo(f"  … and {len(done.problems) - SHOWN} more")
    sys.exit(1 if done.problems else 0)


@store.command()
@click.pass_obj
def sweep(settings: Settings) -> None:
    """Remove what killed writers left: half files, and uploads to the bucket that are a day old.

    Artifacts are never touched. On disk the next writer does it by itself.
    """
    from rul_platform.storage.home import Home

    artifacts = Home(settings).store
    count = artifacts.sweep()
    click.echo(f"{count} leftovers of killed writers were removed from {artifacts.blobs.place}.")
