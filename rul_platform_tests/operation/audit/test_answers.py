"""Predictions, held against who was in charge: also where a clock was wrong."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rul_platform.operation.audit.answers import answers
from rul_platform.settings import Settings
from rul_platform.storage.home import Home

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR, DAYS = timedelta(hours=1), timedelta(days=20)
PRESS = "press"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(Settings.read({"RUL_HOME": str(tmp_path)}), clock=lambda: NOW + 24 * HOUR)
    yield home
    home.engine.dispose()


def deployed(home: Home, number: int, at: datetime) -> None:
    made = home.store.write({"card.json": f"{number}".encode()})
    home.registry.register(PRESS, made.sha256, now=NOW)
    champion = home.registry.champion(PRESS)
    over = champion.number if champion else None
    home.registry.deploy(PRESS, number, expected_champion=over, evidence={}, now=at)


def answered(home: Home, number: int, at: datetime) -> None:
    version = home.registry.version(PRESS, number)
    home.predictions.record(
        plant=PRESS, unit="u", number=number, sha256=version.sha256,
        life=1.0, rul=1.0, rul_low=0.0, rul_high=2.0, now=at,
    )  # fmt: skip


def wrong(home: Home) -> int:
    return len(list(answers(home, {})))


def test_an_answer_from_before_its_version_was_in_charge_is_told(home: Home):
    deployed(home, 1, NOW)
    deployed(home, 2, NOW + 4 * HOUR)
    answered(home, 2, NOW + HOUR)
    assert wrong(home) == 1


@pytest.mark.parametrize("is_replaced", [False, True])
def test_whoever_decided_by_a_clock_that_ran_ahead_makes_no_answer_wrong(
    home: Home, is_replaced: bool
):
    """The service's own clock was right: version 2 answered from then on."""
    deployed(home, 1, NOW)
    deployed(home, 2, NOW + DAYS)
    answered(home, 2, NOW + HOUR)
    if is_replaced:
        deployed(home, 3, NOW + 2 * HOUR)
        answered(home, 3, NOW + 3 * HOUR)
    assert wrong(home) == 0


def test_a_clock_that_ran_ahead_lets_no_version_answer_before_the_one_before_it(home: Home):
    deployed(home, 1, NOW)
    deployed(home, 2, NOW + DAYS)
    answered(home, 2, NOW - HOUR)
    assert wrong(home) == 1
