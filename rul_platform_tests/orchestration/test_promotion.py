"""The gate in the graph: a retrained model of a small plant is scored, held and recorded."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import dagster as dg
import numpy as np
import pytest

from rul_platform.core.evaluation import BOOSTING, CHAMPION, CONSTANT, FINE_TUNED, evaluate
from rul_platform.core.gate import Verdict
from rul_platform.core.policy import Policy
from rul_platform.core.predicted_units import PredictedUnits
from rul_platform.errors import CheckFailedError
from rul_platform.orchestration.checks import promotion_gate
from rul_platform.orchestration.contest import Contest
from rul_platform.orchestration.pipeline import Stage
from rul_platform.orchestration.settings_in_force import settings_in_force
from rul_platform.orchestration.step import Files, current
from rul_platform_tests.orchestration.conftest import HARDLY, JUDGEMENT, PUMPS, Works, copy_of


@pytest.fixture(scope="module")
def held(better_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Works]:
    """A second model, better than the champion on six test units; nobody may change this home."""
    with copy_of(better_home, tmp_path_factory.mktemp("held")) as works:
        works.run(JUDGEMENT)
        yield works


@pytest.fixture
def judged(held: Works) -> Files:
    """The evaluation of the second model."""
    return current(held.home, "evaluation_report", PUMPS)


@pytest.fixture
def verdict(judged: Files) -> Verdict:
    """Its gate's answer."""
    return Verdict.from_json(json.loads(judged.read("gate.json")))


def test_a_gain_on_six_units_is_held_and_the_champion_stays(held: Works, verdict: Verdict):
    assert verdict.verdict == "HOLD"
    assert "fewer than 30 test units cannot tell that from chance" in verdict.reasons[0]
    states = [version.state for version in held.home.registry.versions(PUMPS)]
    assert states == ["champion", "candidate"]


def test_a_held_verdict_is_shown_as_a_warning(held: Works):
    storage = held.instance.event_log_storage
    (record,) = storage.get_asset_check_execution_history(promotion_gate.key, 1)
    found = record.event.dagster_event.asset_check_evaluation_data

    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert found.description.startswith("HOLD: RMSE ")


def test_both_models_are_scored_now_on_the_same_set(held: Works, verdict: Verdict):
    """The first judgement scored the same units at the same points, so the set has the same name."""
    overall = verdict.evidence.overall
    assert overall is not None
    assert (overall.candidate, overall.champion) == (
        pytest.approx(verdict.evidence.candidate_rmse),
        pytest.approx(verdict.evidence.champion_rmse),
    )
    first, second = held.home.gates.history(PUMPS)
    assert (first.verdict, second.verdict) == ("PROMOTE", "HOLD")
    sets = {gate.record["evidence"]["evaluation_set"] for gate in (first, second)}
    assert len(sets) == 1


def test_protected_slices_are_late_predictions_the_end_of_life_and_each_condition(verdict: Verdict):
    names = [pair.name for pair in verdict.evidence.slices]

    assert names[0] == "late predictions"
    assert names[1].startswith("last ")
    assert names[1].endswith(" hours of life")
    assert all(name.startswith("operating condition ") for name in names[2:])
    assert len(names) > 3


def test_the_recipe_is_repeated_with_two_other_seeds(held: Works, verdict: Verdict):
    noise = verdict.evidence.noise
    assert noise is not None
    assert noise.seeds == (0, 1000, 2000)
    assert noise.rmse[0] == pytest.approx(verdict.evidence.candidate_rmse)
    assert len(set(noise.rmse)) == 3
    first = held.home.gates.history(PUMPS)[0]
    assert first.record["evidence"]["noise"] is None  # nothing to compare it with


def test_the_answer_is_kept_with_all_its_numbers_and_the_settings(held: Works, judged: Files):
    home = held.home
    gate = home.gates.latest(PUMPS, 2)
    assert gate is not None
    assert gate.record == json.loads(judged.read("gate.json"))
    assert (gate.report, gate.sha256, gate.retrain_id) == (
        judged.sha256,
        home.registry.version(PUMPS, 2).sha256,
        None,
    )
    assert Policy(**home.snapshots.get(gate.record["settings"])) == Policy()
    rows = home.ledger.of_plant(PUMPS, ["gate"])
    assert [json.loads(row.body)["verdict"] for row in rows] == ["PROMOTE", "HOLD"]


def test_the_report_tells_verdict_gain_slices_and_noise(judged: Files):
    page = judged.read("report.html").decode()

    assert "Promotion gate" in page
    assert "The champion stays in charge until a person approves this model." in page
    assert "Trained 3 times with nothing but another seed" in page
    assert "late predictions" in page


def test_the_ui_shows_the_gain_and_the_noise(held: Works):
    key = dg.AssetKey("evaluation_report")
    record = held.instance.fetch_materializations(key, limit=1).records[0]
    shown = record.asset_materialization.metadata

    assert shown["gate"].value == "HOLD"
    assert shown["rmse_gain_percent"].value > 2
    assert shown["seed_noise_percent"].value > 0
    assert len(shown["gate_slices"].records) > 3


def test_a_candidate_that_began_as_the_champion_is_repeated_from_there(finished: Works):
    """Whatever comes of it: the evaluation has read the champion as the start of the training."""
    champion = finished.home.registry.champion(PUMPS)
    assert champion is not None
    config = {"finetuned_model": {**HARDLY, "start": "champion"}}
    finished.run(Stage(("finetuned_model",), PUMPS, config))
    with suppress(CheckFailedError):
        finished.run(replace(JUDGEMENT, assets=("evaluation_report",)))

    candidate = current(finished.home, "finetuned_model", PUMPS)
    card = json.loads(candidate.read("card.json"))
    assert (card["start"]["from"], card["start"]["sha256"]) == ("champion", champion.sha256)
    made = finished.home.lineage.current("evaluation_report", PUMPS)
    assert made is not None
    reads = [read.sha256 for read in made.inputs if read.asset == "finetuned_model"]
    assert reads == [candidate.sha256, champion.sha256, champion.sha256]  # as start, and in charge


def test_a_retrain_goes_by_the_settings_it_was_asked_for_with(finished: Works):
    home = finished.home
    asked = home.configured(PUMPS, {"gate": "threshold"})
    kept = home.snapshots.keep(asked, home.now())
    retrain = home.retrains.open(
        plant=PUMPS, trigger="forced", watermark=None, snapshot=kept, cause={}, now=home.now()
    )

    assert settings_in_force(home, PUMPS, retrain.id) == (Policy(gate="threshold"), kept)
    policy, _ = settings_in_force(home, PUMPS, None)
    assert policy == Policy()


def test_with_another_label_cap_both_are_held_to_the_smaller_one():
    """The champion says 150 where 150 is right; a candidate whose cap is 100 cannot."""
    units = np.repeat([f"u{n}" for n in range(6)], 2)
    said = {FINE_TUNED: 90.0, CHAMPION: 150.0, CONSTANT: 50.0, BOOSTING: 60.0}
    predicted = PredictedUnits(
        title="press",
        life_unit="hours",
        cap=100.0,
        unit_ids=units,
        life=np.arange(12.0),
        truth=np.full(12, 150.0),
        predictions={name: np.full(12, value) for name, value in said.items()},
        main=FINE_TUNED,
    )
    facts = dict.fromkeys(
        ("champion_number", "incomparable", "champion_silent"), None
    ) | dict.fromkeys(("lowest_output", "highest_output", "onnx_difference"), 0.0)
    facts |= {"candidate": "a" * 64, "champion": "b" * 64, "evaluation_set": "c" * 64}
    contest = Contest(predicted, facts, np.full(12, "0"), noise=None, cap=100.0)

    found = contest.evidence(evaluate(predicted, seed=0), seed=0).overall

    assert found is not None
    assert (found.candidate, found.champion) == (10.0, 0.0)
