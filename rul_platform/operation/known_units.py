"""Which machines of a plant are known, and how long they have run.

Belongs here: what the plant's own readings, predictions, landings and outcomes know together. Does not
belong here: what follows for a row that comes in (``intake``).
"""

import math
from dataclasses import dataclass

from rul_platform.storage.home import Home

RUNNING = "running"
"""The outcome that ends nothing."""

LONGEST = 10
"""Times the longest life known at the plant that a life may be; more is a slip of the hand."""


@dataclass(frozen=True, slots=True)
class KnownUnits:
    """What is known of the units in question, and of the plant.

    Attributes:
        lives: Unit to the largest life seen by predictions, landings and outcomes, in life units.
        ends: Unit to how and at which life it ended.
        stored: Units in the plant's own readings.
        longest: The largest life of any unit of the plant, in life units; 0 where none is known.
    """

    lives: dict[str, float]
    ends: dict[str, tuple[str, float]]
    stored: frozenset[str]
    longest: float

    @property
    def limit(self) -> float:
        """The longest life to be believed, in life units."""
        return LONGEST * self.longest or math.inf

    def learn(self, unit: str, kind: str, life: float) -> None:
        """Take in one more outcome, for those that come after it."""
        self.lives[unit] = max(life, self.lives.get(unit, life))
        if kind != RUNNING:
            self.ends[unit] = (kind, life)


def known_units(home: Home, plant: str, units: set[str]) -> KnownUnits:
    """Look at all that knows of machines."""
    stored = _stored_lives(home, plant)
    return KnownUnits(
        lives=home.outcomes.last_lives(plant, units),
        ends={
            each.unit: (each.kind, each.life)
            for each in home.outcomes.of_plant(plant)
            if each.is_end
        },
        stored=frozenset(stored),
        longest=max((home.outcomes.longest_life(plant), *stored.values())),
    )


def _stored_lives(home: Home, plant: str) -> dict[str, float]:
    """Units in the plant's stored readings, to their life at the last one; none before these exist."""
    from rul_platform.core.parquet import from_parquet

    made = home.lineage.current("plant_readings", plant)
    if made is None:
        return {}
    artifact = home.store.artifact(made.sha256)
    units = from_parquet(str(home.store.path(artifact, "units.parquet")))
    return dict(zip(units["unit"].astype(str), units["end_life"].astype(float), strict=True))
