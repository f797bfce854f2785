"""All plants at a glance: what answers for each, and how many machines need attention."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from rul_platform.core.plant import Plant, parse_plant
from rul_platform.errors import PlantFileError, StoreError
from rul_platform.operation.known_plants import known_plants, require_plant
from rul_platform.operation.model_files import label_cap
from rul_platform.operation.serving.slots import Slot
from rul_platform.operation.views.bands import BANDS, Bands
from rul_platform.storage.home import Home
from rul_platform.storage.newest_answers import NewestAnswer, NewestAnswers


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantCard:
    """What every page of a plant shows of it.

    Attributes:
        name: Of its file.
        title: For people; the name where no file can be read.
        life_unit: What it counts life in; empty where nobody knows.
        is_simulated: Whether the machines are made up.
        champion: Number of the version in charge; None without one.
        served: Number of the version that answers, mostly the same.
        problem: Why the one in charge does not answer; None where it does.
        is_frozen: A person forbade that the model changes.
        retrain: State of the retrain that is under way; None without one.
        bands: Of its model.
    """

    name: str
    title: str
    life_unit: str
    is_simulated: bool
    champion: int | None
    served: int | None
    problem: str | None
    is_frozen: bool
    retrain: str | None
    bands: Bands


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantGlance:
    """A plant on the first page.

    Attributes:
        card: What it is.
        machines: How many are at work.
        in_band: Band to how many of them, the most urgent first.
        newest_at: When its newest answer was given; None without one.
    """

    card: PlantCard
    machines: int
    in_band: Mapping[str, int]
    newest_at: datetime | None

    @property
    def name(self) -> str:
        """Of the plant."""
        return self.card.name


def plants_view(home: Home, slots: Mapping[str, Slot]) -> tuple[PlantGlance, ...]:
    """All plants; first those with most machines in the most urgent band."""
    glances = [_glance(home, name, slots.get(name)) for name in known_plants(home)]
    return tuple(sorted(glances, key=_urgency, reverse=True))


def plant_card(home: Home, name: str, slot: Slot | None) -> PlantCard:
    """What is known of a plant.

    Raises:
        UnknownPlantError: There is none of this name.
    """
    require_plant(home, name)
    retrain = home.retrains.current(name)
    described = _described(home, name, slot)
    served = slot.champion if slot else None
    champion = home.registry.champion(name)
    return PlantCard(
        name=name,
        title=described.title if described else name,
        life_unit=served.predictor.preparation.life_unit if served else "",
        is_simulated=described is not None and described.simulated,
        champion=champion.number if champion else None,
        served=served.version.number if served else None,
        problem=slot.problem if slot else None,
        is_frozen=home.freezes.current(name) is not None,
        retrain=retrain.state if retrain else None,
        bands=_bands(home, name, slot),
    )


def at_work(home: Home, plant: str) -> tuple[NewestAnswer, ...]:
    """The newest answers of machines whose end nobody told."""
    ended = {each.unit for each in home.outcomes.of_plant(plant) if each.is_end}
    newest = NewestAnswers(home.engine).of_units(plant)
    return tuple(each for each in newest if each.unit not in ended)


def _glance(home: Home, name: str, slot: Slot | None) -> PlantGlance:
    card, machines = plant_card(home, name, slot), at_work(home, name)
    counts = Counter(card.bands.of(each.rul) for each in machines)
    return PlantGlance(
        card=card,
        machines=len(machines),
        in_band={band: counts[band] for band in BANDS},
        newest_at=max((each.created_at for each in machines), default=None),
    )


def _urgency(glance: PlantGlance) -> tuple[int, ...]:
    return (*glance.in_band.values(), glance.machines)


def _described(home: Home, name: str, slot: Slot | None) -> Plant | None:
    """The plant file as it is now, or as it was when the model learned."""
    try:
        return parse_plant(home.plant_file(name).read_text(encoding="utf-8"), name)
    except (OSError, ValueError, PlantFileError):
        return slot.champion.plant if slot and slot.champion else None


def _bands(home: Home, name: str, slot: Slot | None) -> Bands:
    if slot and slot.champion:
        return Bands(slot.champion.predictor.preparation.cap)
    champion = home.registry.champion(name)
    try:
        return Bands(label_cap(home, champion.sha256) if champion else None)
    except (StoreError, OSError):
        return Bands(None)
