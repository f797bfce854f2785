"""A plant at work: what was predicted, rated and seen, put into the tables by hand."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import pandas as pd

from rul_platform.orchestration.step import current
from rul_platform.storage.feedback_rows import NewFeedback
from rul_platform.storage.outcomes import NewOutcome
from rul_platform_tests.orchestration.conftest import PUMPS, Works

NOW = datetime(2100, 1, 31, 12, tzinfo=UTC)
PERSON = "f" * 64


def stop_the_clock(works: Works) -> None:
    """From now on it is always the same moment."""
    works.home.now = lambda: NOW


def predicted(works: Works, unit: str, life: float, rul_high: float, *, days_ago: float = 1) -> str:
    """The champion answered; gives the prediction's id."""
    champion = works.home.registry.champion(PUMPS)
    assert champion is not None
    return works.home.predictions.record(
        plant=PUMPS,
        unit=unit,
        number=champion.number,
        sha256=champion.sha256,
        life=life,
        rul=rul_high / 2,
        rul_low=0.0,
        rul_high=rul_high,
        now=NOW - timedelta(days=days_ago),
    )


def rated(works: Works, prediction: str, rating: str, *, days_ago: float = 1) -> str:
    """Somebody rated it; gives the id of the rating."""
    entry = NewFeedback(
        prediction_id=prediction,
        rating=rating,
        reason="too_early" if rating == "negative" else None,
        person=PERSON,
        created_at=NOW - timedelta(days=days_ago),
        salt="a" * 32,
    )
    return works.home.feedback.add(entry).id


def became(works: Works, unit: str, kind: str, life: float) -> str:
    """Somebody said what became of a unit; gives the id of the outcome."""
    outcome = NewOutcome(plant=PUMPS, unit=unit, kind=kind, life=life, observed_at=NOW)
    return works.home.outcomes.add_all([outcome], NOW)[0].id


def told(works: Works, asset: str) -> dict[str, object]:
    """What the UI is told of the newest materialisation of a plant's asset."""
    records = works.instance.fetch_materializations(
        dg.AssetRecordsFilter(dg.AssetKey(asset), asset_partitions=[PUMPS]), limit=1
    ).records
    metadata = records[0].asset_materialization.metadata
    return {name: value.value for name, value in metadata.items()}


def history(works: Works, unit: str) -> pd.DataFrame:
    """The readings that the plant has of a unit."""
    readings = current(works.home, "plant_readings", PUMPS).table("readings.parquet")
    return readings[readings["unit"] == unit].reset_index(drop=True)


def units(works: Works) -> pd.DataFrame:
    """The plant's units, by name."""
    return current(works.home, "plant_readings", PUMPS).table("units.parquet").set_index("unit")
