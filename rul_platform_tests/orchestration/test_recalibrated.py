"""A champion whose interval was made anew: for retrains and the gate it is the model that it was."""

import json
from typing import Any

import pytest

from rul_platform.core.canonical import canonical_json
from rul_platform.operation import deploying, triggering
from rul_platform.operation.recalibrating import recalibrate
from rul_platform.orchestration.retrain_runs import configs
from rul_platform.orchestration.step import current
from rul_platform_tests.orchestration.at_work import NOW, became, predicted, stop_the_clock
from rul_platform_tests.orchestration.conftest import JUDGEMENT, PUMPS, Works

ANN: dict[str, Any] = {"actor": "a" * 64, "reason": "too narrow", "now": NOW}


def get_another_interval(works: Works, prefix: str = "x") -> None:
    """Twenty machines that the champion answered for failed, all of them sooner than it said."""
    stop_the_clock(works)
    for number in range(20):
        unit = f"{prefix}{number}"
        predicted(works, unit, life=50.0, rul_high=20.0)
        became(works, unit, "failed", 55.0)
    recalibrate(works.home, PUMPS, **ANN)


def force_another(works: Works) -> None:
    """A model of another recipe, forced in by a person."""
    home, model = works.home, current(works.home, "finetuned_model", PUMPS)
    files = {name: model.read(name) for name in model.artifact.files}
    card = json.loads(files["card.json"]) | {"made": "by hand"}
    made = home.store.write(files | {"card.json": canonical_json(card)})
    home.lineage.record(
        asset="finetuned_model", partition=PUMPS, sha256=made.sha256, run_id="by hand",
        code_version="", parameters={"steps": 7}, environment={}, inputs=(), now=home.now(),
    )  # fmt: skip
    number = home.registry.register(PUMPS, made.sha256, now=home.now()).number
    over = home.registry.champion(PUMPS)
    assert over is not None
    home.registry.deploy(
        PUMPS, number, expected_champion=over.number, evidence={"kind": "forced"}, now=home.now()
    )


def recipe(works: Works) -> dict[str, dict[str, Any]]:
    """What the next retrain would do."""
    asked = triggering.force(works.home, PUMPS, flags={}, **ANN)
    found = configs(works.home, asked)
    works.home.retrains.close(asked.id, "cancelled", now=NOW)
    return found


def in_charge(works: Works) -> int:
    champion = works.home.registry.champion(PUMPS)
    assert champion is not None
    return champion.number


def test_a_retrain_keeps_the_recipe_of_what_was_recalibrated(finished: Works):
    before = recipe(finished)

    get_another_interval(finished)
    get_another_interval(finished, "y")

    assert in_charge(finished) == 3
    assert recipe(finished) == before
    assert before["finetuned_model"]["steps"] == 90
    assert before["plant_windows"]["window"] == 30


def test_a_rollback_to_a_recalibrated_version_keeps_its_recipe(finished: Works):
    before = recipe(finished)
    get_another_interval(finished)
    force_another(finished)
    deploying.rollback(finished.home, PUMPS, **ANN)

    assert in_charge(finished) == 2
    assert recipe(finished) == before


def test_a_recalibration_makes_no_forced_recipe_trusted(finished: Works):
    before = recipe(finished)
    stop_the_clock(finished)
    force_another(finished)
    get_another_interval(finished)

    assert in_charge(finished) == 3
    assert recipe(finished) == before


def test_a_recalibrated_champion_is_judged_already(finished: Works):
    get_another_interval(finished)
    assert finished.pipeline.is_current(JUDGEMENT)


@pytest.mark.parametrize("policy", [{"gate": "threshold", "min_improvement": 0.0}])
def test_judging_the_candidate_again_does_not_undo_the_recalibration(
    finished: Works, policy: dict[str, object]
):
    get_another_interval(finished)
    (finished.home.settings.home / "retrain.json").write_text(json.dumps(policy))
    before = finished.home.registry.versions(PUMPS), finished.home.registry.deployments(PUMPS)

    finished.run(JUDGEMENT)

    verdict = json.loads(current(finished.home, "evaluation_report", PUMPS).read("gate.json"))
    evidence = verdict["evidence"]
    assert (verdict["verdict"], evidence["champion_number"]) == ("IN_CHARGE", 2)
    assert evidence["candidate"] != evidence["champion"]
    assert evidence["candidate_predicts"] == evidence["champion_predicts"]
    registry = finished.home.registry
    assert (registry.versions(PUMPS), registry.deployments(PUMPS)) == before
    told = json.loads(current(finished.home, "deployed_model", PUMPS).read("deployment.json"))
    assert told["decision"] == "in charge"
    assert finished.pipeline.is_current(JUDGEMENT)
