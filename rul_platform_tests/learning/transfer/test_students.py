"""A student beside its teacher, and its files."""

import json

import numpy as np
import pandas as pd
import pytest

from rul_platform.core.preparation import Preparation
from rul_platform.core.recipe import FitConfig
from rul_platform.core.windows import Windows
from rul_platform.inference.predictor import Predictor
from rul_platform.learning.trained.boosting import fit_boosting
from rul_platform.learning.trained.stored_models import StoredModel, as_network, networks_of
from rul_platform.learning.transfer.distillation import StudentConfig
from rul_platform.learning.transfer.students import (
    ALONE,
    STUDENT,
    TEACHER,
    Graduated,
    files_of,
    graduate,
)
from rul_platform_tests.fleets import wearing_fleet
from rul_platform_tests.learning.conftest import CAP

CONFIG = StudentConfig(fit=FitConfig(seed=0, steps=60, validate_every=20), hidden_size=8)
ROLES = {"a": "train", "b": "train", "c": "train", "d": "valid", "e": "test", "f": "test"}


@pytest.fixture(scope="module")
def school() -> tuple[Preparation, Windows, Graduated]:
    fleet = wearing_fleet({unit: 60 + 5 * at for at, unit in enumerate(ROLES)})
    preparation = Preparation.fit(
        fleet.take(["a", "b", "c"]), fleet.sensors, window=10, cap=CAP, life_unit="cycles"
    )
    windows = preparation.windows(fleet, pd.Series(ROLES))
    teacher = fit_boosting(windows.select("train"), cap=CAP, seed=0)
    return preparation, windows, graduate(teacher, windows, preparation, CONFIG, title="Press")


def test_teacher_and_student_are_judged_side_by_side_on_units_that_neither_knows(
    school: tuple[Preparation, Windows, Graduated],
):
    _, _, graduated = school
    assert set(graduated.evaluation.unit_ids.tolist()) == {"e", "f"}
    assert set(graduated.rmse) == {STUDENT, TEACHER, ALONE}
    found = graduated.to_json()
    difference = found["difference"][TEACHER]
    expected = graduated.rmse[STUDENT] - graduated.rmse[TEACHER]
    assert difference["mean"] == pytest.approx(expected)
    assert difference["low"] <= difference["mean"] <= difference["high"]
    assert 0 < found["rmse_against_teacher"] < CAP / 4
    assert found["onnx_bytes"] < found["teacher_onnx_bytes"]
    assert found["parameters"] == sum(p.numel() for p in graduated.student.network.parameters())


def test_the_card_says_that_the_teacher_knew_the_units_of_the_interval(
    school: tuple[Preparation, Windows, Graduated],
):
    preparation, windows, graduated = school
    card = json.loads(files_of(graduated, windows, preparation, {})["card.json"])
    assert "its teacher learned from them too" in card["student"]["interval_note"]
    assert "somewhat optimistic" in card["student"]["interval_note"]


def test_units_that_calibrate_have_no_part_in_the_students_own_training(
    school: tuple[Preparation, Windows, Graduated],
):
    """With other validation units the student is the same, to the bit; its interval is not."""
    preparation, windows, graduated = school
    assert graduated.fitted.best_step == CONFIG.fit.steps
    roles = windows.index["unit"].map({**ROLES, "d": "test", "e": "valid"})
    other = Windows(windows.table, windows.index.assign(split=roles), windows.length)
    teacher = fit_boosting(windows.select("train"), cap=CAP, seed=0)
    again = graduate(teacher, other, preparation, CONFIG, title="Press")
    same = windows.select("train")
    assert np.array_equal(again.student.outputs(same), graduated.student.outputs(same))
    assert again.interval != graduated.interval


def test_its_files_answer_like_any_model_and_load_again(
    school: tuple[Preparation, Windows, Graduated],
):
    preparation, windows, graduated = school
    files = files_of(graduated, windows, preparation, {"teacher": "abc"})
    card = json.loads(files["card.json"])
    assert card["student"] == json.loads(json.dumps(graduated.to_json()))
    assert card["teacher"] == "abc"
    test = windows.select("test")
    said = graduated.student.outputs(test)
    assert Predictor.from_files(files).raw(test) == pytest.approx(said, abs=1e-5)

    again = StoredModel.from_files(files)
    assert (again.architecture, again.window) == ("gru", 10)
    assert again.outputs(test) == pytest.approx(said, abs=1e-5)
    assert again.far_outputs(test) is None
    assert again.graph(channels=5) == files["model.onnx"]
    (network,) = networks_of(again)
    assert network.outputs(test) == pytest.approx(said, abs=1e-6)
    assert as_network(again, test) is not None


def test_networks_that_say_other_than_the_graph_are_not_taken_for_the_model(
    school: tuple[Preparation, Windows, Graduated],
):
    """The checkpoint of one model beside the graph of another."""
    preparation, windows, graduated = school
    files = files_of(graduated, windows, preparation, {})
    other = fit_boosting(windows.select("train"), cap=CAP, seed=0)
    mixed = StoredModel.from_files(files | {"model.onnx": other.graph(channels=5)})
    assert as_network(mixed, windows.select("test")) is None


def test_the_checkpoints_of_many_members_keep_their_order():
    names = {f"checkpoint_{n}.pt": bytes([n]) for n in (10, 2, 0, 9)}
    model = StoredModel.from_files(names | {"model.onnx": b"", "card.json": b"{}"})
    assert model.checkpoints() == tuple(bytes([n]) for n in (0, 2, 9, 10))
    assert np.all([isinstance(data, bytes) for data in model.stored])
