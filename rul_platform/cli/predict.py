"""`rul predict`: remaining useful life from readings, with the model in charge."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rul_platform.settings import Settings

if TYPE_CHECKING:
    from rul_platform.inference.predictor import Prediction


@click.command()
@click.argument("plant")
@click.argument("readings", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--level",
    type=float,
    metavar="X",
    help="Coverage of the interval, from 0.5 to 0.99; without it that of the model, usually 0.9.",
)
@click.option("--json", "as_json", is_flag=True, help="A JSON list instead of text.")
@click.pass_obj
def predict(
    settings: Settings, plant: str, readings: Path, level: float | None, as_json: bool
) -> None:
    """Predict the remaining useful life of each unit in READINGS, a CSV or Parquet file.

    Columns are named as in PLANT's own source files. Any history from one reading up will do; give all
    of it if you can. Every answer is logged with the version that gave it, and the readings are kept to
    learn from. Its id is what `rul feedback add` takes. The log keeps the model's own interval, whatever
    --level shows.

    \b
    Examples:
      rul predict pumps now.csv --json
      rul predict pumps now.csv --level 0.8
    """
    from rul_platform.operation.answering import answer, columns_of
    from rul_platform.operation.known_plants import require_plant
    from rul_platform.storage.home import Home
    from rul_platform.storage.plant_source import read_readings

    home = Home(settings)
    require_plant(home, plant)
    table = read_readings(readings, columns_of(home, plant))
    answers = answer(home, plant, {readings.name: table}, level=level)
    if as_json:
        rows = [
            {
                "id": a.id,
                "plant": plant,
                "number": a.number,
                "sha256": a.sha256,
                "role": a.role,
                **asdict(a.prediction),
            }
            for a in answers
        ]
        click.echo(json.dumps(rows, indent=2))
        return
    for a in answers:
        click.echo(f"{describe(a.prediction)}  ({plant} version {a.number}, id {a.id})")


def describe(said: "Prediction") -> str:
    """One line for people."""
    notes = f" [{'; '.join(said.warnings)}]" if said.warnings else ""
    return (
        f"unit {said.unit} after {said.life:g} {said.life_unit}: about {said.rul:.0f} {said.life_unit} "
        f"more, {100 * said.level:g}% interval {said.rul_low:.0f} to {said.rul_high:.0f}{notes}"
    )
