"""`rul token`: who may call the service."""

import json
from typing import Any

import click

from rul_platform.cli.options import AS_JSON, BY, REASON, actor
from rul_platform.settings import Settings
from rul_platform.storage.access_tokens import AccessToken
from rul_platform.storage.service_tables import SCOPES

USUAL = ("read", "predict", "feedback")
"""Scopes of who asks for none: all that changes no model."""


@click.group()
def token() -> None:
    """Make, list and revoke tokens for `rul serve`."""


@token.command()
@click.option("--for", "label", required=True, metavar="TEXT", help="What it is for; no person.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(SCOPES),
    help="May be given several times; read, predict and feedback by default.",
)
@click.option("--days", type=float, default=90, show_default=True, help="How long it holds.")
@click.option("--rate", type=float, default=50, show_default=True, help="Requests per second.")
@BY
@AS_JSON
@click.pass_obj
def create(
    settings: Settings,
    label: str,
    scopes: tuple[str, ...],
    days: float,
    rate: float,
    by: str | None,
    as_json: bool,
) -> None:
    """Make a token and show it, this once: only a hash of it is kept.

    \b
    Examples:
      rul token create --for "historian of line 2" --scope predict
      rul token create --for "control room" --days 30
    """
    from rul_platform.operation.access import create_token
    from rul_platform.storage.home import Home

    home = Home(settings)
    now = home.now()
    made, shown = create_token(
        home,
        label,
        scopes or USUAL,
        actor=actor(home, by, now),
        days=days,
        rate=rate,
        now=now,
    )
    if as_json:
        click.echo(json.dumps(_told(made) | {"token": shown}, indent=2))
        return
    click.echo(shown)
    until = f"{made.expires_at:%F %H:%M} UTC"
    click.echo(
        f"Allows {', '.join(sorted(made.scopes))} until {until}. It is not shown again.", err=True
    )


@token.command("list")
@AS_JSON
@click.pass_obj
def list_(settings: Settings, as_json: bool) -> None:
    """All tokens, without their secrets."""
    from rul_platform.storage.home import Home

    home = Home(settings)
    found, now = home.tokens.all(), home.now()
    if as_json:
        click.echo(json.dumps([_told(each) for each in found], indent=2))
        return
    if not found:
        click.echo("No token yet: `rul token create --for TEXT`.")
    for each in found:
        state = "revoked" if each.revoked_at else "holds" if each.holds(now) else "expired"
        scopes = ", ".join(scope for scope in SCOPES if scope in each.scopes)
        click.echo(f"{each.id}  {state}  until {each.expires_at:%F}  {scopes}  {each.label}")


@token.command()
@click.argument("number", metavar="ID")
@REASON
@BY
@click.pass_obj
def revoke(settings: Settings, number: str, reason: str, by: str | None) -> None:
    """End the token ID at once, for good; a running service knows it within a second."""
    from rul_platform.operation.access import revoke_token
    from rul_platform.storage.home import Home

    home = Home(settings)
    now = home.now()
    is_new = revoke_token(home, number, actor=actor(home, by, now), reason=reason, now=now)
    click.echo(f"Token {number} is revoked." if is_new else f"Token {number} was revoked before.")


def _told(token: AccessToken) -> dict[str, Any]:
    return {
        "id": token.id,
        "label": token.label,
        "scopes": [scope for scope in SCOPES if scope in token.scopes],
        "rate": token.rate,
        "created_at": token.created_at.isoformat(),
        "expires_at": token.expires_at.isoformat(),
        "revoked_at": token.revoked_at.isoformat() if token.revoked_at else None,
    }
