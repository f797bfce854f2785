"""What people said of a plant's predictions, what became of its machines, and the labels that follow.

In a retraining, the feedback that this retraining consumed; else all of the last days, consumed or not.
Outcomes and predictions are taken in whole, since a label does not grow old. Persons stay in their
table: no pseudonym is written here. `labels.parquet` says which unit failed, left service, or outlived
a prediction, and from which outcome or prediction that is known.

Upstream `feedback` and `outcomes` (external); downstream `plant_readings`.
"""

from collections.abc import Iterable, Mapping

import dagster as dg
import pandas as pd

from rul_platform.core.canonical import sha256
from rul_platform.core.outcomes import AT_LEAST, FAILED, labels_of
from rul_platform.core.parquet import to_parquet
from rul_platform.core.trigger import window_start
from rul_platform.orchestration.partitions import PLANT
from rul_platform.orchestration.retries import retrying
from rul_platform.orchestration.step import DATA_CODE, Files, Metadata, Step
from rul_platform.storage.feedback_rows import Feedback
from rul_platform.storage.home import Home
from rul_platform.storage.plant_source import load_plant

MOMENT = "datetime64[us, UTC]"
FEEDBACK = {
    "id": "str",
    "prediction_id": "str",
    "unit": "str",
    "number": "int64",
    "rating": "str",
    "reason": "str",
    "created_at": MOMENT,
}
OUTCOMES = {"id": "str", "unit": "str", "kind": "str", "life": "float64", "observed_at": MOMENT}
PREDICTIONS = {
    "id": "str",
    "unit": "str",
    "life": "float64",
    "rul": "float64",
    "rul_low": "float64",
    "rul_high": "float64",
    "created_at": MOMENT,
}


@dg.asset(
    description=__doc__,
    partitions_def=PLANT,
    deps=["feedback", "outcomes"],
    group_name="plant",
    kinds={"parquet"},
    owners=["team:plant"],
    code_version=DATA_CODE,
)
@retrying()
def plant_feedback(
    context: dg.AssetExecutionContext, home: dg.ResourceParam[Home]
) -> dg.MaterializeResult:
    """Read, join, write, report."""
    name = context.partition_key
    step = Step(context, home)
    plant = load_plant(home.plant_file(name))
    said, which = _said(home, name, step.retrain_id)
    feedback = _table(said, FEEDBACK)
    outcomes = _table(home.outcomes.of_plant(name), OUTCOMES)
    predictions = _table(home.predictions.answered(name), PREDICTIONS)
    labels = labels_of(outcomes, predictions, cap=plant.label.cap)
    earlier = step.read_if_made("plant_feedback", name)

    joined = _joined(feedback, predictions, outcomes)
    files = {
        "feedback.parquet": to_parquet(joined),
        "outcomes.parquet": to_parquet(outcomes),
        "labels.parquet": to_parquet(labels),
    }
    step.note_source("feedback", name, sha256(to_parquet(feedback)))
    step.note_source("outcomes", name, sha256(files["outcomes.parquet"]))
    step.note_source("predictions", name, sha256(to_parquet(predictions)))
    return step.publish(
        files,
        parameters={},
        metadata={"collected": which, **_numbers(joined, outcomes), **_learned(labels, earlier)},
        table="labels.parquet",
    )


def _said(home: Home, plant: str, retrain_id: int | None) -> tuple[tuple[Feedback, ...], str]:
    """The feedback to collect, oldest first, and which that is, in words."""
    if retrain_id is not None:
        said = home.feedback.claimed(retrain_id)
        which = f"what retraining {retrain_id} consumed"
    else:
        policy = home.configured(plant).policy
        said = home.feedback.since(plant, window_start(home.now(), policy))
        which = f"all of the last {policy.days_back} days: no retraining asked for this run"
    return tuple(sorted(said, key=lambda each: (each.created_at, each.id))), which


def _table(rows: Iterable[object], columns: Mapping[str, str]) -> pd.DataFrame:
    """These columns of records, and no other: what names a person is not among them."""
    records = [[getattr(row, name) for name in columns] for row in rows]
    return pd.DataFrame(records, columns=list(columns)).astype(dict(columns))


def _joined(
    feedback: pd.DataFrame, predictions: pd.DataFrame, outcomes: pd.DataFrame
) -> pd.DataFrame:
    """Each rating with what was predicted and what became of the unit, NaN where nobody knows."""
    asked = predictions[["id", "life", "rul", "rul_low", "rul_high"]]
    asked = asked.rename(columns={"id": "prediction_id"})
    latest = outcomes.sort_values(["life", "id"]).drop_duplicates("unit", keep="last")
    became = latest[["unit", "kind", "life"]]
    became = became.rename(columns={"kind": "outcome", "life": "outcome_life"})
    with_prediction = feedback.merge(asked, on="prediction_id", how="left", validate="m:1")
    return with_prediction.merge(became, on="unit", how="left", validate="m:1")


def _numbers(feedback: pd.DataFrame, outcomes: pd.DataFrame) -> Metadata:
    is_negative = feedback["rating"] == "negative"
    return {
        "feedback": len(feedback),
        "negative": int(is_negative.sum()),
        "satisfaction": float(1 - is_negative.mean()) if len(feedback) else "nobody said anything",
        "negative_with_outcome": int((is_negative & feedback["outcome"].notna()).sum()),
        "outcomes": len(outcomes),
    }


def _learned(labels: pd.DataFrame, earlier: Files | None) -> Metadata:
    """How many units have a label, and how many of them had none in the collection before."""
    labelled = _labelled(labels)
    before = set[str]() if earlier is None else _labelled(earlier.table("labels.parquet"))
    return {
        "failed_by_outcome": int((labels["kind"] == FAILED).sum()),
        "outlived_a_prediction": int((labels["kind"] == AT_LEAST).sum()),
        "newly_labelled": len(labelled - before),
    }


def _labelled(labels: pd.DataFrame) -> set[str]:
    return set(labels.loc[labels["kind"].isin([FAILED, AT_LEAST]), "unit"])
