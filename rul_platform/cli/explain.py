"""`rul explain`: which sensors and which readings made a prediction."""

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rul_platform.cli.model_versions import VERSION, files_of, version_asked
from rul_platform.cli.options import AS_JSON, PLANT
from rul_platform.settings import Settings

if TYPE_CHECKING:
    from rul_platform.core.fleet import Fleet
    from rul_platform.core.preparation import Preparation
    from rul_platform.learning.inspection.explanations import Explanation
    from rul_platform.orchestration.step import Files
    from rul_platform.storage.home import Home

SHOWN_READINGS = 5


@click.command()
@PLANT
@click.option("--unit", metavar="NAME", help="A unit that the model's plant has histories of.")
@click.option(
    "--life", type=float, help="Of --unit: after this life instead of its newest reading."
)
@click.option(
    "--readings",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Readings as `rul predict` takes them, instead of a unit: each unit in it is explained.",
)
@VERSION
@AS_JSON
@click.pass_obj
def explain(
    settings: Settings,
    plant: str,
    unit: str | None,
    life: float | None,
    readings: Path | None,
    number: int | None,
    as_json: bool,
) -> None:
    """Say what made PLANT's model predict this remaining useful life.

    The answer is compared with what the model says of a healthy machine, the mean of training units
    early in life, and the difference is shared out among the sensors and the readings. Nothing is
    logged. Needs the extra `explain`.

    \b
    Examples:
      rul explain pumps --unit p7 --life 300
      rul explain pumps --readings now.csv --json
    """
    from rul_platform.core import splits
    from rul_platform.core.windows import last_of_each_unit
    from rul_platform.learning.inspection.explanations import explain as explained
    from rul_platform.orchestration.stored_models import stored_model, taught_with
    from rul_platform.orchestration.stored_windows import plant_windows
    from rul_platform.storage.home import Home

    if (unit is None) == (readings is None) or (life is not None and unit is None):
        msg = "Give --unit, with --life if you like, or --readings."
        raise click.UsageError(msg)
    home = Home(settings)
    files = files_of(home, version_asked(home, plant, number))
    model, learned_from = stored_model(files), taught_with(home, files)
    preparation = model.preparation
    if readings is not None:
        fleet = _given(home, plant, readings, preparation)
    else:
        fleet = _known(learned_from, str(unit), life)
    windows = last_of_each_unit(preparation.windows(fleet, "explain"))
    background = plant_windows(learned_from).of_length(preparation.window).select(splits.TRAIN)
    found = explained(model, fleet, windows, background, preparation)
    if as_json:
        click.echo(json.dumps([each.to_json() for each in found], indent=2))
        return
    for each in found:
        click.echo("\n".join(_lines(each)))


def _given(home: "Home", plant: str, readings: Path, preparation: "Preparation") -> "Fleet":
    """Readings of a file, as a prediction would see them."""
    from rul_platform.inference.given_readings import as_history
    from rul_platform.operation.answering import columns_of, read
    from rul_platform.storage.plant_source import read_readings

    table = read_readings(readings, columns_of(home, plant))
    return as_history(read(home, plant, {readings.name: table}).for_model, preparation)


def _known(learned_from: "Files", unit: str, life: float | None) -> "Fleet":
    """A unit of the plant, as far as it had run at ``life``.

    Raises:
        ReadingsError: There is no such unit, or it has no reading by then, or none as late.
    """
    from rul_platform.core.fleet import Fleet, summarise_units
    from rul_platform.errors import ReadingsError
    from rul_platform.orchestration.stored_windows import plant_fleet

    fleet = plant_fleet(learned_from)
    names = fleet.units["unit"].tolist()
    if unit not in names:
        problem = (
            f"the model did not learn from a unit {unit!r}, only from {', '.join(names)}. For a machine "
            f"in service give what was measured: --readings"
        )
        raise ReadingsError("--unit", [problem])
    own = fleet.take([unit])
    if life is None:
        return own
    if life > (last := own.readings["life"].max()):
        raise ReadingsError("--life", [f"unit {unit} has no reading after {last:g}"])
    until = own.readings[own.readings["life"] <= life].reset_index(drop=True)
    if until.empty:
        begin = own.readings["life"].min()
        raise ReadingsError(
            "--life", [f"unit {unit} has no reading by {life:g}, its first is {begin:g}"]
        )
    return Fleet(until, summarise_units(until, math.nan))


def _lines(said: "Explanation") -> list[str]:
    """One prediction for people."""
    unit = said.life_unit
    strongest = said.readings.assign(size=said.readings["change"].abs())
    top = strongest.nlargest(SHOWN_READINGS, "size").sort_values("life")
    return [
        f"unit {said.unit} after {said.life:g} {unit}: about {said.rul:.0f} {unit} more; a healthy "
        f"machine: {said.healthy_rul:.0f}",
        *(f"  {row.sensor}: {row.change:+.1f} {unit}" for row in said.sensors.itertuples()),
        "  readings that changed most: "
        + ", ".join(f"{row.life:g} ({row.change:+.1f})" for row in top.itertuples()),
        f"  by {said.method}; {said.missing:+.2f} {unit} are not explained",
    ]
