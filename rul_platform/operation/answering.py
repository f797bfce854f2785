"""Answer with the model in charge; ask a challenger beside it; keep what was seen and said.

Each answer is logged with the version that gave it, the network's output before any limit, the time
that took and the readings that it was made from. A challenger is asked the same question: its answer is
logged as a shadow's, or, for the units that an A/B test gave it, is the one that is given.

Belongs here: who is asked and what is kept. Does not belong here: asking one version (``asking``), which
unit belongs to which arm (``core.shadow``), what follows from the log (``guarding``, ``deploying``).
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rul_platform.errors import (
    CalibrationError,
    InferenceError,
    NoChampionError,
    RulPlatformError,
    StoreError,
)
from rul_platform.operation.answers import Answer, settle
from rul_platform.operation.asking import Said, ask, load
from rul_platform.storage.home import Home
from rul_platform.storage.models import ModelVersion

if TYPE_CHECKING:
    import pandas as pd

    from rul_platform.core.plant import Plant

__all__ = ["Answer", "GivenReadings", "answer", "answer_given", "columns_of", "load", "read"]


@dataclass(frozen=True, slots=True)
class GivenReadings:
    """Readings of machines at work, in the fleet's format.

    Attributes:
        for_model: Resampled as in training.
        as_read: Before that, to learn from one day; None where they come from what the platform holds
            already, and are not to be kept again.
    """

    for_model: "pd.DataFrame"
    as_read: "pd.DataFrame | None" = None

    @property
    def units(self) -> int:
        """How many machines they are of."""
        return int(self.for_model["unit"].nunique())


def columns_of(home: Home, plant: str) -> "Plant":
    """What the plant's columns meant when the model in charge learned: so they are read now.

    Raises:
        NoChampionError: The plant has no deployed model, so nobody knows.
        StoreError: What it learned from is not there, or changed. Logged as its failure.
    """
    from rul_platform.core.plant import Plant

    champion = _in_charge(home, plant)
    with _kept_if_it_fails(home, champion):
        model = home.store.artifact(champion.sha256)
        windows = json.loads(home.store.read(model, "card.json"))["windows"]
        described = home.store.read(home.store.artifact(windows), "plant.json")
    return Plant.model_validate_json(described)


def read(home: Home, plant: str, frames: "Mapping[str, pd.DataFrame]") -> GivenReadings:
    """Tables with the plant's own columns, by the name to use in messages, as the model wants them.

    Raises:
        NoChampionError: The plant has no deployed model.
        PlantFileError: Lists every problem of the tables.
    """
    from rul_platform.core.readings import recent_readings
    from rul_platform.core.resampling import resample

    described = columns_of(home, plant)
    as_read = recent_readings(frames, described.model_copy(update={"resample": None}))
    rule = described.resample
    return GivenReadings(as_read if rule is None else resample(as_read, rule.step), as_read)


def answer(
    home: Home, plant: str, frames: "Mapping[str, pd.DataFrame]", *, level: float | None = None
) -> list[Answer]:
    """Read tables with the plant's own columns, and answer for every unit in them.

    Args:
        home: Where the model is and the log.
        plant: Which plant.
        frames: Tables by the name to use in messages. Histories of any units, the longer the better.
        level: Coverage of the intervals in the answers; None for the model's own, as in the log.

    Raises:
        PlantFileError: Lists every problem of the tables.
        RulPlatformError: As :func:`answer_given`.
    """
    return answer_given(home, plant, read(home, plant, frames), level=level)


def answer_given(
    home: Home, plant: str, given: GivenReadings, *, level: float | None = None
) -> list[Answer]:
    """Ask the model in charge, and its challenger where there is one; log what they said.

    Raises:
        CalibrationError: The model's interval was not calibrated for this level. Nothing is logged.
        NoChampionError: The plant has no deployed model.
        StoreError: The model's bytes are not there or changed. Logged, as is the next.
        InferenceError: The model did not run.
        ReadingsError: The readings cannot be used.
    """
    champion, now = _in_charge(home, plant), home.now()
    with _kept_if_it_fails(home, champion, given.units):
        said = ask(home, champion, given.for_model, level)
    beside = _ask_challenger(home, plant, given, level)
    share = home.configured(plant).policy.ab_share if beside else 0.0
    # files first: they are slow, and alone they do no harm
    kept = {} if given.as_read is None else home.landing.add(plant, given.as_read, now)
    settled = settle(said, beside, share=share, now=now, readings=kept)
    home.predictions.record_all([row for rows in settled.rows for row in rows])
    return list(settled.answers)


def _in_charge(home: Home, plant: str) -> ModelVersion:
    champion = home.registry.champion(plant)
    if champion is None:
        raise NoChampionError(plant)
    return champion


@contextmanager
def _kept_if_it_fails(home: Home, version: ModelVersion, units: int = 1) -> Iterator[None]:
    """Log that a model did not answer, for those who watch over it."""
    try:
        yield
    except (StoreError, InferenceError) as error:
        _failed(home, version, error, units)
        raise


def _failed(home: Home, of: ModelVersion, error: Exception, units: int) -> None:
    home.predictions.failed(of.plant, of.number, type(error).__name__, home.now(), units)


def _ask_challenger(
    home: Home, plant: str, given: GivenReadings, level: float | None
) -> Said | None:
    """What the challenger says; a failure of it is kept, and is nobody else's.

    One whose interval was not calibrated for the level answers at its own.
    """
    challenger = home.registry.challenger(plant)
    if challenger is None:
        return None
    try:
        return ask(home, challenger, given.for_model, level)
    except CalibrationError:
        return _ask_challenger(home, plant, given, None)
    except (RulPlatformError, OSError) as error:
        _failed(home, challenger, error, given.units)
        return None
