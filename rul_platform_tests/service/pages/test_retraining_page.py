"""The page of a plant's retrains."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from rul_platform.operation import triggering
from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform_tests.operation.served import PRESS
from rul_platform_tests.service.pages.lifecycle import one_more_asset, rated, story
from rul_platform_tests.service.pages.looking import signed_in, text_of
from rul_platform_tests.service.running import Running, serving, signed_champion

PATH = f"/plants/{PRESS}/retraining"


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Running]:
    """A service at a plant where nothing happened yet."""
    home = Home(Settings.read({"RUL_HOME": str(tmp_path)}))
    signed_champion(home)
    with serving(home) as running:
        yield running
    home.engine.dispose()


def shown(running: Running) -> str:
    with signed_in(running) as client:
        answer = client.get(PATH)
    assert answer.status_code == 200
    return text_of(answer.text)


def test_a_plant_where_nothing_happened(fresh: Running):
    text = shown(fresh)
    assert "No retrain now: nobody has rated an answer lately" in text
    assert "0 of 100 100 more" in text
    assert "no ratings, so none" in text
    assert "No retrain yet" in text


def test_both_verdicts_stand_side_by_side(fresh: Running):
    rated(fresh.home, 71, 33)  # 68 %: below by the bare share, not surely
    text = shown(fresh)
    assert "104 of 100 ✓ holds" in text
    assert "33 of 20 ✓ holds" in text
    assert "Literal rule asks for it" in text
    assert "With 95% confidence does not" in text


def test_an_error_has_its_unit(tmp_path: Path):
    """The error that the gate found, beside which errors at work are held."""
    home = Home(Settings.read({"RUL_HOME": str(tmp_path)}))
    story(home)
    with serving(home) as running:
        text = shown(running)
    home.engine.dispose()
    assert re.search(r"times the RMSE at the gate, [0-9.]+ hours\.", text), text


def test_a_retrain_and_its_phases(fresh: Running):
    home, now = fresh.home, fresh.home.now()
    asked = triggering.force(home, PRESS, actor="a" * 64, reason="new bearings", now=now)
    assert "Retrain 1 asked for" in shown(fresh)
    home.retrains.start(asked.id, attempt=1, run_id="r1", now=home.now())
    assert "Collect under way" in shown(fresh)
    one_more_asset(home, asked.id, "r1")
    text = shown(fresh)
    assert "Collect done" in text
    assert "Prepare under way" in text
    assert "new bearings" in text
    home.retrains.close(asked.id, "failed", error="disk full\ndetails", now=home.now())
    text = shown(fresh)
    assert "Cooling down: nothing is asked for" in text
    assert "Retrain 1 ended in an error" in text
    assert "disk full" in text
    assert "details" not in text


def test_a_freeze_is_told_with_its_reason(fresh: Running):
    fresh.home.freezes.freeze(PRESS, "b" * 64, "overhaul of hall 2", fresh.home.now())
    text = shown(fresh)
    assert "Frozen: nothing is asked for" in text
    assert "Frozen by person bbbbbbbbbbbb" in text
    assert "overhaul of hall 2" in text


def test_what_a_person_typed_is_text(fresh: Running):
    now = fresh.home.now()
    triggering.force(fresh.home, PRESS, actor="a" * 64, reason="<script>alert(1)</script>", now=now)
    with signed_in(fresh) as client:
        page = client.get(PATH).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_wrong_settings_are_told(fresh: Running):
    (fresh.home.folder / "retrain.json").write_text('{"min_feedback": -1}')
    text = shown(fresh)
    assert "The settings cannot be read" in text
    assert "min_feedback" in text
