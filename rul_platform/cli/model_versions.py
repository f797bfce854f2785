"""Which version of a plant's model a command is about.

Belongs here: what `--version` means to commands that only look. Does not belong here: deploying.
"""

from typing import TYPE_CHECKING

import click

from rul_platform.errors import NoChampionError

if TYPE_CHECKING:
    from rul_platform.orchestration.step import Files
    from rul_platform.storage.home import Home
    from rul_platform.storage.models import ModelVersion

VERSION = click.option(
    "--version",
    "number",
    type=int,
    metavar="N",
    help="Which version; without it the one in charge, or the newest where none is.",
)


def version_asked(home: "Home", plant: str, number: int | None) -> "ModelVersion":
    """The version of this number, else the one in charge, else the newest.

    Raises:
        UnknownPlantError: There is no such plant.
        UnknownVersionError: It has no version of this number.
        NoChampionError: It has no version at all.
    """
    from rul_platform.operation.known_plants import require_plant

    require_plant(home, plant)
    if number is not None:
        return home.registry.version(plant, number)
    champion = home.registry.champion(plant)
    if champion is not None:
        return champion
    versions = home.registry.versions(plant)
    if not versions:
        raise NoChampionError(plant)
    return max(versions, key=lambda version: version.number)


def files_of(home: "Home", version: "ModelVersion") -> "Files":
    """The version's artifact."""
    from rul_platform.orchestration.step import Files

    return Files(home.store, home.store.artifact(version.sha256))
