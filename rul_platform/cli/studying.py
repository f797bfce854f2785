"""What `rul tune`, `rul method` and `rul rate` share: whom they are asked about, and its windows made.

Belongs here: arguments, and the stages before the study. Does not belong here: the study.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout
from typing import TYPE_CHECKING

import click

from rul_platform.core.architectures import ARCHITECTURES
from rul_platform.core.subsets import SIMULATED, SUBSETS
from rul_platform.settings import Settings

if TYPE_CHECKING:
    from rul_platform.cli.stages import Work

NAME = click.argument("name")
ARCHITECTURE = click.option(
    "--architecture", type=click.Choice(ARCHITECTURES), default="lstm", show_default=True
)
SEED = click.option("--seed", type=int, default=0, show_default=True)


@contextmanager
def prepared(settings: Settings, name: str, *, as_json: bool) -> "Iterator[tuple[Work, bool]]":
    """The opened home with the windows of ``name`` made, and whether it is a plant.

    With ``as_json`` what the stages say goes to the error stream.

    Raises:
        DataNotFoundError: It is neither a subset nor a plant.
    """
    from rul_platform.cli.stages import cmapss_stages, opened, plant_data

    is_plant = name not in (*SUBSETS, SIMULATED)
    with redirect_stdout(sys.stderr) if as_json else nullcontext(), opened(settings) as work:
        if is_plant:
            work.require_plant(name)
            work.run([plant_data(name)], again=True)
        else:
            work.run(cmapss_stages([name]))
        yield work, is_plant
