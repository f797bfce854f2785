"""A home with one plant at work, as tables alone: no network is trained here."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from rul_platform.orchestration.pipeline import Pipeline
from rul_platform.storage.feedback_rows import NewFeedback
from rul_platform.storage.home import Home
from rul_platform_tests.orchestration.conftest import Works, settings_of

PLANT = "press"
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
EASY = {"min_feedback": 4, "min_negative": 3, "confidence": 0.0, "cooldown_hours": 0}


@pytest.fixture
def at_work(tmp_path: Path) -> Iterator[Works]:
    """One plant with a champion, at noon of 2 March, and a policy that four ratings can move."""
    home = Home(settings_of(tmp_path / "home"), clock=lambda: NOW)
    set_policy(home, EASY)
    with dg.DagsterInstance.ephemeral() as instance:
        works = Works(home, instance, Pipeline(home, instance))
        add_plant(works, PLANT)
        yield works
    home.engine.dispose()


def set_policy(home: Home, settings: dict[str, object]) -> None:
    (home.folder / "retrain.json").write_text(json.dumps(settings))


def add_plant(works: Works, plant: str) -> None:
    """A plant whose only model is in charge."""
    works.instance.add_dynamic_partitions("plant", [plant])
    registry = works.home.registry
    made = works.home.store.write({"card.json": b'{"preparation": {"cap": 100.0}}'})
    number = registry.register(plant, made.sha256, now=NOW).number
    evidence = {"kind": "promotion"}
    registry.deploy(plant, number, expected_champion=None, evidence=evidence, now=NOW)


def rate(home: Home, plant: str, *, negative: int, day: int = 2) -> None:
    """So many people are not content, each with another machine."""
    champion = home.registry.champion(plant)
    assert champion is not None
    for number in range(negative):
        prediction = home.predictions.record(
            plant=plant,
            unit=f"unit {number}",
            number=champion.number,
            sha256=champion.sha256,
            life=1.0,
            rul=1.0,
            rul_low=0.0,
            rul_high=2.0,
            now=NOW.replace(day=day, hour=10),
        )
        home.feedback.add(
            NewFeedback(
                prediction_id=prediction,
                rating="negative",
                reason="too_late",
                person=f"{number:064x}",
                created_at=NOW.replace(day=day, hour=11),
                salt="0" * 32,
            )
        )


def tick(
    sensor: dg.SensorDefinition, works: Works, cursor: str | None = None
) -> dg.SensorResult | dg.SkipReason:
    """One evaluation, as the daemon does it."""
    with dg.build_sensor_context(
        works.instance, cursor=cursor, resources={"home": works.home}
    ) as context:
        result = sensor(context)
    assert isinstance(result, dg.SensorResult | dg.SkipReason)
    return result


def words(result: dg.SensorResult | dg.SkipReason) -> str:
    """What a tick says in the UI where it asks for nothing."""
    reason = result if isinstance(result, dg.SkipReason) else result.skip_reason
    assert reason is not None
    return reason.skip_message or ""
