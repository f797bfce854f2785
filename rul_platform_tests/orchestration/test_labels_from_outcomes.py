"""What landed, what failed and what outlived its prediction reaches the windows, and is told."""

import json
from datetime import timedelta

import numpy as np
import pandas as pd

from rul_platform.core import splits
from rul_platform.core.canonical import canonical_json, sha256
from rul_platform.orchestration.pipeline import Stage
from rul_platform.orchestration.step import current
from rul_platform.orchestration.stored_windows import plant_windows, preparation_of, splits_of
from rul_platform_tests.orchestration.at_work import (
    NOW,
    became,
    history,
    predicted,
    stop_the_clock,
    told,
    units,
)
from rul_platform_tests.orchestration.conftest import PUMP_DATA, PUMPS, Works

COLLECTED_DATA = Stage(("plant_feedback", *PUMP_DATA.assets), PUMPS)


def test_outcomes_end_histories_and_only_a_failure_is_a_label(finished: Works):
    stop_the_clock(finished)
    last = units(finished)["end_life"]
    became(finished, "pump-21", "failed", last["pump-21"] + 2.0)
    became(finished, "pump-22", "replaced", last["pump-22"] / 2)
    became(finished, "pump-01", "failed", 1.0)  # the plant's own table knows better
    became(finished, "unheard-of", "failed", 99.0)
    before = splits_of(current(finished.home, "plant_windows", PUMPS))

    finished.run(COLLECTED_DATA)

    now = units(finished)
    assert now.at["pump-21", "rul_at_end"] == 2.0
    assert now.at["pump-22", "end_life"] <= last["pump-22"] / 2
    assert np.isnan(now.at["pump-22", "rul_at_end"])
    assert now.at["pump-01", "end_life"] == last["pump-01"]
    roles = splits_of(current(finished.home, "plant_windows", PUMPS))
    assert {u: r for u, r in roles.items() if u != "pump-21"} == {
        u: r for u, r in before.items() if u != "pump-21"
    }
    assert roles["pump-21"] != splits.CENSORED
    wanted = {
        "failed_by_outcome": 1,
        "ended_by_outcome": 1,
        "outcomes_overruled": "pump-01",
        "outcomes_without_readings": 1,
        "rows_from_landing": 0,
    }
    shown = told(finished, "plant_readings")
    assert {name: shown[name] for name in wanted} == wanted


def test_a_unit_that_outlived_its_prediction_trains_on_lower_bounds(finished: Works):
    """By the plant's own readings: no outcome said anything."""
    stop_the_clock(finished)
    last = units(finished)["end_life"]["pump-23"]
    predicted(finished, "pump-23", last / 2, last / 4)

    finished.run(COLLECTED_DATA)

    stored = current(finished.home, "plant_windows", PUMPS)
    assert units(finished)["known_life"].dropna().to_dict() == {"pump-23": last}
    assert splits_of(stored)["pump-23"] == splits.TRAIN
    assert "pump-23" in preparation_of(stored).scaler.fitted_on
    windows, cap = plant_windows(stored), preparation_of(stored).cap
    bounded = windows.only(windows.at_least())
    assert set(bounded.units()) == {"pump-23"}
    assert set(bounded.index["split"]) == {splits.TRAIN}
    assert np.array_equal(bounded.rul(), last - bounded.index["life"])
    assert (bounded.rul() < cap).all()

    failures = finished.home.plants / PUMPS / "failures.csv"
    failures.write_text(failures.read_text() + f"pump-23,{last + 1}\n")
    finished.run(PUMP_DATA)
    later = current(finished.home, "plant_windows", PUMPS)
    assert splits_of(later)["pump-23"] == splits.TRAIN  # what it taught cannot be tested on it
    assert not plant_windows(later).at_least().any()


def test_a_unit_that_is_gone_from_the_source_is_told(finished: Works):
    """What is taken out of the source is taken out: nothing brings it back."""
    path = finished.home.plants / PUMPS / "readings.csv"
    failures = finished.home.plants / PUMPS / "failures.csv"
    for table in (path, failures):
        lines = table.read_text().splitlines(keepends=True)
        table.write_text("".join(line for line in lines if "pump-01" not in line))
    finished.run(PUMP_DATA)
    assert told(finished, "plant_windows")["units_gone"] == "pump-01"
    assert "pump-01" not in set(units(finished).index)


def test_a_unit_that_landed_and_failed_becomes_one_of_the_fleet(finished: Works):
    stop_the_clock(finished)
    twin = history(finished, "pump-01").assign(unit="pump-90")
    whole = twin.iloc[:-1]
    kept = finished.home.landing.add(PUMPS, whole.head(20), NOW)
    kept = [kept["pump-90"], finished.home.landing.add(PUMPS, whole, NOW)["pump-90"]]
    finished.home.landing.add(PUMPS, history(finished, "pump-02").assign(current_a=1.0), NOW)
    became(finished, "pump-90", "failed", float(twin["life"].iloc[-1]))

    finished.run(COLLECTED_DATA)

    assert units(finished).at["pump-90", "rows"] == len(whole)
    assert units(finished).at["pump-90", "rul_at_end"] > 0
    assert (
        history(finished, "pump-02")["current_a"] != 1.0
    ).all()  # the plant's own reading counts
    shown = told(finished, "plant_readings")
    twice = len(history(finished, "pump-02"))
    assert (shown["rows_in_both"], shown["rows_contradicting"]) == (twice, twice)
    assert (shown["rows_from_landing"], shown["landings_contradicting"]) == (len(whole), 0)
    stored = current(finished.home, "plant_readings", PUMPS)
    sources = json.loads(stored.read("sources.json"))
    named = [each for each in sources if each["name"] == "landing/pump-90"]
    assert [each["sha256"] for each in named] == kept
    made = finished.home.lineage.current("plant_readings", PUMPS)
    assert made is not None
    reads = {read.asset: read.sha256 for read in made.inputs}
    assert reads.keys() == {"plant_source", "landing", "plant_feedback"}
    asked = [each for each in sources if each["name"].startswith("landing/")]
    assert reads["landing"] == sha256(canonical_json(asked))


def test_a_machine_that_takes_over_a_name_does_not_overwrite_the_history_before_it(finished: Works):
    """The old one landed, failed and was told; then another one began under its name."""
    stop_the_clock(finished)
    old = history(finished, "pump-01").assign(unit="pump-90")
    finished.home.landing.add(PUMPS, old, NOW)
    became(finished, "pump-90", "failed", float(old["life"].iloc[-1]))
    young = history(finished, "pump-02").assign(unit="pump-90").head(20)
    finished.home.landing.add(PUMPS, young, NOW + timedelta(days=1))

    finished.run(COLLECTED_DATA)

    pd.testing.assert_frame_equal(history(finished, "pump-90"), old)
    shown = told(finished, "plant_readings")
    assert (shown["landings_after_end"], shown["landings_contradicting"]) == (1, 0)
    sources = json.loads(current(finished.home, "plant_readings", PUMPS).read("sources.json"))
    assert sum(each["name"] == "landing/pump-90" for each in sources) == 1


def test_what_landed_without_an_outcome_teaches_nothing(finished: Works):
    before = current(finished.home, "plant_windows", PUMPS)
    twin = history(finished, "pump-01").assign(unit="pump-90")
    finished.home.landing.add(PUMPS, twin, NOW)
    finished.run(PUMP_DATA)
    after = current(finished.home, "plant_windows", PUMPS)
    assert splits_of(after)["pump-90"] == splits.CENSORED
    for file in ("windows.parquet", "cycles.parquet", "preparation.json"):
        assert after.artifact.files[file] == before.artifact.files[file]


def test_collecting_nothing_changes_no_byte(finished: Works):
    before = {a: current(finished.home, a, PUMPS).sha256 for a in PUMP_DATA.assets}
    finished.run(COLLECTED_DATA)
    assert {a: current(finished.home, a, PUMPS).sha256 for a in PUMP_DATA.assets} == before
