"""What a step needs, and which assets say that they train."""

import json
from pathlib import Path

import pytest

from rul_platform.orchestration.code_location import ASSETS, build_defs
from rul_platform.orchestration.jobs import MAKES
from rul_platform.orchestration.step_needs import (
    KUBERNETES_TAG,
    LIGHT,
    TRAINS,
    StepNeeds,
    needs_of,
    run_tags,
    training_needs,
)
from rul_platform.settings import Settings
from rul_platform.storage.home import Home

TRAINING = {
    "pretrained_checkpoint",
    "cmapss_benchmark",
    "transfer_study",
    "finetuned_model",
    "edge_model",
    "tuned_recipe",
    "plant_tuned_recipe",
    "method_log",
    "plant_method_log",
}


def settings(folder: Path, **environ: str) -> Settings:
    return Settings.read({"RUL_HOME": str(folder), "RUL_CMAPSS_URL": "", **environ})


def test_every_asset_that_trains_says_so_and_no_other():
    tagged = {
        each.key.to_user_string() for each in ASSETS if TRAINS.items() <= each.op.tags.items()
    }

    assert tagged == TRAINING


def test_a_training_needs_what_the_settings_say_and_all_else_half_a_core(tmp_path: Path):
    asked = settings(tmp_path, RUL_TRAINING_CPUS="4", RUL_TRAINING_GPUS="1")

    assert needs_of(TRAINS, training_needs(asked)) == StepNeeds(cpus=4, gpus=1)
    assert needs_of({"rul/needs": "something else"}, training_needs(asked)) == LIGHT
    assert training_needs(settings(tmp_path)) == StepNeeds(cpus=1)


def test_runs_carry_tags_for_kubernetes_only_where_somebody_asked(tmp_path: Path):
    assert run_tags(settings(tmp_path)) == {}

    tags = run_tags(settings(tmp_path, RUL_TRAINING_GPUS="1"))

    assert json.loads(tags[KUBERNETES_TAG]) == {
        "container_config": {
            "resources": {"requests": {"cpu": "1"}, "limits": {"nvidia.com/gpu": "1"}}
        }
    }


@pytest.mark.parametrize("name", MAKES)
def test_every_job_that_trains_has_the_tags_of_a_training(name: str, tmp_path: Path):
    asked = settings(tmp_path, RUL_TRAINING_CPUS="2")

    job = build_defs(Home(asked)).resolve_job_def(name)

    made = {key.to_user_string() for key in job.asset_layer.executable_asset_keys}
    assert (KUBERNETES_TAG in job.tags) is bool(made & TRAINING)


@pytest.mark.parametrize("name", MAKES)
def test_every_job_is_over_partitions(name: str, tmp_path: Path):
    """So that many plants are a backfill, and a backfill is a run for each."""
    assert build_defs(Home(settings(tmp_path))).resolve_job_def(name).partitions_def is not None
