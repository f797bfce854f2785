"""What a student is taught, and that it learns it."""

import numpy as np
import pytest

from rul_platform.core.preparation import Preparation
from rul_platform.core.recipe import FitConfig
from rul_platform.core.windows import Windows
from rul_platform.learning.trained.boosting import fit_boosting
from rul_platform.learning.transfer.distillation import StudentConfig, distil, softened
from rul_platform_tests.learning.by_hand import CHANNELS, windows_of
from rul_platform_tests.learning.conftest import CAP

FIT = FitConfig(seed=0, steps=60, validate_every=20)


def test_a_soft_label_lies_between_the_truth_and_the_teacher():
    """Labels 60 (of 90), 30; the teacher says 30 and, beyond any life, 90: cut off at 60."""
    windows = windows_of(np.zeros((2, 1, 1)), [90.0, 30.0])
    soft = softened(windows, np.array([0.5, 1.5]), share=0.5, cap=CAP)
    assert soft.rul().tolist() == [45.0, 45.0]
    assert softened(windows, np.array([0.5, 1.5]), share=0.0, cap=CAP).rul().tolist() == [60, 30]


def test_of_a_lower_bound_the_teacher_alone_teaches_but_never_less_than_it():
    windows = windows_of(np.zeros((2, 1, 1)), [20.0, 20.0])
    windows.index["at_least"] = True
    soft = softened(windows, np.array([0.5, 0.1]), share=0.5, cap=CAP)
    assert soft.rul().tolist() == [30.0, 20.0]
    assert not soft.at_least().any()
    assert windows.at_least().all()


def test_half_of_two_squared_errors_is_one_squared_error_and_a_constant():
    """Why softened labels are distillation: both losses differ by the same for every answer."""
    label, teacher, answers = 0.2, 0.8, np.array([0.0, 0.4, 1.0])
    two = ((answers - label) ** 2 + (answers - teacher) ** 2) / 2
    soft = softened(windows_of(np.zeros((1, 1, 1)), [12.0]), np.array([0.8]), share=0.5, cap=CAP)
    one = (answers - soft.rul()[0] / CAP) ** 2
    assert (two - one).tolist() == pytest.approx([0.09] * 3)


@pytest.fixture(scope="module")
def taught(prepared: tuple[Preparation, Windows]) -> tuple[Windows, np.ndarray]:
    windows = prepared[1]
    train = windows.select("train")
    return windows, fit_boosting(train, cap=CAP, seed=0).outputs(train)


def test_a_student_comes_close_to_its_teacher(taught: tuple[Windows, np.ndarray]):
    windows, answers = taught
    train, valid = windows.select("train"), windows.select("valid")
    config = StudentConfig(fit=FIT, hidden_size=8, teacher_share=1.0)
    student, fitted = distil(answers, train, valid, CHANNELS, config, cap=CAP)
    assert student.config.hidden_size == 8
    assert student.window == train.length
    off = np.sqrt(np.mean((student.outputs(train) - answers) ** 2))
    assert off < 0.5 * answers.std()
    assert fitted.history["valid_rmse"].iloc[0] > fitted.best_valid_rmse


def test_a_teacher_alone_can_teach(taught: tuple[Windows, np.ndarray]):
    """All labels are lower bounds of 0: what the student knows comes from the teacher."""
    windows, answers = taught
    train = windows.select("train")
    blind = Windows(train.table, train.index.assign(rul=0.0, at_least=True), train.length)
    student, _ = distil(
        answers, blind, windows.select("valid"), CHANNELS, StudentConfig(fit=FIT), cap=CAP
    )
    assert np.corrcoef(student.outputs(train), answers)[0, 1] > 0.8
