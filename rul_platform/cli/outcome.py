"""`rul outcome`: what became of machines."""

import json
from pathlib import Path

import click

from rul_platform.cli.feedback import say_imported
from rul_platform.cli.options import AS_JSON, BY, PLANT, REASON, actor
from rul_platform.settings import Settings

KINDS = click.Choice(["failed", "replaced", "repaired", "running"])
"""As in ``storage.operation_tables``, whose import would cost half a second."""


@click.group()
def outcome() -> None:
    """What became of machines: the truth that predictions are held against, and learned from."""


@outcome.command()
@PLANT
@click.argument("unit")
@click.argument("kind", type=KINDS)
@click.option("--life", type=float, required=True, help="How long it had run, in the plant's unit.")
@click.option("--at", metavar="ISO", help="When, in ISO 8601 with a time zone; by default now.")
@AS_JSON
@click.pass_obj
def add(
    settings: Settings, plant: str, unit: str, kind: str, life: float, at: str | None, as_json: bool
) -> None:
    """Say what became of UNIT of PLANT.

    A machine that failed, was replaced or repaired is at its end; after a repair it is another unit.
    Readings that come with predictions after the end (--at) are not learned from as its own.

    \b
    Example:
      rul outcome add pumps pump-07 failed --life 1834.5
    """
    from rul_platform.cli.csv_rows import MOMENT, parse_moment
    from rul_platform.operation.intake import OutcomeRow, add_outcomes
    from rul_platform.storage.home import Home

    observed_at = None if at is None else parse_moment(at)
    if at is not None and observed_at is None:
        msg = f"{at!r} is not {MOMENT.rstrip(',')}."
        raise click.BadParameter(msg, param_hint="--at")
    home = Home(settings)
    (added,) = add_outcomes(
        home, plant, [OutcomeRow(unit, kind, life, observed_at)], now=home.now()
    )
    if as_json:
        click.echo(json.dumps({"plant": plant, "id": added.id, "is_new": added.is_new}, indent=2))
    else:
        click.echo(f"{'Taken' if added.is_new else 'Known already'}: {unit} {kind} at {life:g}.")


@outcome.command()
@PLANT
@click.argument("unit")
@REASON
@BY
@AS_JSON
@click.pass_obj
def withdraw(
    settings: Settings, plant: str, unit: str, reason: str, by: str | None, as_json: bool
) -> None:
    """Take back that UNIT of PLANT failed, was replaced or repaired: it was told wrongly.

    It counts no more, stays on record, and the right outcome can be added.

    \b
    Example:
      rul outcome withdraw pumps pump-07 --reason "typed the wrong life"
    """
    from rul_platform.operation.intake import withdraw_outcome
    from rul_platform.storage.home import Home

    home = Home(settings)
    now = home.now()
    wrong = withdraw_outcome(home, plant, unit, actor=actor(home, by, now), reason=reason, now=now)
    if as_json:
        told = {"plant": plant, "unit": unit, "id": wrong.id, "kind": wrong.kind}
        told |= {"life": wrong.life, "retrain": wrong.retrain_id}
        click.echo(json.dumps(told, indent=2))
        return
    click.echo(f"Withdrawn: {unit} {wrong.kind} at {wrong.life:g}.")
    if wrong.retrain_id is not None:
        click.echo(f"Retrain {wrong.retrain_id} used it already; the next retrain no longer does.")


@outcome.command("import")
@PLANT
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@AS_JSON
@click.pass_obj
def import_file(settings: Settings, plant: str, file: Path, as_json: bool) -> None:
    """Take all outcomes of a CSV FILE, or none.

    All problems of its cells are told with their lines; once these are right, all of their meaning.

    Columns: unit, kind (failed, replaced, repaired or running), life in the plant's unit of time; and,
    where you have it, at (ISO 8601 with a time zone, by default now).

    \b
    Example:
      rul outcome import pumps overhauls.csv
    """
    from rul_platform.cli.csv_rows import moment, number, read_rows, told_by_line
    from rul_platform.operation.intake import OutcomeRow, add_outcomes
    from rul_platform.storage.home import Home

    home = Home(settings)
    found = read_rows(file, required=("unit", "kind", "life"), optional=("at",))
    problems: list[str] = []
    rows = [
        OutcomeRow(
            row.cells["unit"],
            row.cells["kind"],
            number(row, "life", problems),
            moment(row, "at", problems),
        )
        for row in found
    ]
    with told_by_line(file, found, problems):
        added = add_outcomes(home, plant, rows, now=home.now())
    say_imported(plant, added, as_json=as_json)
