"""A plant with a model in charge, and ratings of its answers, without training anything."""

from datetime import UTC, datetime, timedelta

import numpy as np

from rul_platform.core.canonical import canonical_json
from rul_platform.core.preparation import Preparation
from rul_platform.core.scaling import Scaler
from rul_platform.storage.database import writing
from rul_platform.storage.feedback_rows import Added, NewFeedback
from rul_platform.storage.home import Home
from rul_platform.storage.models import ModelVersion
from rul_platform_tests.core.plants import plant as described_plant

PRESS = "press"
NOW = datetime(2026, 3, 20, 12, 30, tzinfo=UTC)
DAY = timedelta(days=1)
CAP = 100.0
CLAIMED_RMSE = 8.0
FEW = {"min_feedback": 10, "min_negative": 5, "confidence": 0}
"""Settings under which the literal rule fires on ten ratings of which four are positive."""


def put_in_charge(home: Home, plant: str = PRESS, *, seed: int = 0) -> ModelVersion:
    """A version whose artifact holds a card and nothing else; deployed two months ago at first."""
    sensors = ("s0", "s1")
    scaler = Scaler(sensors, ("0",), np.zeros((1, 2)), np.ones((1, 2)), ("u1", "u2", "u3"))
    preparation = Preparation(window=8, cap=CAP, life_unit="hours", scaler=scaler, first_life=0.0)
    described = described_plant().model_dump(mode="json")
    source = home.store.write({"plant.json": canonical_json(described)})
    card = {"preparation": preparation.to_json(), "windows": source.sha256, "seed": seed}
    made = home.store.write({"card.json": canonical_json(card)})
    version = home.registry.register(plant, made.sha256, now=NOW - 60 * DAY)
    champion = home.registry.champion(plant)
    home.registry.deploy(
        plant,
        version.number,
        expected_champion=champion.number if champion else None,
        evidence={"evidence": {"candidate_rmse": CLAIMED_RMSE}},
        now=NOW - (60 - seed) * DAY,
    )
    return version


def predict(
    home: Home, unit: str, plant: str = PRESS, *, life: float = 50.0, rul: float = 30.0
) -> str:
    """One answer of the champion; gives its id."""
    champion = home.registry.champion(plant) or home.registry.versions(plant)[0]
    return home.predictions.record(
        plant=plant, unit=unit, number=champion.number, sha256=champion.sha256, life=life, rul=rul,
        rul_low=rul - 5, rul_high=rul + 5, now=NOW - 2 * DAY,
    )  # fmt: skip


def rate(
    home: Home,
    positive: int,
    negative: int,
    *,
    at: datetime = NOW,
    plant: str = PRESS,
    tag: str = "",
) -> list[Added]:
    """Ratings of as many units, one each."""
    ratings = ["positive"] * positive + ["negative"] * negative
    with writing(home.engine):
        return [
            home.feedback.add(
                NewFeedback(
                    prediction_id=predict(home, f"u{tag}{number}", plant),
                    rating=rating,
                    reason=None,
                    person="a" * 64,
                    created_at=at,
                    salt=f"{number:032x}",
                )
            )
            for number, rating in enumerate(ratings)
        ]
