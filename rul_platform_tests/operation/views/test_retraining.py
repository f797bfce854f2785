"""What is shown of a plant's retrains."""

from datetime import timedelta

import pytest

from rul_platform.operation import triggering
from rul_platform.operation.views.retraining import PHASES, phases, retraining_view
from rul_platform.storage.home import Home
from rul_platform_tests.operation.served import NOW, PRESS, add_version, serve

LATER = NOW + timedelta(days=3)
RUN = "run-1"


@pytest.fixture
def served(home: Home) -> Home:
    """With version 1 in charge."""
    serve(home)
    return home


def asked(home: Home) -> int:
    return triggering.force(home, PRESS, actor="system", reason="test", now=LATER).id


def made(home: Home, asset: str, *, minutes: int, run_id: str = RUN) -> None:
    """The run has made one more asset."""
    home.lineage.record(
        asset=asset, partition=PRESS, sha256=f"{minutes:064x}", run_id=run_id, code_version="1",
        parameters={}, environment={}, inputs=(), now=LATER + timedelta(minutes=minutes),
    )  # fmt: skip


def states(home: Home, number: int) -> list[str]:
    return [phase.state for phase in phases(home, home.retrains.get(number))]


def test_a_plant_without_a_model_asks_for_nothing(home: Home):
    found = retraining_view(home, PRESS, LATER)
    assert found.progress is not None
    assert not found.progress.has_model
    assert found.progress.is_blocked
    assert found.progress.verdict.satisfaction is None
    assert (found.now_open, found.past) == (None, ())


def test_phases_follow_what_the_run_has_made(served: Home):
    number = asked(served)
    assert states(served, number) == ["waiting"] * 5
    served.retrains.start(number, attempt=1, run_id=RUN, now=LATER)
    assert states(served, number) == ["under_way", *["waiting"] * 4]
    for minutes, asset in enumerate(asset for assets in PHASES.values() for asset in assets):
        made(served, asset, minutes=minutes)
    found = phases(served, served.retrains.get(number))
    assert {phase.state for phase in found} == {"done"}
    assert [phase.lasted for phase in found] == [timedelta(minutes=n) for n in (0, 2, 1, 1, 1)]


def test_a_phase_of_two_assets_is_done_with_both(served: Home):
    number = asked(served)
    served.retrains.start(number, attempt=1, run_id=RUN, now=LATER)
    made(served, "plant_feedback", minutes=1)
    made(served, "plant_readings", minutes=2)
    assert states(served, number) == ["done", "under_way", "waiting", "waiting", "waiting"]


def test_what_another_run_made_is_not_this_retrains(served: Home):
    number = asked(served)
    made(served, "plant_feedback", minutes=1, run_id="another")
    served.retrains.start(number, attempt=1, run_id=RUN, now=LATER)
    assert states(served, number)[0] == "under_way"


def test_a_retrain_that_failed_stopped_somewhere(served: Home):
    number = asked(served)
    served.retrains.start(number, attempt=1, run_id=RUN, now=LATER)
    made(served, "plant_feedback", minutes=1)
    served.retrains.close(number, "failed", error="disk full", now=LATER)
    assert states(served, number) == ["done", *["stopped"] * 4]


def test_the_open_retrain_is_not_among_the_past_ones(served: Home):
    number = asked(served)
    found = retraining_view(served, PRESS, LATER)
    assert found.now_open is not None
    assert found.now_open.retrain.id == number
    assert found.past == ()
    served.retrains.close(number, "failed", error="disk full", now=LATER)
    found = retraining_view(served, PRESS, LATER)
    assert found.now_open is None
    assert [row["error"] for row in found.past] == ["disk full"]


def test_cool_downs_and_a_freeze_stand_against_it(served: Home):
    served.retrains.close(asked(served), "rejected", now=LATER)
    served.freezes.freeze(PRESS, "a" * 64, "overhaul", LATER)
    progress = retraining_view(served, PRESS, LATER + timedelta(hours=1)).progress
    assert progress is not None
    assert progress.is_blocked
    assert [(each.after, each.until) for each in progress.cool_downs] == [
        ("retrain", LATER + timedelta(hours=24))
    ]
    assert progress.freeze is not None
    assert progress.freeze.reason == "overhaul"
    progress = retraining_view(served, PRESS, LATER + timedelta(hours=24)).progress
    assert progress is not None
    assert progress.cool_downs == ()


def test_wrong_settings_are_told_and_the_rest_is_shown(served: Home):
    number = asked(served)
    (served.folder / "retrain.json").write_text('{"min_feedback": -1}')
    found = retraining_view(served, PRESS, LATER)
    assert found.progress is None
    assert "min_feedback" in found.problem
    assert found.now_open is not None
    assert found.now_open.retrain.id == number


def test_a_model_without_files_cannot_be_asked_about_outcomes(home: Home):
    version = add_version(home, seed=0)
    gate = {"evidence": {"candidate_rmse": 5.0}}
    home.registry.deploy(PRESS, 1, expected_champion=None, evidence=gate, now=NOW)
    progress = retraining_view(home, PRESS, LATER).progress
    assert progress is not None
    assert progress.outcomes is not None
    assert progress.outcomes.numbers["claimed_rmse"] == 5.0
    home.store.path(home.store.artifact(version.sha256), "card.json").unlink()
    progress = retraining_view(home, PRESS, LATER).progress
    assert progress is not None
    assert progress.outcomes is None
