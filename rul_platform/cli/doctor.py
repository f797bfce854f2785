"""`rul doctor`: what a model is made of, and what in it is broken, dead or unused."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rul_platform.cli.model_versions import VERSION, files_of, version_asked
from rul_platform.cli.options import AS_JSON
from rul_platform.settings import Settings

if TYPE_CHECKING:
    from rul_platform.learning.inspection.doctor import Examination
    from rul_platform.storage.home import Home


@click.command()
@click.argument("plant", required=False)
@VERSION
@click.option(
    "--checkpoint",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A checkpoint file instead of a plant's model; only its weights are looked at.",
)
@AS_JSON
@click.pass_obj
def doctor(
    settings: Settings,
    plant: str | None,
    number: int | None,
    checkpoint: Path | None,
    as_json: bool,
) -> None:
    """Look into PLANT's model: sizes, ranges of the weights, dead units, unused channels.

    How it answers is seen on the windows that it learned from. Nothing is changed.

    \b
    Examples:
      rul doctor pumps
      rul doctor pumps --version 3 --json
      rul doctor --checkpoint lstm.pt
    """
    from rul_platform.storage.home import Home

    if (plant is None) == (checkpoint is None):
        msg = "Name a plant or a --checkpoint, one of the two."
        raise click.UsageError(msg)
    if checkpoint is not None:
        about, seen = _of_checkpoint(checkpoint)
    else:
        about, seen = _of_version(Home(settings), str(plant), number)
    if as_json:
        click.echo(json.dumps({**about, **seen.to_json()}, indent=2))
        return
    title = " ".join(f"{key} {value}" for key, value in about.items())
    click.echo(f"{title}: {seen.parameters:,} parameters in {len(seen.parts)} parts")
    for line in _lines(seen):
        click.echo(line)


def _of_checkpoint(path: Path) -> tuple[dict[str, Any], "Examination"]:
    """A checkpoint file, without any windows."""
    import numpy as np
    import pandas as pd

    from rul_platform.core.windows import Windows
    from rul_platform.learning.inspection.doctor import examine
    from rul_platform.learning.networks.checkpoints import load
    from rul_platform.learning.trained.learned import NetworkModel

    found = load(path.read_bytes(), source=str(path))
    model = NetworkModel(found.network(), found.config, found.channels, window=1)
    none = Windows(np.zeros((0, len(found.channels)), dtype=np.float32), pd.DataFrame(), 1)
    about = {"checkpoint": str(path), "architecture": found.config.name}
    return about, examine(model, none, found.channels, cap=1.0)


def _of_version(
    home: "Home", plant: str, number: int | None
) -> tuple[dict[str, Any], "Examination"]:
    """A version, on the windows that it learned from."""
    from rul_platform.learning.inspection.doctor import examine
    from rul_platform.orchestration.stored_models import stored_model, taught

    version = version_asked(home, plant, number)
    files = files_of(home, version)
    model = stored_model(files)
    preparation = model.preparation
    about = {"plant": plant, "version": version.number, "architecture": model.architecture}
    seen = examine(model, taught(home, files), preparation.channels, cap=preparation.cap)
    return about, seen


def _lines(seen: "Examination") -> list[str]:
    rows = seen.parts.to_dict("records")
    width = max((len(row["part"]) for row in rows), default=0)
    sizes = max((len(row["shape"]) for row in rows), default=0)
    return [
        *(
            f"  {row['member']}: {row['part']:<{width}}  {row['shape']:<{sizes}}  "
            f"{row['parameters']:>9,}  from {row['smallest']:.3g} to {row['largest']:.3g}"
            for row in rows
        ),
        *(f"{each.severity}: {each.what}. {each.remedy}".rstrip() for each in seen.findings),
    ]
