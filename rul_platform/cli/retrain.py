"""`rul retrain`: whether a plant's model should learn again, and letting it.

Belongs here: what a person types. Does not belong here: running (``retrain_run``), wording
(``retrain_words``).
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rul_platform.cli.options import AS_JSON, BY, PLANT, REASON, TRAINING, TRIGGER, policy_flags
from rul_platform.settings import Settings

if TYPE_CHECKING:
    from rul_platform.storage.home import Home


@click.group()
def retrain() -> None:
    """Learn again from what was said of predictions and what became of machines.

    Dagster's daemon looks by itself every minute (`rul ui`); `rul retrain run` does the same once, for
    cron or a container. Settings: RUL_HOME/retrain.json (or RETRAIN_CONFIG), then RETRAIN_… variables,
    then options.
    """


@retrain.command()
@PLANT
@policy_flags(TRIGGER)
@AS_JSON
@click.pass_obj
def check(settings: Settings, plant: str, as_json: bool, **flags: str | None) -> None:
    """Say whether PLANT's feedback asks for a retrain now, by both rules. Writes nothing.

    The literal rule compares the bare share of positive feedback; the bounded one asks that chance alone
    could hardly have made it so low.

    \b
    Example:
      rul retrain check pumps --days-back 14
    """
    from rul_platform.cli.retrain_words import check_json, check_text
    from rul_platform.operation import triggering

    with _opened(settings, plant) as home:
        found = triggering.check(home, plant, home.now(), _given(flags))
    _say(check_json(plant, found), check_text(plant, found), as_json=as_json)


@retrain.command()
@PLANT
@click.option(
    "--dry-run", is_flag=True, help="On a throwaway copy, up to the gate. Writes nothing."
)
@click.option("--force", is_flag=True, help="Without asking for the conditions; needs --reason.")
@click.option("--reason", metavar="TEXT", help="Why, with --force; kept for the audit.")
@policy_flags(TRIGGER | TRAINING)
@click.option(
    "--cleanup", is_flag=True, default=None, help="Delete models that are not needed any more."
)
@BY
@AS_JSON
@click.pass_obj
def run(
    settings: Settings,
    plant: str,
    dry_run: bool,
    force: bool,
    reason: str | None,
    by: str | None,
    as_json: bool,
    **flags: object,
) -> None:
    """Do what the sensors do, once: if feedback or outcomes of PLANT ask for a retrain, run it.

    A retrain that was asked for before and has no live run is run now. Exit code 0: done, nothing to do,
    or held for a person. 1: the gate refused the new model, or something failed; the champion stays.

    \b
    Examples:
      rul retrain run pumps
      rul retrain run pumps --dry-run
      rul retrain run pumps --force --reason "new bearings in all pumps"
    """
    from rul_platform.cli import retrain_run

    if force is (reason is None):
        msg = "--force needs --reason TEXT, and --reason goes with --force only."
        raise click.UsageError(msg)
    if force and dry_run:
        msg = "--dry-run asks for no conditions: leave out --force."
        raise click.UsageError(msg)
    if dry_run:
        with _opened(settings, plant) as home:
            done = retrain_run.tried(home, plant, _given(flags))
    else:
        done = retrain_run.done_once(settings, plant, _given(flags), by=by, reason=reason)
    _say(done.to_json(), done.text, as_json=as_json)
    done.raise_for_refusal()


@retrain.command()
@click.argument("plant", required=False)
@click.option(
    "--export",
    "folder",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write retrain_executions.jsonl and metrics.json there, of all plants.",
)
@AS_JSON
@click.pass_obj
def history(settings: Settings, plant: str | None, folder: Path | None, as_json: bool) -> None:
    """List every retrain, of PLANT or of all plants, the newest first.

    Gains are parts of the former champion's RMSE: what the gate found, and what machines that failed
    since then showed.
    """
    from rul_platform.cli.retrain_words import history_text
    from rul_platform.operation import metrics

    if folder is not None and plant is not None:
        msg = "--export writes all plants: leave out PLANT."
        raise click.UsageError(msg)
    with _opened(settings, plant) as home:
        rows = metrics.history_rows(home, plant)
        files = [] if folder is None else metrics.export(home, folder, home.now())
    _say(rows, history_text(rows), as_json=as_json)
    for file in files:
        click.echo(f"Written: {file}", err=True)


@retrain.command()
@click.argument("number", metavar="ID", type=click.IntRange(min=1))
@REASON
@BY
@AS_JSON
@click.pass_obj
def cancel(settings: Settings, number: int, reason: str, by: str | None, as_json: bool) -> None:
    """Cancel the open retrain ID. What it was asked for is used up; the champion stays."""
    from rul_platform.cli.options import actor
    from rul_platform.operation import triggering

    with _opened(settings, None) as home:
        now = home.now()
        triggering.cancel(home, number, actor=actor(home, by, now), reason=reason, now=now)
        found = home.retrains.get(number)
    row = {"id": found.id, "plant": found.plant, "state": found.state}
    _say(row, f"Retrain {found.id} of {found.plant} is {found.state}.", as_json=as_json)


@contextmanager
def _opened(settings: Settings, plant: str | None) -> "Iterator[Home]":
    """The home folder without Dagster, closed again so that it leaves no file; a plant must be known."""
    from rul_platform.operation.known_plants import require_plant
    from rul_platform.storage.home import Home

    home = Home(settings)
    try:
        if plant is not None:
            require_plant(home, plant)
        yield home
    finally:
        home.engine.dispose()


def _given(flags: dict[str, Any]) -> dict[str, object]:
    return {name: value for name, value in flags.items() if value is not None}


def _say(found: object, text: str, *, as_json: bool) -> None:
    click.echo(json.dumps(found, indent=2) if as_json else text)
