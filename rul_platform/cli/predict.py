"""`rul predict`: remaining useful life from readings, with the model in charge."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rul_platform.errors import NoChampionError
from rul_platform.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

    from rul_platform.inference.predictor import Prediction
    from rul_platform.storage.home import Home


@dataclass(frozen=True, slots=True)
class Answer:
    """A prediction as it was logged.

    Attributes:
        id: Of the log's row.
        number: The model version that answered.
        sha256: Of that version.
        prediction: What it said.
    """

    id: str
    number: int
    sha256: str
    prediction: "Prediction"


@click.command()
@click.argument("plant")
@click.argument("readings", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="A JSON list instead of text.")
@click.pass_obj
def predict(settings: Settings, plant: str, readings: Path, as_json: bool) -> None:
    """Predict the remaining useful life of each unit in READINGS, a CSV or Parquet file.

    Columns are named as in PLANT's own source files. Any history from one reading up will do; give all
    of it if you can. Every answer is logged with the version that gave it.

    \b
    Example:
      rul predict pumps now.csv --json
    """
    from rul_platform.cli.stages import read_for_prediction
    from rul_platform.storage.home import Home

    home = Home(settings)
    answers = answer_and_log(home, plant, read_for_prediction(home, plant, readings))
    if as_json:
        rows = [
            {
                "id": a.id,
                "plant": plant,
                "number": a.number,
                "sha256": a.sha256,
                **asdict(a.prediction),
            }
            for a in answers
        ]
        click.echo(json.dumps(rows, indent=2))
        return
    for answer in answers:
        click.echo(
            f"{describe(answer.prediction)}  ({plant} version {answer.number}, id {answer.id})"
        )


def answer_and_log(home: "Home", plant: str, readings: "pd.DataFrame") -> list[Answer]:
    """Ask the model in charge, and log what it answered.

    Raises:
        NoChampionError: The plant has no deployed model.
        CorruptArtifactError: The model's bytes changed; it is not used.
        ReadingsError: The readings cannot be used.
    """
    from rul_platform.inference.predictor import CARD_FILE, MODEL_FILE, Predictor

    champion = home.registry.champion(plant)
    if champion is None:
        raise NoChampionError(plant)
    artifact = home.store.artifact(champion.sha256)
    model = Predictor.from_files(
        {name: home.store.read(artifact, name) for name in (MODEL_FILE, CARD_FILE)}
    )
    answers = []
    for said in model.predict(readings):
        logged = home.predictions.record(
            plant=plant,
            unit=said.unit,
            number=champion.number,
            sha256=champion.sha256,
            life=said.life,
            rul=said.rul,
            rul_low=said.rul_low,
            rul_high=said.rul_high,
            now=datetime.now(UTC),
        )
        answers.append(Answer(logged, champion.number, champion.sha256, said))
    return answers


def describe(said: "Prediction") -> str:
    """One line for people."""
    notes = f" [{'; '.join(said.warnings)}]" if said.warnings else ""
    return (
        f"unit {said.unit} after {said.life:g} {said.life_unit}: about {said.rul:.0f} {said.life_unit} "
        f"more, {said.level:.0%} interval {said.rul_low:.0f} to {said.rul_high:.0f}{notes}"
    )
