"""`rul rate`: which learning rate a network can be trained with, by a range test."""

import json
from pathlib import Path

import click

from rul_platform.cli.studying import ARCHITECTURE, NAME, SEED, prepared
from rul_platform.settings import Settings


@click.command()
@NAME
@ARCHITECTURE
@SEED
@click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write the plot, the table and the suggestion here.",
)
@click.pass_obj
def rate(
    settings: Settings, name: str, architecture: str, seed: int, as_json: bool, out: Path | None
) -> None:
    """Suggest a learning rate; NAME is a C-MAPSS subset or a plant.

    A hundred steps on training machines with a growing rate: where the loss falls most steeply, a
    network surely learns, and there a rate may stay. The peak of a one-cycle schedule lies higher: a
    tenth of the rate at which the loss breaks.

    \b
    Example:
      rul rate FD001 --out rate_fd001
    """
    from rul_platform.orchestration.rate_tests import rate_test_of
    from rul_platform.storage.plain_files import write_whole

    with prepared(settings, name, as_json=as_json) as (work, _):
        tested = rate_test_of(work.home, name, family=architecture, seed=seed)
    for file, data in (tested.files if out is not None else {}).items():
        write_whole((out or Path()) / file, data)
    click.echo(json.dumps(tested.card["rate_test"], indent=2) if as_json else tested.sentence)
