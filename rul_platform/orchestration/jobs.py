"""Selections of assets that people start together."""

import dagster as dg

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
