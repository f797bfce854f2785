"""What is collected: which feedback, no persons, and labels that say where they come from."""

from rul_platform.orchestration.pipeline import Stage
from rul_platform.orchestration.step import Files, current
from rul_platform_tests.orchestration.at_work import (
    NOW,
    PERSON,
    became,
    predicted,
    rated,
    stop_the_clock,
    told,
)
from rul_platform_tests.orchestration.conftest import PUMPS, Works

COLLECTING = Stage(("plant_feedback",), PUMPS)


def collect(works: Works, **tags: str) -> tuple[Files, dict[str, object]]:
    """The artifact, and what the UI is told."""
    works.run(Stage(COLLECTING.assets, PUMPS, tags={f"rul/{key}": tags[key] for key in tags}))
    return current(works.home, "plant_feedback", PUMPS), told(works, "plant_feedback")


def test_feedback_is_collected_with_prediction_and_outcome_and_without_persons(finished: Works):
    stop_the_clock(finished)
    asked = predicted(finished, "pump-21", 30.0, 20.0)
    other = predicted(finished, "pump-22", 30.0, 900.0)
    rated(finished, asked, "negative")
    rated(finished, other, "positive")
    rated(finished, predicted(finished, "pump-23", 30.0, 20.0), "negative", days_ago=31)
    failed = became(finished, "pump-21", "failed", 45.0)

    files, shown = collect(finished)

    table = files.table("feedback.parquet").set_index("prediction_id")
    assert set(table.index) == {asked, other}
    row = table.loc[asked]
    assert (row["rating"], row["reason"], row["life"], row["rul_high"]) == (
        "negative", "too_early", 30.0, 20.0,
    )  # fmt: skip
    assert (row["outcome"], row["outcome_life"]) == ("failed", 45.0)
    assert table.loc[[other], "outcome"].isna().all()
    assert not any(PERSON.encode() in files.read(name) for name in files.artifact.files)
    assert not {"person", "salt", "commitment"} & set(table.columns)

    labels = files.table("labels.parquet")
    assert labels.loc[labels["unit"] == "pump-21", ["kind", "life", "source"]].values.tolist() == [
        ["failed", 45.0, f"outcome {failed}"]
    ]
    assert files.table("outcomes.parquet")["id"].tolist() == [failed]
    assert shown["collected"] == "all of the last 30 days: no retraining asked for this run"
    wanted = {"feedback": 2, "negative": 1, "satisfaction": 0.5, "negative_with_outcome": 1}
    assert {name: shown[name] for name in wanted} == wanted
    assert (shown["failed_by_outcome"], shown["newly_labelled"]) == (1, 1)


def test_a_retraining_collects_what_it_consumed_and_nothing_else(finished: Works):
    stop_the_clock(finished)
    home = finished.home
    consumed = rated(finished, predicted(finished, "pump-21", 30.0, 20.0), "negative")
    home.feedback.roll_up()
    retrain = home.retrains.open(
        plant=PUMPS,
        trigger="feedback",
        watermark=1,
        snapshot=home.snapshots.keep(home.configured(PUMPS), NOW),
        cause={},
        now=NOW,
    )
    home.feedback.claim(PUMPS, NOW.replace(day=1), retrain.id)
    rated(finished, predicted(finished, "pump-22", 30.0, 20.0), "negative")

    files, shown = collect(finished, retrain=str(retrain.id), attempt="1")

    assert files.table("feedback.parquet")["id"].tolist() == [consumed]
    assert shown["collected"] == f"what retraining {retrain.id} consumed"


def test_nothing_said_and_nothing_seen_is_an_empty_collection(finished: Works):
    stop_the_clock(finished)
    files, shown = collect(finished)
    assert len(files.table("labels.parquet")) == 0
    assert shown["satisfaction"] == "nobody said anything"
    assert shown["newly_labelled"] == 0
    again, _ = collect(finished)
    assert again.sha256 == files.sha256


def test_a_label_is_new_once(finished: Works):
    stop_the_clock(finished)
    became(finished, "pump-21", "failed", 45.0)
    _, first = collect(finished)
    _, second = collect(finished)
    assert (first["newly_labelled"], second["newly_labelled"]) == (1, 0)


def test_the_collection_names_the_tables_that_it_was_made_from(finished: Works):
    stop_the_clock(finished)
    rated(finished, predicted(finished, "pump-21", 30.0, 20.0), "negative")
    collect(finished)
    made = finished.home.lineage.current("plant_feedback", PUMPS)
    assert made is not None
    assert {read.asset for read in made.inputs} == {"feedback", "outcomes", "predictions"}
