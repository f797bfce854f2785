"""Which plants there are: those with a plant file, and those with a model.

Belongs here: names. Does not belong here: what a plant file says (``storage.plant_source``).
"""

from rul_platform.core.wording import did_you_mean
from rul_platform.errors import UnknownPlantError
from rul_platform.storage.home import Home


def known_plants(home: Home) -> tuple[str, ...]:
    """Names of all plants, in order; a plant whose file was removed stays, if it has a model."""
    names = {path.stem for path in home.plants.glob("*.toml")}
    return tuple(sorted(names | {version.plant for version in home.registry.versions()}))


def require_plant(home: Home, plant: str) -> None:
    """Refuse a plant that is none.

    Raises:
        UnknownPlantError: Names the plants that there are.
    """
    known = known_plants(home)
    if plant not in known:
        raise UnknownPlantError(plant, known=known, hint=did_you_mean(plant, known))
