"""`rul privacy`: what is held about a person, erasing it, and letting go of what is too old.

Belongs here: words. Does not belong here: what is held and erased (``operation.privacy``).
"""

import json
from typing import TYPE_CHECKING, Any

import click

from rul_platform.cli.options import AS_JSON, BY
from rul_platform.settings import Settings

if TYPE_CHECKING:
    from rul_platform.operation.privacy import Held

STAYS = (
    "What a person did, such as approving a model, stays in the record of decisions under a "
    "pseudonym. Once the key of its quarter is dropped (rul privacy purge), nobody can tell whose."
)


@click.group()
def privacy() -> None:
    """Tell, erase and let go of what is held about people.

    Names are never stored: a rating or a decision carries a pseudonym, made with a key of its quarter.
    """


@privacy.command()
@click.argument("name")
@AS_JSON
@click.pass_obj
def report(settings: Settings, name: str, as_json: bool) -> None:
    """Everything held about the person NAME."""
    from rul_platform.operation import privacy as procedures
    from rul_platform.storage.home import Home

    held = _plain(procedures.report(Home(settings), name))
    if as_json:
        click.echo(json.dumps(held, indent=2))
        return
    click.echo(f"Ratings: {len(held['feedback'])}")
    for row in held["feedback"]:
        reason = f" ({row['reason']})" if row["reason"] else ""
        click.echo(
            f"  {row['created_at'][:19]}  {row['plant']}, unit {row['unit']}: {row['rating']}{reason}"
        )
    click.echo(f"Actions: {len(held['actions'])}")
    for row in held["actions"]:
        about = f" {row['plant']}" if row["plant"] else ""
        reason = f": {row['reason']}" if row["reason"] else ""
        click.echo(f"  {row['at'][:19]}  {row['what']}{about} ({row['table']} {row['id']}){reason}")
    click.echo(f"Quarters with a key: {', '.join(held['quarters']) or 'none'}. {STAYS}")


@privacy.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@BY
@click.pass_obj
def erase(settings: Settings, name: str, yes: bool, by: str | None) -> None:
    """Take the person NAME out of all ratings, for good."""
    from rul_platform.cli.options import actor
    from rul_platform.operation import privacy as procedures
    from rul_platform.storage.home import Home

    home = Home(settings)
    count = len(procedures.report(home, name).feedback)
    if count == 0:
        click.echo("No rating is held under this name; nothing was erased.")
        return
    if not (yes or _confirmed(f"Take this person out of {_count(count, 'rating')}, for good?")):
        msg = "Nothing was erased."
        raise click.ClickException(msg)
    now = home.now()
    erased = procedures.erase(home, name, actor(home, by, now), now)
    click.echo(f"Erased: {erased.feedback}. The ratings stay, without anyone behind them.")
    click.echo(f"Actions that stay: {len(erased.kept)}. {STAYS}")


@privacy.command()
@click.option("--dry-run", is_flag=True, help="Say what would be let go; change nothing.")
@AS_JSON
@click.pass_obj
def purge(settings: Settings, dry_run: bool, as_json: bool) -> None:
    """Let go of persons after the retention time (RETRAIN_RETENTION_DAYS, 180 days by default)."""
    from rul_platform.operation import privacy as procedures
    from rul_platform.storage.home import Home

    home = Home(settings)
    done = procedures.too_old(home, home.now()) if dry_run else procedures.purge(home, home.now())
    if as_json:
        plain = {"before": done.before.isoformat(), "feedback": done.feedback, "keys": done.keys}
        click.echo(json.dumps({**plain, "is_dry_run": dry_run}, indent=2))
        return
    begin = "Would be forgotten" if dry_run else "Forgotten"
    click.echo(
        f"{begin}, of all before {done.before:%Y-%m-%d %H:%M} UTC: who gave "
        f"{_count(done.feedback, 'rating')}, and {_count(done.keys, 'key')}."
    )


def _confirmed(question: str) -> bool:
    """No answer is a no."""
    try:
        return click.confirm(question)
    except click.Abort:
        click.echo(err=True)
        return False


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' if number != 1 else ''}"


def _plain(held: "Held") -> dict[str, Any]:
    """As JSON takes it; without pseudonyms, which are nobody's business."""
    shown = ("id", "plant", "unit", "rating", "reason")
    return {
        "feedback": [
            {name: getattr(row, name) for name in shown}
            | {"day": row.day.isoformat(), "created_at": row.created_at.isoformat()}
            for row in held.feedback
        ],
        "actions": [
            {
                "table": action.table,
                "id": action.id,
                "plant": action.plant,
                "what": action.what,
                "reason": action.reason,
                "at": action.at.isoformat(),
            }
            for action in held.actions
        ],
        "quarters": list(held.quarters),
    }
