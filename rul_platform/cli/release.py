"""`rul release`: a release, before it is installed.

Belongs here: words. Does not belong here: checking (``operation.releases``).
"""

import sys
from pathlib import Path

import click

UNVOUCHED = 2
"""Exit code where nothing is broken, but nobody said whose key it should be."""


@click.group()
def release() -> None:
    """A release of this platform, before it is installed."""


@release.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--fingerprint",
    metavar="HEX",
    help="Of the key that may sign, 64 digits; from elsewhere than FOLDER.",
)
def verify(folder: Path, fingerprint: str | None) -> None:
    """Check that FOLDER is a release in which nothing is missing, changed or added.

    Exit code 0: it is, and of that key. 2: nothing is broken, but no fingerprint was given, and
    anybody can make a key. 1: it is broken; do not install it. `openssl` and `sha256sum` can do the
    same: docs/releases.md.

    \b
    Example:
      rul release verify rul_platform-0.2.0 --fingerprint 5f0c…
    """
    from rul_platform.operation.releases import check

    found = check(folder, fingerprint=fingerprint)
    said = f"{len(found.files)} files are as they were signed by key {found.key_id}."
    if fingerprint is None:
        click.echo(f"{said} Whose key that is, nobody said: give --fingerprint.")
        sys.exit(UNVOUCHED)
    click.echo(f"VERIFIED: {said}")
