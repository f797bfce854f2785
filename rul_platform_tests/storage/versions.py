"""Versions and deployments of one plant, for the tests of the registry."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from rul_platform.storage.models import Deployment, ModelRegistry

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
PRESS = "press"


def sha(number: int) -> str:
    return f"{number:064x}"


def register(registry: ModelRegistry, count: int) -> None:
    for number in range(1, count + 1):
        registry.register(PRESS, sha(number), now=NOW)


def deploy(
    registry: ModelRegistry, number: int, *, over: int | None, now: datetime = NOW
) -> Deployment:
    return registry.deploy(PRESS, number, expected_champion=over, evidence={"gain": 0.1}, now=now)


def assert_one_history(registry: ModelRegistry) -> None:
    """One champion, and intervals that follow each other, of which the last alone is open."""
    deployments = registry.deployments(PRESS)
    champions = [each for each in registry.versions(PRESS) if each.state == "champion"]
    assert [each.number for each in champions] == [deployments[-1].number]
    assert registry.champion(PRESS) == champions[0]
    assert deployments[-1].until is None
    assert all(former.until == latter.since for former, latter in pairwise(deployments))
    assert all(each.until is None or each.since <= each.until for each in deployments)
