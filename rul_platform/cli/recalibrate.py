"""`rul recalibrate`: another interval around the same predictions, from what became of machines."""

import json
from typing import TYPE_CHECKING, Any

import click

from rul_platform.cli.options import AS_JSON, BY, PLANT, REASON, actor
from rul_platform.settings import Settings

if TYPE_CHECKING:
    from rul_platform.operation.recalibrating import Recalibration


@click.command()
@PLANT
@REASON
@click.option(
    "--level",
    type=click.FloatRange(0.5, 0.99),
    metavar="X",
    help="Coverage that the interval is to promise from now on; without it the same as before.",
)
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@BY
@AS_JSON
@click.pass_obj
def recalibrate(
    settings: Settings,
    plant: str,
    reason: str,
    level: float | None,
    dry_run: bool,
    by: str | None,
    as_json: bool,
) -> None:
    """Make PLANT's prediction interval from what became of its machines, without a retrain.

    Looks at the answers of the model in charge for machines that have failed since and that it did not
    learn from; 20 are needed. The predictions stay as they are; what is made is a new version, and
    `rul rollback` goes back.

    \b
    Examples:
      rul recalibrate pumps --reason "half of the truths were outside" --dry-run
      rul recalibrate pumps --reason "half of the truths were outside"
    """
    from rul_platform.operation import recalibrating
    from rul_platform.operation.known_plants import require_plant
    from rul_platform.storage.home import Home

    home = Home(settings)
    require_plant(home, plant)
    number = None
    if dry_run:
        found = recalibrating.propose(home, plant, level=level)
    else:
        now = home.now()
        found, deployed = recalibrating.recalibrate(
            home, plant, actor=actor(home, by, now), reason=reason, now=now, level=level
        )
        number = deployed.number
    if as_json:
        click.echo(json.dumps(_plain(found, number), indent=2))
        return
    click.echo(_told(found))
    done = (
        "Nothing was changed." if number is None else f"Version {number} answers for {plant} now."
    )
    click.echo(done)


def _plain(found: "Recalibration", number: int | None) -> dict[str, Any]:
    return {
        "plant": found.plant,
        "over": found.over.number,
        "number": number,
        "level": found.level,
        "units": len(found.units),
        "answers": found.answers,
        "bands": len(found.is_new),
        "bands_new": sum(found.is_new),
        "coverage_before": found.coverage_before,
        "width_before": found.width_before,
        "width_after": found.width_after,
        "life_unit": found.life_unit,
    }


def _told(found: "Recalibration") -> str:
    return (
        f"{len(found.units)} machines failed after {found.answers} answers of version "
        f"{found.over.number}: its interval held {found.coverage_before:.0%} of the truths.\n"
        f"{sum(found.is_new)} of {len(found.is_new)} bands of predicted life are calibrated anew, for "
        f"{100 * found.level:g}%; the mean width goes from {found.width_before:.1f} to "
        f"{found.width_after:.1f} {found.life_unit}."
    )
