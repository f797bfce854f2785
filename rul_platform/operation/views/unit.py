"""One machine: what was answered, what its sensors did, what people said, what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from rul_platform.core.histories import Histories
from rul_platform.errors import DataError, InferenceError, StoreError, UnknownUnitError
from rul_platform.operation.serving.served_model import ServedModel
from rul_platform.operation.serving.slots import Slot
from rul_platform.operation.views.drivers import Drivers, drivers_of
from rul_platform.operation.views.fleet import OLD_AFTER
from rul_platform.operation.views.plants import PlantCard, plant_card
from rul_platform.storage.home import Home
from rul_platform.storage.newest_answers import NewestAnswers, RatingCount
from rul_platform.storage.outcomes import Outcome
from rul_platform.storage.predictions import LoggedPrediction

if TYPE_CHECKING:
    import pandas as pd

CHARTED = 500
"""Newest answers that are drawn."""

LISTED = 10
"""Newest answers that are listed, each with what was said of it."""

FILES_READ = 50
"""Newest files of a machine's readings that are looked at; ``Unit.files`` says where it takes more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """What the page tells.

    Attributes:
        card: The plant.
        name: The machine.
        answers: Its newest answers, the oldest first; life and RUL in the plant's unit.
        ratings: Answer to what was said of it, for those that are listed.
        outcomes: What was told of it, the oldest first.
        drivers: What its sensors did; None where that cannot be told.
        no_drivers: Why not: ``none`` landed, ``model`` for no model, ``lost`` for files that cannot be
            read, ``unlike`` for readings that the model does not know, ``failed`` for a model that did
            not run on them; empty where it can be told.
        files: How many files it takes to read all that it sent; no more than ``FILES_READ`` are.
        life: The largest life that anything knows of.
        is_old: The newest answer is old, and the machine at work.
    """

    card: PlantCard
    name: str
    answers: Sequence[LoggedPrediction]
    ratings: Mapping[str, Sequence[RatingCount]]
    outcomes: Sequence[Outcome]
    drivers: Drivers | None
    no_drivers: str
    files: int
    life: float
    is_old: bool

    @property
    def newest(self) -> LoggedPrediction | None:
        """The answer that counts now."""
        return self.answers[-1] if self.answers else None

    @property
    def files_read(self) -> int | None:
        """The newest files, where not all are read, so that older readings are left out; else None."""
        return FILES_READ if self.files > FILES_READ else None

    @property
    def listed(self) -> Sequence[LoggedPrediction]:
        """The newest ones, the newest first."""
        return self.answers[: -LISTED - 1 : -1]

    @property
    def end(self) -> Outcome | None:
        """How it ended; None while it is at work."""
        return next((each for each in self.outcomes if each.is_end), None)

    @property
    def band(self) -> str:
        """How soon it needs attention."""
        return self.card.bands.of(self.newest.rul) if self.newest else ""


def unit_view(home: Home, plant: str, unit: str, slot: Slot | None, now: datetime) -> Unit:
    """What is known of one machine.

    Raises:
        UnknownPlantError: There is no such plant.
        UnknownUnitError: Nothing is known of the machine.
    """
    card = plant_card(home, plant, slot)
    newest = NewestAnswers(home.engine)
    answers = newest.of_unit(plant, unit, CHARTED)[::-1]
    outcomes = [each for each in home.outcomes.of_plant(plant) if each.unit == unit]
    lives = home.outcomes.last_lives(plant, {unit})
    if not lives:
        raise UnknownUnitError(plant, unit)
    drivers, no_drivers = _drivers(home, plant, unit, slot)
    is_ended = any(each.is_end for each in outcomes)
    return Unit(
        card=card,
        name=unit,
        answers=answers,
        ratings=_by_answer(newest.ratings([each.id for each in answers[-LISTED:]])),
        outcomes=outcomes,
        drivers=drivers,
        no_drivers=no_drivers,
        files=len(home.landing.covering(plant, unit)),
        life=lives[unit],
        is_old=not is_ended and bool(answers) and now - answers[-1].created_at > OLD_AFTER,
    )


def readings_of(home: Home, plant: str, unit: str) -> "pd.DataFrame":
    """What a machine sent, as it was read, ordered by life; without rows where it sent nothing.

    From the newest ``FILES_READ`` files: :attr:`Unit.files_read` says whether that is not all.

    Raises:
        StoreError: A file is missing or changed.
    """
    return home.landing.of_unit(plant, unit, FILES_READ)


def _drivers(home: Home, plant: str, unit: str, slot: Slot | None) -> tuple[Drivers | None, str]:
    model: ServedModel | None = slot.champion if slot else None
    if model is None:
        return None, "model"
    try:
        readings = readings_of(home, plant, unit)
    except (StoreError, OSError):
        return None, "lost"
    if readings.empty:
        return None, "none"
    try:
        return drivers_of(model, Histories.of(readings)), ""
    except (DataError, ValueError):  # another model's sensors, or a condition it never saw
        return None, "unlike"
    except InferenceError:
        return None, "failed"


def _by_answer(counts: Sequence[RatingCount]) -> Mapping[str, Sequence[RatingCount]]:
    found: dict[str, list[RatingCount]] = {}
    for each in sorted(counts, key=lambda each: (each.rating != "positive", -each.count)):
        found.setdefault(each.prediction, []).append(each)
    return found
