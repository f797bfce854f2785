"""`rul keys`: the keys that sign the ledger and the provenance of models.

Belongs here: words. Does not belong here: making keys (``operation.signing``).
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rul_platform.cli.options import AS_JSON, BY, REASON, actor
from rul_platform.settings import Settings

if TYPE_CHECKING:
    from rul_platform.operation.signing import KnownKey


@click.group()
def keys() -> None:
    """The keys that sign: the first comes by itself, with the first decision.

    The private key lies in `keys` of the home folder, or where RUL_KEYS points, for its owner alone;
    RUL_SIGNING_KEY gives it a file elsewhere, or `none` to a process that must not sign. Keep it off the
    database's machine; give auditors the public one.
    """


@keys.command()
@click.pass_obj
def init(settings: Settings) -> None:
    """Make the first key, before the first decision does."""
    from rul_platform.operation import signing
    from rul_platform.storage.home import Home

    home = Home(settings)
    key = signing.make_first(home, now=home.now())
    click.echo(f"Key {key.id} signs from now on. It lies in {home.signing.private}.")


@keys.command()
@REASON
@BY
@click.pass_obj
def rotate(settings: Settings, reason: str, by: str | None) -> None:
    """Sign with a new key from now on; the former one signs its successor, and is gone.

    What the former key signed stays good: its public key is kept.

    \b
    Example:
      rul keys rotate --reason "yearly"
    """
    from rul_platform.operation import signing
    from rul_platform.storage.home import Home

    home = Home(settings)
    now = home.now()
    key = signing.rotate(home, actor=actor(home, by, now), reason=reason, now=now)
    click.echo(f"Key {key.id} signs from now on. The former one only checks what it signed.")


@keys.command("list")
@AS_JSON
@click.pass_obj
def list_keys(settings: Settings, as_json: bool) -> None:
    """Every key that ever signed here, oldest first; exit code 1 where one cannot be believed."""
    from dataclasses import asdict

    from rul_platform.operation import signing
    from rul_platform.storage.home import Home

    found = signing.keys(Home(settings))
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], indent=2))
    else:
        click.echo("\n".join(_lines(found)))
    if any(each.problem for each in found):
        raise SystemExit(1)


def _lines(found: "tuple[KnownKey, ...]") -> Iterator[str]:
    if not found:
        yield "No key yet: the first comes with the first decision, or with `rul keys init`."
        return
    for each in found:
        state = "signs here" if each.is_signer else "checks"
        problem = f"  BROKEN: {each.problem}" if each.problem else ""
        yield f"{each.key_id}  since {each.since[:19]}  {state}{problem}"
    if not any(each.is_signer for each in found):
        yield "None of them signs here: RUL_SIGNING_KEY is none, or another key or none is there."


@keys.command("export-public")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Folder for the files; here by default.",
)
@click.pass_obj
def export_public(settings: Settings, out: Path) -> None:
    """Write every public key as a PEM file, for auditors and for the service."""
    from rul_platform.storage.home import Home
    from rul_platform.storage.signing_keys import public_file

    known = Home(settings).signing.known()
    out.mkdir(parents=True, exist_ok=True)
    for key in known.values():
        path = out / public_file(key)
        path.write_bytes(key.pem)
        click.echo(str(path))
    if not known:
        click.echo("No key yet: the first comes with the first decision, or with `rul keys init`.")
