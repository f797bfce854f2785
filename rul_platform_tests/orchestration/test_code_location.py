"""What Dagster is told."""

import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from rul_platform.orchestration.code_location import ASSETS, build_defs
from rul_platform.orchestration.partitions import SUBSET_AND_ARCHITECTURE, cell
from rul_platform.storage.home import Home
from rul_platform_tests.orchestration.conftest import settings_of

README = Path(__file__).parents[2] / "README.md"


@pytest.fixture
def graph(tmp_path: Path) -> Any:
    """All assets and their edges."""
    defs = build_defs(Home(settings_of(tmp_path)))
    return defs.resolve_asset_graph()


def test_loading_the_code_location_imports_no_heavy_library():
    """The UI loads it again and again; torch alone would double its memory."""
    code = (
        "import sys; from rul_platform.definitions import defs; import dagster as dg; "
        "heavy = ('torch', 'sklearn', 'matplotlib', 'onnxruntime'); "
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_loading_the_code_location_opens_nothing(tmp_path: Path):
    build_defs(Home(settings_of(tmp_path / "home")))
    assert not (tmp_path / "home").exists()


def test_the_edges_are_those_of_the_design(graph: Any):
    edges = {
        (parent.to_user_string(), key.to_user_string())
        for key in graph.get_all_asset_keys()
        for parent in graph.get(key).parent_keys
    }
    assert edges == {
        ("raw_cmapss", "cmapss_windows"),
        ("cmapss_windows", "pretrained_checkpoint"),
        ("cmapss_windows", "cmapss_benchmark"),
        ("raw_cmapss", "transfer_study"),
        ("cmapss_windows", "transfer_study"),
        ("plant_source", "plant_readings"),
        ("landing", "plant_readings"),
        ("feedback", "plant_feedback"),
        ("outcomes", "plant_feedback"),
        ("plant_feedback", "plant_readings"),
        ("plant_readings", "plant_windows"),
        ("cmapss_windows", "tuned_recipe"),
        ("cmapss_windows", "method_log"),
        ("pretrained_checkpoint", "plant_tuned_recipe"),
        ("plant_windows", "plant_tuned_recipe"),
        ("pretrained_checkpoint", "plant_method_log"),
        ("plant_windows", "plant_method_log"),
        ("pretrained_checkpoint", "finetuned_model"),
        ("cmapss_windows", "finetuned_model"),
        ("plant_windows", "finetuned_model"),
        ("finetuned_model", "edge_model"),
        ("plant_windows", "edge_model"),
        ("finetuned_model", "evaluation_report"),
        ("plant_windows", "evaluation_report"),
        ("evaluation_report", "deployed_model"),
        ("deployed_model", "predictions"),
    }


def test_every_asset_says_who_owns_it_where_it_belongs_and_what_it_is():
    for definition in ASSETS:
        (spec,) = definition.specs
        assert spec.owners, spec.key
        assert spec.group_name, spec.key
        assert spec.code_version, spec.key
        assert "Upstream" in (spec.description or "") or "Downstream" in (spec.description or "")


def test_the_readme_names_every_asset(graph: Any):
    text = README.read_text()
    missing = [key for key in graph.get_all_asset_keys() if key.to_user_string() not in text]
    assert missing == []


def test_no_module_with_assets_hides_its_annotations():
    """`from __future__ import annotations` breaks Dagster's reading of them."""
    folder = Path(__file__).parents[2] / "rul_platform" / "orchestration"
    pattern = re.compile(r"^from __future__ import annotations|TYPE_CHECKING", re.MULTILINE)
    found = [p.name for p in (folder / "assets").glob("*.py") if pattern.search(p.read_text())]
    assert found == []


@pytest.mark.parametrize("key", ["lstm|FD001", "tcn|SIM"])
def test_a_key_of_two_dimensions_is_taken_apart_by_name(key: str):
    architecture, subset = key.split("|")
    assert cell(key) == (subset, architecture)
    assert key in SUBSET_AND_ARCHITECTURE.get_partition_keys()


def test_every_asset_waits_for_what_passes():
    """A body that nobody wrapped would fail for good when the database restarts."""
    bare = [
        definition.key.to_user_string()
        for definition in ASSETS
        if not hasattr(definition.op.compute_fn.decorated_fn, "__wrapped__")  # pyright: ignore
    ]
    assert bare == []


def test_old_models_and_old_readings_show_as_such():
    policies = {
        each.key.to_user_string(): next(iter(each.specs)).freshness_policy for each in ASSETS
    }
    days = dg.FreshnessPolicy.time_window(timedelta(days=180), timedelta(days=90))
    assert {name: policy for name, policy in policies.items() if policy is not None} == {
        "deployed_model": days,
        "plant_readings": days,
    }


def test_a_retrain_makes_the_whole_way_from_feedback_to_deployment(tmp_path: Path):
    job = build_defs(Home(settings_of(tmp_path))).resolve_job_def("retrain_plant")
    selected = {key.to_user_string() for key in job.asset_layer.executable_asset_keys}
    assert selected == {
        "plant_feedback",
        "plant_readings",
        "plant_windows",
        "finetuned_model",
        "evaluation_report",
        "deployed_model",
    }


def test_everything_that_happens_by_itself_is_switched_on(tmp_path: Path):
    repository = build_defs(Home(settings_of(tmp_path))).get_repository_def()
    sensors = {each.name: each.default_status.value for each in repository.sensor_defs}
    assert sensors == dict.fromkeys(
        (
            "new_plants",
            "retrain_on_feedback",
            "retrain_on_outcomes",
            "watch_data_drift",
            "guard_champions",
            "failed_runs",
            "finished_retrains",
            "send_alerts",
            "sign_ledger",
            "watch_switches",
            "follow_with_mlflow",
        ),
        "RUNNING",
    )
    assert {each.name for each in repository.schedule_defs} == {
        "nightly_audit_schedule",
        "nightly_check_schedule",
        "retention_schedule",
        "fallback_fire_drill_schedule",
    }
