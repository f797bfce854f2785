"""`rul rollback`, `rul approve`, `rul freeze`: what a person decides about a model at work."""

import json
from typing import TYPE_CHECKING, Any

import click

from rul_platform.cli.options import AS_JSON, BY, PLANT, REASON, actor
from rul_platform.settings import Settings

if TYPE_CHECKING:
    from rul_platform.storage.home import Home


@click.command()
@PLANT
@click.option("--to", "number", type=click.IntRange(min=1), metavar="N", help="This version.")
@REASON
@BY
@AS_JSON
@click.pass_obj
def rollback(
    settings: Settings, plant: str, number: int | None, reason: str, by: str | None, as_json: bool
) -> None:
    """Put the version before in charge of PLANT again, and bar the one that is in charge now.

    Without --to it is the one that really was in charge before, by the history of deployments.

    \b
    Example:
      rul rollback pumps --reason "answers jump since Tuesday"
    """
    from rul_platform.operation import deploying

    home = _home(settings, plant)
    before, now = home.registry.champion(plant), home.now()
    deploying.rollback(home, plant, to=number, actor=actor(home, by, now), reason=reason, now=now)
    after = _in_charge(home, plant)
    found = {"plant": plant, "before": before.number if before else None, **after}
    _say(
        found,
        f"Version {after['number']} answers for {plant} now, in the place of version {found['before']}.",
        as_json=as_json,
    )


@click.command()
@PLANT
@click.argument("number", type=click.IntRange(min=1))
@REASON
@click.option(
    "--force",
    is_flag=True,
    help="Also a version that the gate rejected, or compared with a former champion.",
)
@BY
@AS_JSON
@click.pass_obj
def approve(
    settings: Settings,
    plant: str,
    number: int,
    reason: str,
    force: bool,
    by: str | None,
    as_json: bool,
) -> None:
    """Put version NUMBER of PLANT in charge, though the gate left that to a person.

    The gate says HOLD where it cannot know, as with few machines, and where the policy wants a person.
    --force overrules a REJECT; that is recorded as such. No force passes over a changed hash.

    \b
    Example:
      rul approve pumps 4 --reason "compared it with the maintenance log"
    """
    from rul_platform.operation import deploying

    home = _home(settings, plant)
    now = home.now()
    deploying.approve(
        home, plant, number, actor=actor(home, by, now), reason=reason, force=force, now=now
    )
    after = _in_charge(home, plant)
    found = {"plant": plant, "approved": number, **after}
    _say(found, f"Version {after['number']} answers for {plant} now.", as_json=as_json)


@click.command()
@PLANT
@click.option("--reason", metavar="TEXT", help="Why; kept for the audit.")
@click.option("--lift", is_flag=True, help="End the freeze.")
@BY
@AS_JSON
@click.pass_obj
def freeze(
    settings: Settings, plant: str, reason: str | None, lift: bool, by: str | None, as_json: bool
) -> None:
    """Keep PLANT's model as it is, as during an overhaul, until the freeze is lifted.

    Nothing is retrained or deployed by itself, and no version is approved, with --force neither.
    `rul retrain run --force` may still train, but what it makes is held. A rollback stays possible.

    \b
    Examples:
      rul freeze pumps --reason "overhaul until Friday"
      rul freeze pumps --lift
    """
    from rul_platform.operation import deploying

    if lift is (reason is not None):
        msg = "Give either --reason TEXT, to freeze, or --lift, to end a freeze."
        raise click.UsageError(msg)
    home = _home(settings, plant)
    now = home.now()
    who = actor(home, by, now)
    if reason is None:
        deploying.unfreeze(home, plant, actor=who, now=now)
    else:
        deploying.freeze(home, plant, actor=who, reason=reason, now=now)
    current = home.freezes.current(plant)
    found = {
        "plant": plant,
        "is_frozen": current is not None,
        "since": current.since.isoformat() if current else None,
    }
    told = f"{plant} is frozen" if current else f"{plant} is not frozen any more"
    _say(found, f"{told}.", as_json=as_json)


def _home(settings: Settings, plant: str) -> "Home":
    from rul_platform.operation.known_plants import require_plant
    from rul_platform.storage.home import Home

    home = Home(settings)
    require_plant(home, plant)
    return home


def _in_charge(home: "Home", plant: str) -> dict[str, Any]:
    """Who answers now: the registry is asked again, so that what is told is what happens."""
    champion = home.registry.champion(plant)
    return {
        "number": champion.number if champion else None,
        "sha256": champion.sha256 if champion else None,
    }


def _say(found: dict[str, Any], text: str, *, as_json: bool) -> None:
    click.echo(json.dumps(found, indent=2) if as_json else text)
