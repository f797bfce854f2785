"""`rul distil`: a small model for the edge, taught by a plant's model."""

import errno
import json
from pathlib import Path
from typing import Any

import click

from rul_platform.cli.options import AS_JSON, PLANT, SET, launchpad_options
from rul_platform.core.architectures import ARCHITECTURES


@click.command()
@PLANT
@click.option(
    "--teacher",
    type=click.Choice(["champion", "candidate"]),
    default="champion",
    show_default=True,
    help="The model in charge, or the newest candidate.",
)
@click.option("--family", type=click.Choice(ARCHITECTURES), default="gru", show_default=True)
@click.option("--hidden-size", type=click.IntRange(min=1), default=16, show_default=True)
@click.option("--steps", type=click.IntRange(min=1), default=600, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path),
    help="A new folder for model.onnx and card.json.",
)
@SET
@AS_JSON
@click.pass_context
def distil(
    context: click.Context,
    plant: str,
    folder: Path | None,
    chosen: tuple[str, ...],
    *,
    as_json: bool,
    **named: Any,
) -> None:
    """Teach a small network what PLANT's model knows, and say what that costs in accuracy.

    \b
    Examples:
      rul distil pumps --hidden-size 8 --to edge/
      rul distil pumps --set teacher_share=0.8 --set schedule=cosine
    """
    from rul_platform.cli.stages import opened
    from rul_platform.orchestration.assets.edge_model import EdgeModelConfig
    from rul_platform.orchestration.pipeline import Stage
    from rul_platform.orchestration.step import current
    from rul_platform.storage.plain_files import write_folder

    config = launchpad_options(context, EdgeModelConfig, named, chosen, asset="edge_model")
    with opened(context.obj) as work:
        work.require_plant(plant)
        _require_room(folder)
        stage = Stage(("edge_model",), plant, {"edge_model": config})
        work.run([stage], again=True, aside=as_json)  # another model may be in charge by now
        made = current(work.home, "edge_model", plant)
        card = json.loads(made.read("card.json"))
        if folder is not None:
            write_folder(folder, {name: made.read(name) for name in ("model.onnx", "card.json")})
    if as_json:
        click.echo(json.dumps({"plant": plant, "sha256": made.sha256, **card["student"]}, indent=2))
        return
    for line in _lines(card):
        click.echo(line)


def _require_room(folder: Path | None) -> None:
    """Refuse a folder that has something in it before a student is trained for it.

    Raises:
        FileExistsError: There is a file, or a folder that is not empty.
    """
    if (
        folder is not None
        and folder.exists()
        and not (folder.is_dir() and not any(folder.iterdir()))
    ):
        said = "there is something already; name a new folder or an empty one"
        raise FileExistsError(errno.EEXIST, said, str(folder))


def _lines(card: dict[str, Any]) -> list[str]:
    """Teacher and student side by side, for people."""
    found, preparation = card["student"], card["preparation"]
    unit = preparation["life_unit"]
    compared = found["difference"]
    return [
        f"{card['architecture']}, {found['parameters']:,} parameters, {found['onnx_bytes']:,} bytes as "
        f"ONNX; the teacher has {found['teacher_onnx_bytes']:,}.",
        f"On {found['judged_on_units']} units that only judge, RMSE in {unit}:",
        *(
            f"  {name:<25} {score:8.2f}"
            + (f"   {_apart(compared[name])}" if name in compared else "")
            for name, score in found["rmse"].items()
        ),
        f"It differs from its teacher by {found['rmse_against_teacher']:.2f} {unit}.",
        found["interval_note"],
    ]


def _apart(difference: dict[str, Any]) -> str:
    """How the student differs from this model."""
    return (
        f"the student is {difference['verdict']}: {difference['mean']:+.2f}, from "
        f"{difference['low']:+.2f} to {difference['high']:+.2f}"
    )
