"""Selections of assets that people, or sensors, start together, for one partition or for many.

A backfill of such a job is a run for each partition: that is how work on many plants spreads over
machines (docs/scale-out.md).
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg

RETRAINED = (
    "plant_feedback",
    "plant_readings",
    "plant_windows",
    "finetuned_model",
    "evaluation_report",
    "deployed_model",
)
"""What a retrain makes anew: collect, prepare, train, evaluate, deploy."""

RETRAIN_TAG = "rul/retrain"
"""Tag of a run that carries out a retrain: its id."""
ATTEMPT_TAG = "rul/attempt"
"""Tag of the same run: which attempt, from 1."""

RETRAIN_JOB = "retrain_plant"
"""Carries out a retrain that was asked for: the sensors name it, and so does every such run."""

ONBOARDED = RETRAINED[1:]

MAKES: dict[str, tuple[tuple[str, ...], str]] = {
    "onboard_plant": (
        ONBOARDED,
        "From a plant's own readings to its deployed model, in one run. Pick the plant as the "
        "partition; the pretrained checkpoint must exist.",
    ),
    RETRAIN_JOB: (
        RETRAINED,
        "Carries out a retrain that was asked for: `retrain_on_feedback` starts it. A run that a person "
        "starts here without the tags of a retrain makes the same assets and closes none.",
    ),
    "prepare_plant": (
        ("plant_readings", "plant_windows"),
        "Reads a plant's sources and cuts its windows. A backfill over plants is a run for each.",
    ),
    "train_plant": (
        ("finetuned_model",),
        "Tries the approaches for a plant and keeps the best as a candidate; deploys nothing.",
    ),
    "search_recipe": (("plant_tuned_recipe",), "Searches the best recipe for a plant."),
    "pretrain_network": (
        ("pretrained_checkpoint",),
        "Trains what plants start from, one run for each architecture.",
    ),
    "score_benchmark": (
        ("cmapss_benchmark",),
        "Trains and scores one model on one subset; a backfill over all of them is the benchmark.",
    ),
}
"""Job to what it makes and what it is for. All but ``prepare_plant`` train."""


def jobs(training_tags: Mapping[str, str]) -> list[Any]:
    """The jobs, each over the partitions of what it makes.

    Args:
        training_tags: Tags of a run that trains, for launchers that give every run a machine.
    """
    return [
        dg.define_asset_job(
            name,
            selection=list(assets),
            description=description,
            tags=None if name == "prepare_plant" else dict(training_tags),
        )
        for name, (assets, description) in MAKES.items()
    ]
