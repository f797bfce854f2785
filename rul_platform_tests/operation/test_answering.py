"""The model in charge answers; a challenger is asked beside it; all of it is kept."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from rul_platform.core.shadow import arm
from rul_platform.errors import (
    CorruptArtifactError,
    InferenceError,
    NoChampionError,
    PlantFileError,
    ReadingsError,
)
from rul_platform.operation.answering import GivenReadings, answer, answer_given, read
from rul_platform.storage.home import Home
from rul_platform.storage.models import ModelVersion
from rul_platform.storage.operation_tables import LANDING, PREDICTION, PREDICTION_FAILURE
from rul_platform_tests.operation.served import CAP_HOURS, NOW, PRESS, add_version, serve, table
from rul_platform_tests.storage.at_once import in_threads

UNITS = tuple(f"m{number}" for number in range(12))


@pytest.fixture
def served(home: Home) -> Home:
    """With version 1 in charge, at a time that stands still."""
    home.now = lambda: NOW
    serve(home)
    return home


def ask(home: Home, frame: pd.DataFrame | None = None):
    return answer(home, PRESS, {"now.csv": table() if frame is None else frame})


def rows(home: Home, table: sa.Table) -> list[dict]:
    with home.engine.connect() as connection:
        return [dict(row) for row in connection.execute(sa.select(table)).mappings()]


def challenge(home: Home) -> ModelVersion:
    """Version 2 beside the champion."""
    version = add_version(home, seed=1)
    home.registry.shadow(PRESS, version.number, expected_champion=1, evidence={}, now=NOW)
    return version


def break_file(home: Home, version: ModelVersion, name: str) -> None:
    """Flip a byte of one file of a version."""
    path = home.store.path(home.store.artifact(version.sha256), name)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(bytes(data))


def test_an_answer_is_logged_with_all_that_it_came_from(served: Home):
    (given,) = ask(served)

    row = served.predictions.get(given.id)
    said = given.prediction
    assert (row.plant, row.unit, row.number, row.role, row.beside) == (
        PRESS, "m1", 1, "champion", None,
    )  # fmt: skip
    assert (row.rul, row.rul_low, row.rul_high) == (said.rul, said.rul_low, said.rul_high)
    assert (row.created_at, row.life) == (NOW, 40.0)
    assert row.raw_rul == said.raw_rul
    assert row.raw_rul == pytest.approx(row.rul, abs=1e-4) or not 0 < row.rul < CAP_HOURS
    assert row.inference_ms is not None
    assert 0 < row.inference_ms < 10_000
    assert row.readings_sha256 == served.landing.sources(PRESS)[0][1]


def test_readings_are_kept_as_they_were_read_and_the_model_sees_them_resampled(served: Home):
    given = read(served, PRESS, {"now.csv": table(hours=9)})
    ask(served, table(hours=9))

    assert given.for_model["life"].tolist() == [1.0, 3.0, 5.0, 7.0, 9.0]
    kept = served.landing.readings(PRESS)
    assert kept["life"].tolist() == [float(hour) for hour in range(1, 10)]
    assert sorted(kept.columns) == ["condition", "life", "s0", "s1", "unit"]


def test_the_same_readings_again_are_another_answer_and_no_other_landing(served: Home):
    first, second = ask(served)[0], ask(served)[0]

    assert first.id != second.id
    assert len(rows(served, LANDING)) == 1


def test_readings_of_the_platform_itself_are_not_kept_again(served: Home):
    given = read(served, PRESS, {"now.csv": table()})

    (said,) = answer_given(served, PRESS, GivenReadings(given.for_model))

    assert served.predictions.get(said.id).readings_sha256 is None
    assert rows(served, LANDING) == []


def test_a_challenger_is_asked_beside_and_not_heard(served: Home):
    challenge(served)

    (given,) = ask(served)

    assert (given.number, given.role) == (1, "champion")
    by_role = {row["role"]: row for row in rows(served, PREDICTION)}
    assert by_role.keys() == {"champion", "shadow"}
    shadow = by_role["shadow"]
    assert (shadow["number"], shadow["beside"]) == (2, given.id)
    assert shadow["rul"] != by_role["champion"]["rul"]
    assert shadow["readings_sha256"] == by_role["champion"]["readings_sha256"]


def test_an_ab_test_gives_some_units_the_challengers_answer(served: Home, tmp_path: Path):
    challenge(served)
    (tmp_path / "retrain.json").write_text(json.dumps({"shadow": True, "ab_share": 0.5}))

    given = ask(served, table(40, *UNITS))

    by_challenger = {a.prediction.unit for a in given if a.role == "challenger"}
    assert by_challenger == {u for u in UNITS if arm(PRESS, 2, u, 0.5) == "challenger"}
    assert 0 < len(by_challenger) < len(UNITS)
    asked = {row["beside"]: row for row in rows(served, PREDICTION) if row["role"] == "shadow"}
    assert asked.keys() == {each.id for each in given}
    assert all(asked[each.id]["number"] == 3 - each.number for each in given)
    assert all(asked[each.id]["unit"] == each.prediction.unit for each in given)
    again = ask(served, table(41, *UNITS))
    assert {a.prediction.unit for a in again if a.role == "challenger"} == by_challenger


def test_a_challenger_that_fails_spoils_nothing_and_is_told(served: Home):
    break_file(served, challenge(served), "model.onnx")

    (given,) = ask(served)

    assert (given.number, given.role) == (1, "champion")
    assert [row["role"] for row in rows(served, PREDICTION)] == ["champion"]
    (failure,) = rows(served, PREDICTION_FAILURE)
    assert (failure["number"], failure["kind"]) == (2, "CorruptArtifactError")


@pytest.mark.parametrize("file", ["model.onnx", "card.json"])
def test_a_champion_whose_bytes_changed_answers_nothing_and_that_is_its_failure(
    served: Home, file: str
):
    champion = served.registry.champion(PRESS)
    assert champion is not None
    break_file(served, champion, file)

    with pytest.raises(CorruptArtifactError):
        ask(served)

    (failure,) = rows(served, PREDICTION_FAILURE)
    assert (failure["plant"], failure["number"], failure["kind"], failure["created_at"]) == (
        PRESS, 1, "CorruptArtifactError", NOW,
    )  # fmt: skip
    assert rows(served, PREDICTION) == []


def test_a_failure_counts_once_for_each_unit_that_was_asked_for(served: Home):
    challenger = challenge(served)
    break_file(served, challenger, "model.onnx")
    ask(served, table(40, *UNITS))
    champion = served.registry.champion(PRESS)
    assert champion is not None
    break_file(served, champion, "model.onnx")
    with pytest.raises(CorruptArtifactError):
        ask(served, table(40, "m1", "m2"))

    failed = [row["number"] for row in rows(served, PREDICTION_FAILURE)]
    assert failed == [2] * len(UNITS) + [1] * 2


def test_readings_far_outside_what_was_learned_from_are_marked(served: Home):
    frame = table(40, "m1", "m2")
    frame.loc[frame["pump"] == "m2", "Heat"] = 1e6
    ask(served, frame)

    assert {row["unit"]: row["is_strange"] for row in rows(served, PREDICTION)} == {
        "m1": False,
        "m2": True,
    }


def test_a_network_that_does_not_run_is_its_failure(home: Home):
    """As a file of another version of ONNX: its hash is right, and it cannot be used."""
    home.now = lambda: NOW
    good = serve(home)
    artifact = home.store.artifact(good.sha256)
    files = {name: home.store.read(artifact, name) for name in artifact.files}
    broken = home.store.write(files | {"model.onnx": b"no network"})
    version = home.registry.register(PRESS, broken.sha256, now=NOW)
    home.registry.deploy(PRESS, version.number, expected_champion=1, evidence={}, now=NOW)

    with pytest.raises(InferenceError, match=re.escape("press version 2 could not answer: ONNX")):
        ask(home)

    (failure,) = rows(home, PREDICTION_FAILURE)
    assert (failure["number"], failure["kind"]) == (2, "InferenceError")


def test_what_a_caller_did_wrong_is_no_failure_of_the_model(served: Home):
    with pytest.raises(PlantFileError, match="no column 'Heat'"):
        ask(served, table().drop(columns="Heat"))
    empty = read(served, PRESS, {"now.csv": table()})
    with pytest.raises(ReadingsError, match="no row"):
        answer_given(served, PRESS, GivenReadings(empty.for_model.head(0), empty.as_read))

    assert rows(served, PREDICTION_FAILURE) == rows(served, LANDING) == []


def test_without_a_model_nobody_answers(home: Home):
    with pytest.raises(NoChampionError, match="Plant 'press' has no deployed model"):
        ask(home)

    assert rows(home, PREDICTION_FAILURE) == []


def test_all_units_of_a_table_share_its_time(served: Home):
    given = ask(served, table(40, *UNITS))

    times = {row["inference_ms"] for row in rows(served, PREDICTION)}
    assert len(given) == len(UNITS)
    assert len(times) == 1
    assert np.isfinite(times.pop())


def test_answers_at_once_are_all_kept(served: Home):
    challenge(served)

    given = in_threads(lambda number: ask(served, table(30 + number, "m1", "m2")), 4)

    ids = {each.id for answers in given for each in answers}
    kept = rows(served, PREDICTION)
    assert {row["id"] for row in kept if row["role"] == "champion"} == ids
    assert {row["beside"] for row in kept if row["role"] == "shadow"} == ids
    assert len(ids) == len(rows(served, LANDING)) == 8
