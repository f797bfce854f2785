"""Selections of assets that people, or sensors, start together."""

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

onboard_plant = dg.define_asset_job(
    "onboard_plant",
    selection=[
        "plant_readings",
        "plant_windows",
        "finetuned_model",
        "evaluation_report",
        "deployed_model",
    ],
    description="From a plant's own readings to its deployed model, in one run. Pick the plant as the "
    "partition; the pretrained checkpoint must exist.",
)

retrain_plant = dg.define_asset_job(
    "retrain_plant",
    selection=list(RETRAINED),
    description="Carries out a retrain that was asked for: `retrain_on_feedback` starts it. A run that "
    "a person starts here without the tags of a retrain makes the same assets and closes none.",
)
