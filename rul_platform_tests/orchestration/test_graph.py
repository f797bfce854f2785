"""From raw text to a deployed model, with lineage that can be followed back."""

import json

import dagster as dg
import numpy as np

from rul_platform.core.fleet import Fleet
from rul_platform.orchestration import contestants
from rul_platform.orchestration.checks import CHECKS
from rul_platform.orchestration.contestants import lives_of, predictor_of
from rul_platform.orchestration.step import current
from rul_platform.reports.planning import NO_CURVE
from rul_platform_tests.orchestration.conftest import PUMPS, WHOLE_WAY, Works

PARTITION_OF = {
    "raw_cmapss": "SIM",
    "cmapss_windows": "SIM",
    "pretrained_checkpoint": "gru",
    "plant_readings": PUMPS,
    "plant_windows": PUMPS,
    "finetuned_model": PUMPS,
    "evaluation_report": PUMPS,
    "deployed_model": PUMPS,
}


def test_the_first_good_model_is_in_charge(finished: Works):
    champion = finished.home.registry.champion(PUMPS)
    assert champion is not None
    assert champion.number == 1
    assert champion.sha256 == current(finished.home, "finetuned_model", PUMPS).sha256


def test_every_artifact_is_whole(finished: Works):
    for asset, partition in PARTITION_OF.items():
        sha256 = current(finished.home, asset, partition).sha256
        assert finished.home.store.verify(sha256) == ()


def test_the_content_hash_is_dagsters_data_version(finished: Works):
    """The UI and our tables say the same."""
    for asset, partition in PARTITION_OF.items():
        records = finished.instance.fetch_materializations(
            dg.AssetRecordsFilter(dg.AssetKey(asset), asset_partitions=[partition]), limit=1
        ).records
        tags = records[0].asset_materialization.tags or {}
        assert tags["dagster/data_version"] == current(finished.home, asset, partition).sha256


def test_every_materialisation_says_what_it_read(finished: Works):
    """From the deployed model back to the raw bytes and the plant's own files."""
    deployed = current(finished.home, "deployed_model", PUMPS).sha256
    walked = finished.home.lineage.ancestors(deployed)
    assert {step.asset for step in walked} == set(PARTITION_OF)
    reads = {(step.asset, read.asset) for step in walked for read in step.inputs}
    assert reads >= {
        ("cmapss_windows", "raw_cmapss"),
        ("pretrained_checkpoint", "cmapss_windows"),
        ("plant_readings", "plant_source"),
        ("finetuned_model", "pretrained_checkpoint"),
        ("finetuned_model", "plant_windows"),
        ("evaluation_report", "finetuned_model"),
        ("deployed_model", "evaluation_report"),
    }


def test_every_materialisation_names_its_run_code_and_environment(finished: Works):
    for asset, partition in PARTITION_OF.items():
        made = finished.home.lineage.current(asset, partition)
        assert made is not None
        assert finished.instance.get_run_by_id(made.run_id) is not None
        assert len(made.code_version) == 16
        assert {"python", "torch", "numpy", "machine"} <= set(made.environment)


def test_every_check_of_a_made_asset_passed_for_its_partition(finished: Works):
    """Of the pumps, of SIM and of the GRU; those that only warn may find a tiny network wanting."""
    for check in CHECKS:
        key, asset = check.key, check.asset
        records = finished.instance.event_log_storage.get_asset_check_execution_history(key, 1)
        assert records, key
        evaluation = records[0].event.dagster_event.asset_check_evaluation_data
        assert evaluation.partition == PARTITION_OF[asset]
        assert evaluation.passed or evaluation.severity == dg.AssetCheckSeverity.WARN, key


def test_nothing_is_made_again_when_nothing_changed(finished: Works):
    assert all(finished.pipeline.is_current(stage) for stage in WHOLE_WAY)


def test_making_everything_again_gives_the_same_bytes(finished: Works):
    """Same inputs, same seed, same machine: the same hash for every artifact but the judgement's.

    The first judgement had no champion to compare with, the second finds the model itself in charge.
    """
    before = {a: current(finished.home, a, p).sha256 for a, p in PARTITION_OF.items()}
    finished.run(*WHOLE_WAY)
    after = {a: current(finished.home, a, p).sha256 for a, p in PARTITION_OF.items()}
    judged = {"evaluation_report", "deployed_model"}
    assert {a for a in before if before[a] != after[a]} <= judged
    verdict = json.loads(current(finished.home, "evaluation_report", PUMPS).read("gate.json"))
    assert verdict["verdict"] == "IN_CHARGE"
    assert [v.number for v in finished.home.registry.versions(PUMPS)] == [1]
    assert len(finished.home.registry.deployments(PUMPS)) == 1


def test_the_report_is_stored_with_the_numbers_it_shows(finished: Works):
    files = current(finished.home, "evaluation_report", PUMPS)
    names = {score["model"] for score in json.loads(files.read("scores.json"))}
    assert {"fine-tuned", "from scratch", "boosting", "constant"} <= names
    assert b"simulated" in files.read("report.html")
    assert set(files.table("predictions.parquet")) >= {"unit", "life", "truth", "interval_low"}


def test_alarms_are_seen_at_every_reading_of_the_test_units(finished: Works):
    """Where the scores look, both say the same."""
    files = current(finished.home, "evaluation_report", PUMPS)
    windows = current(finished.home, "plant_windows", PUMPS)
    roles, readings = json.loads(windows.read("splits.json")), windows.table("readings.parquet")
    tested = readings[readings["unit"].map(roles) == "test"]
    lives = files.table("lives.parquet")
    assert (
        lives[["unit", "life"]].to_numpy().tolist() == tested[["unit", "life"]].to_numpy().tolist()
    )
    cuts = files.table("predictions.parquet").merge(lives, on=["unit", "life"], how="left")
    assert len(cuts) < len(lives)
    assert np.allclose(cuts["predicted_fine_tuned"], cuts["predicted"], rtol=0, atol=1e-4)
    assert np.array_equal(cuts["truth_x"], cuts["truth_y"])
    assert NO_CURVE.encode() not in files.read("report.html")


def test_a_unit_that_still_runs_has_no_alarm_that_came_in_time_or_too_late(finished: Works):
    model = predictor_of(current(finished.home, "finetuned_model", PUMPS))
    fleet = contestants.tested_fleet(current(finished.home, "plant_windows", PUMPS))
    running, *failed = fleet.units["unit"]
    still = fleet.units["unit"] == running
    units = fleet.units.assign(rul_at_end=fleet.units["rul_at_end"].mask(still))
    lives = lives_of(model, Fleet(fleet.readings, units))
    assert lives is not None
    assert sorted(lives.readings) == sorted(set(lives.unit_ids)) == sorted(failed)
    assert lives.is_whole
    assert lives_of(model, Fleet(fleet.readings, units.assign(rul_at_end=np.nan))) is None


def test_weights_that_do_not_fit_are_named_on_the_card(finished: Works):
    """A pump measures nothing that a turbofan does, but its age."""
    card = json.loads(current(finished.home, "finetuned_model", PUMPS).read("card.json"))
    (skipped,) = card["transfer"]["skipped"]
    assert skipped["name"] == "input_layer.weight"
    assert "vibration_mm_s" in skipped["why"]
    assert "T24" in skipped["why"]
