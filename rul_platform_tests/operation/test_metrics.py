"""Figures of a plant at work, worked out by hand."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from rul_platform.core.trigger import wilson
from rul_platform.operation import metrics, triggering
from rul_platform.operation.intake import FeedbackRow, OutcomeRow, add_feedback, add_outcomes
from rul_platform.storage.alerts import NewAlert
from rul_platform.storage.home import Home
from rul_platform_tests.operation.served import CAP_HOURS, NOW, PRESS, add_version, serve

LATER = NOW + timedelta(days=3)


@pytest.fixture
def served(home: Home) -> Home:
    """With version 1 in charge."""
    serve(home)
    return home


def answered(home: Home, unit: str, life: float, rul: float, **other: Any) -> str:
    """An answer of version 1, with an interval of ten hours on either side."""
    version = home.registry.version(PRESS, 1)
    values: dict[str, Any] = {
        "rul": rul,
        "rul_low": rul - 10,
        "rul_high": rul + 10,
        "inference_ms": 2.0,
    }
    return home.predictions.record(
        plant=PRESS, unit=unit, number=1, sha256=version.sha256, life=life,
        now=NOW + timedelta(hours=1), **(values | other),
    )  # fmt: skip


def test_satisfaction_counts_the_window_with_its_bounds(served: Home):
    ids = [answered(served, f"m{number}", 5.0, 30.0) for number in range(4)]
    ratings = ("positive", "negative", "negative", "negative")
    rows = [FeedbackRow(i, rating, person="Ann") for i, rating in zip(ids, ratings, strict=True)]
    add_feedback(served, PRESS, rows, now=LATER)

    told = metrics.metrics(served, PRESS, LATER)["satisfaction"]

    low, high = wilson(1, 4, 0.95)
    assert told == {
        "positive": 1, "negative": 3, "share": 0.25, "lower": low, "upper": high, "confidence": 0.95,
        "per_day": [{"day": "2024-03-04", "positive": 1, "negative": 3}],
    }  # fmt: skip
    later = metrics.metrics(served, PRESS, LATER + timedelta(days=40))["satisfaction"]
    assert (later["positive"], later["share"], later["lower"], later["upper"]) == (
        0,
        None,
        0.0,
        1.0,
    )


def test_errors_weigh_each_unit_alike_and_cut_the_truth_at_the_cap(served: Home):
    answered(served, "m1", 40.0, 26.0)  # truth 20: 6 too much, inside the interval
    answered(served, "m1", 50.0, 28.0)  # truth 10: 18 too much, outside
    answered(served, "m2", 5.0, 48.0)  # truth 95, cut to 50: 2 too little, inside
    answered(served, "m3", 5.0, 48.0)  # still at work: says nothing
    rows = [OutcomeRow("m1", "failed", 60.0), OutcomeRow("m2", "failed", 100.0)]
    add_outcomes(served, PRESS, rows, now=LATER)

    told = metrics.metrics(served, PRESS, LATER)["outcomes"]

    assert CAP_HOURS == 50.0
    assert told["units"] == 2
    assert told["answers"] == 3
    assert told["rmse"] == pytest.approx((((6**2 + 18**2) / 2 + 2**2) / 2) ** 0.5)
    assert told["coverage"] == pytest.approx((0.5 + 1.0) / 2)


def test_a_model_with_broken_files_has_no_errors_and_all_other_figures(served: Home):
    answered(served, "m1", 40.0, 26.0)
    add_outcomes(served, PRESS, [OutcomeRow("m1", "failed", 60.0)], now=LATER)
    version = served.registry.version(PRESS, 1)
    served.store.path(served.store.artifact(version.sha256), "card.json").unlink()

    told = metrics.metrics(served, PRESS, LATER)

    assert told["outcomes"] == {"units": 0, "answers": 1, "rmse": None, "coverage": None}
    assert told["volume"]["answers"] == 1
    assert told["champion"]["number"] == 1


def test_volume_and_times(served: Home):
    for took in (1.0, 2.0, 3.0):
        answered(served, "m1", 5.0, 30.0, inference_ms=took)
    served.predictions.failed(PRESS, 1, "InferenceError", LATER)

    told = metrics.metrics(served, PRESS, LATER)

    assert told["volume"] == {
        "answers": 3,
        "failures": 1,
        "per_day": [
            {"day": "2024-03-01", "answers": 3, "failures": 0},
            {"day": "2024-03-04", "answers": 0, "failures": 1},
        ],
    }
    assert told["inference_ms"] == {"answers": 3, "p50": 2.0, "p95": pytest.approx(2.9)}


def test_a_plant_at_rest_has_figures_too(home: Home):
    add_version(home, seed=0)

    told = metrics.metrics(home, PRESS, LATER)

    assert told["champion"] is None
    assert told["outcomes"] == {"units": 0, "answers": 0, "rmse": None, "coverage": None}
    assert told["inference_ms"] == {"answers": 0, "p50": None, "p95": None}
    assert told["retrains"] == {"by_state": {}, "seconds_median": None, "seconds_longest": None}
    assert told["alerts"] == {"undelivered": []}


def test_alerts_that_nobody_got_are_told(served: Home):
    alert = NewAlert(
        key="k", plant=PRESS, kind="drift", severity="warning", title="moved", text="look"
    )
    served.alerts.put(alert, ["log"], LATER)

    (told,) = metrics.metrics(served, PRESS, LATER)["alerts"]["undelivered"]

    assert (told["kind"], told["severity"], told["title"]) == ("drift", "warning", "moved")


def retrained(home: Home, *, minutes: int, gain: float) -> int:
    """A retrain that made version 2, which went into service."""
    asked = triggering.force(home, PRESS, actor="system", reason="test", now=LATER)
    home.retrains.start(asked.id, attempt=1, run_id="r", now=LATER)
    made = add_version(home, seed=1)
    record = {
        "reasons": ["better"],
        "evidence": {"champion_rmse": 10.0, "candidate_rmse": 10.0 * (1 - gain)},
    }
    home.gates.record(
        plant=PRESS, number=made.number, sha256=made.sha256, verdict="PROMOTE", record=record,
        report="b" * 64, retrain_id=asked.id, now=LATER,
    )  # fmt: skip
    end = LATER + timedelta(minutes=minutes)
    home.registry.deploy(PRESS, made.number, expected_champion=1, evidence=record, now=end)
    home.retrains.close(asked.id, "deployed", verdict="PROMOTE", now=end)
    return asked.id


def test_the_history_tells_what_was_claimed_and_what_came_of_it(served: Home):
    answered(served, "m1", 40.0, 30.0)  # truth 20: 10 too much
    number = retrained(served, minutes=5, gain=0.25)
    after = served.registry.version(PRESS, 2)
    served.predictions.record(
        plant=PRESS,
        unit="m2",
        number=2,
        sha256=after.sha256,
        life=40.0,
        rul=26.0,
        rul_low=20.0,
        rul_high=30.0,
        now=LATER + timedelta(hours=1),
    )  # fmt: skip  truth 20: 6 too much
    ends = [OutcomeRow("m1", "failed", 60.0), OutcomeRow("m2", "failed", 60.0)]
    add_outcomes(served, PRESS, ends, now=LATER + timedelta(days=1))

    (row,) = metrics.history_rows(served, PRESS)

    assert list(row)[:6] == ["id", "plant", "trigger", "watermark", "state", "verdict"]
    assert (row["id"], row["state"], row["verdict"], row["version"]) == (
        number, "deployed", "PROMOTE", 2,
    )  # fmt: skip
    assert row["gain_claimed"] == pytest.approx(0.25)
    assert row["gain_delivered"] == pytest.approx(1 - 6 / 10)
    assert row["requested_at"] == row["started_at"] == LATER.isoformat()
    told = metrics.metrics(served, PRESS, LATER + timedelta(days=1))
    assert told["retrains"] == {
        "by_state": {"deployed": 1}, "seconds_median": 300.0, "seconds_longest": 300.0,
    }  # fmt: skip
    assert told["champion"]["number"] == 2
    assert metrics.history_rows(served, "mill") == []


def test_an_export_holds_no_pseudonym_and_nothing_that_a_person_typed(served: Home, tmp_path: Path):
    ann = served.people.of("Ann", LATER)
    asked = triggering.force(served, PRESS, actor=ann, reason="Bob wants it", now=LATER)
    triggering.cancel(served, asked.id, actor=ann, reason="Bob erred", now=LATER)

    (row,) = metrics.history_rows(served)
    files = metrics.export(served, tmp_path / "out", LATER)

    assert (row["actor"], row["reason"], row["error"]) == (
        "person", "Bob wants it", "cancelled: Bob erred",
    )  # fmt: skip
    exported = json.loads(files[0].read_text())
    assert (exported["actor"], exported["error"]) == ("person", "cancelled")
    assert exported["cause"] == {"reasons": ["forced"]}
    for file in files:
        assert "Bob" not in file.read_text()
        assert ann not in file.read_text()


def test_an_export_is_the_history_line_by_line_oldest_first(served: Home, tmp_path: Path):
    retrained(served, minutes=5, gain=0.25)
    again = LATER + timedelta(days=2)
    triggering.force(served, PRESS, actor="system", reason="again", now=again)

    lines, figures = metrics.export(served, tmp_path / "out", again)

    rows = [json.loads(line) for line in lines.read_text().splitlines()]
    assert [row["state"] for row in rows] == ["deployed", "requested"]
    told_to_people = list(reversed(metrics.history_rows(served)))
    for row, shown in zip(rows, told_to_people, strict=True):
        assert row | {"reason": shown["reason"], "cause": shown["cause"]} == shown
    told = json.loads(figures.read_text())
    assert told["plants"] == [metrics.metrics(served, PRESS, again)]
    before = {path: path.stat().st_mtime_ns for path in (lines, figures)}
    assert metrics.export(served, tmp_path / "out", again) == (lines, figures)
    assert {path: path.stat().st_mtime_ns for path in (lines, figures)} == before
