"""`rul sensors`: switch what watches and what runs by the clock; the ledger knows who did, and why.

Belongs here: commands and words. Does not belong here: the switch (``orchestration.switches``).
"""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from rul_platform.cli import dagster_program
from rul_platform.cli.options import AS_JSON, BY, REASON, actor
from rul_platform.settings import Settings

if TYPE_CHECKING:
    from rul_platform.orchestration.switches import Standing

NAME = click.argument("name")


@click.group()
def sensors() -> None:
    """Sensors and schedules: which run, and switching them with a name and a reason.

    What is switched in Dagster's pages is seen too, but not by whom. The instance is the one that
    DAGSTER_HOME names, where a dagster.yaml lies there, and the home folder's own otherwise.
    """


@sensors.command("list")
@AS_JSON
@click.pass_obj
def list_sensors(settings: Settings, as_json: bool) -> None:
    """Every sensor and schedule, how it stands, and what the ledger says of it."""
    from rul_platform.orchestration.instance import in_force
    from rul_platform.orchestration.switches import standings
    from rul_platform.storage.home import Home

    home = Home(settings)
    with in_force(home) as instance:
        found = standings(home, instance)
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], indent=2))
        return
    width = max(len(each.name) for each in found)
    for each in found:
        click.echo(f"{each.name:<{width}}  {each.kind:<8}  {each.now}{_last(each)}")


@sensors.command()
@NAME
@REASON
@BY
@click.pass_obj
def start(settings: Settings, name: str, reason: str, by: str | None) -> None:
    """Let the sensor or schedule NAME run again.

    \b
    Example:
      rul sensors start guard_champions --reason "the maintenance is over"
    """
    _turn(settings, name, "start", reason, by)


@sensors.command()
@NAME
@REASON
@BY
@click.pass_obj
def stop(settings: Settings, name: str, reason: str, by: str | None) -> None:
    """Let the sensor or schedule NAME run no more until it is started.

    \b
    Example:
      rul sensors stop guard_champions --reason "maintenance of the data line"
    """
    _turn(settings, name, "stop", reason, by)


def _turn(settings: Settings, name: str, word: str, reason: str, by: str | None) -> None:
    from rul_platform.orchestration.instance import in_force, in_force_folder
    from rul_platform.orchestration.switches import RUNNING, STOPPED, turn
    from rul_platform.storage.home import Home

    home = Home(settings)
    now, folder = home.now(), in_force_folder(home)
    to = RUNNING if word == "start" else STOPPED
    with in_force(home) as instance:
        turn(
            home,
            instance,
            name,
            to=to,
            actor=actor(home, by, now),
            reason=reason,
            now=now,
            carry_out=lambda kind: dagster_program.call(settings, folder, kind, word, name),
        )
    click.echo(f"{name} is {to} in {folder}. The ledger says by whom and why.")


def _last(each: "Standing") -> str:
    if each.since is None or each.actor is None:
        return ""
    why = f": {each.reason}" if each.reason else ""
    return f"  since {each.since[:19]}, by {each.actor[:12]}{why}"
