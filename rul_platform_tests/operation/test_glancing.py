"""A glance at many plants says what a look at each of them says."""

import json
from datetime import timedelta

import pytest

from rul_platform.errors import ConfigError
from rul_platform.operation import triggering
from rul_platform.operation.glancing import glance
from rul_platform.storage.home import Home
from rul_platform_tests.operation.rated_plant import DAY, NOW, put_in_charge, rate

POLICY = {"min_feedback": 4, "min_negative": 3, "confidence": 0.0}
PLANTS = ("asked", "content", "frozen", "rolled_back", "sorry", "unrated")


@pytest.fixture
def plants(home: Home) -> Home:
    """One plant for each thing that matters."""
    (home.folder / "retrain.json").write_text(json.dumps(POLICY))
    for plant in PLANTS:
        put_in_charge(home, plant)
    for plant in set(PLANTS) - {"content", "unrated"}:
        rate(home, 1, 5, plant=plant, tag=plant)
    rate(home, 6, 1, plant="content", tag="content")
    rate(home, 9, 0, plant="sorry", tag="old", at=NOW - 300 * DAY)
    home.feedback.roll_up()
    home.freezes.freeze("frozen", "ann", "an overhaul", NOW)
    put_in_charge(home, "rolled_back", seed=1)
    home.registry.rollback("rolled_back", actor="ann", reason="worse", now=NOW - timedelta(hours=1))
    asked = triggering.force(home, "asked", actor="ann", reason="to see", now=NOW - 2 * DAY)
    home.retrains.close(asked.id, "cancelled", now=NOW - DAY)
    triggering.force(home, "asked", actor="ann", reason="again", now=NOW)
    return home


def test_it_says_what_a_look_says(plants: Home):
    seen = glance(plants, PLANTS, NOW)
    looked = {plant: triggering.check(plants, plant, NOW).verdict for plant in PLANTS}
    assert seen == looked
    assert [plant for plant in PLANTS if looked[plant].fires] == ["sorry"]


def test_wrong_settings_are_told_of_each_plant_that_goes_by_them(plants: Home):
    (plants.folder / "retrain.json").write_text('{"min_feedback": "many"}')
    assert {type(each) for each in glance(plants, PLANTS, NOW).values()} == {ConfigError}
