"""`rul method`: the eight steps from a baseline to a searched recipe, as one command."""

from pathlib import Path
from typing import Any

import click

from rul_platform.cli.studying import ARCHITECTURE, NAME, SEED, prepared
from rul_platform.settings import Settings

WRITTEN = ("method.md", "method.json", "steps.png", "rate_sweep.png")


@click.command()
@NAME
@ARCHITECTURE
@click.option(
    "--budget",
    type=click.Choice(["quick", "full"]),
    default="quick",
    show_default=True,
    help="quick: a few CPU minutes; full: longer trainings and more trials.",
)
@SEED
@click.option(
    "--resume/--new", "resume", default=True, show_default=True, help="Go on, or begin again."
)
@click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Also write the log here."
)
@click.pass_obj
def method(settings: Settings, name: str, as_json: bool, out: Path | None, **asked: Any) -> None:
    """Find a recipe step by step and write down why; NAME is a C-MAPSS subset or a plant.

    Baseline, sanity check, full data, learning rate, regularisation, early stopping, transfer, search.
    Only validation units choose; the test units are opened once, at the very end. An interrupted
    method goes on with the same command.

    \b
    Example:
      rul method FD001 --out method_fd001
    """
    from rul_platform.orchestration.pipeline import Stage
    from rul_platform.orchestration.step import current
    from rul_platform.storage.plain_files import write_whole

    asked["new"] = not asked.pop("resume")
    with prepared(settings, name, as_json=as_json) as (work, is_plant):
        asset = "plant_method_log" if is_plant else "method_log"
        work.run([Stage((asset,), name, {asset: asked})], again=True)
        files = current(work.home, asset, name)
    for file in WRITTEN if out is not None else ():
        write_whole((out or Path()) / file, files.read(file))
    click.echo(files.read("method.json" if as_json else "method.md").decode())
