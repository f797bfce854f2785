"""A recipe repeated with other seeds."""

import numpy as np
import pytest

from rul_platform.core.approaches import FROM_SCRATCH
from rul_platform.core.preparation import Preparation
from rul_platform.core.recipe import FitConfig
from rul_platform.core.windows import Windows, even_cuts
from rul_platform.learning.trained.learned import predictions
from rul_platform.learning.transfer.approaches import Setting
from rul_platform.learning.transfer.cross_validation import cross_validate
from rul_platform.learning.transfer.finetuning import FinetuneConfig
from rul_platform.learning.transfer.seed_noise import STRIDE, seed_noise
from rul_platform_tests.learning.conftest import CAP
from rul_platform_tests.learning.transfer.test_finetuning import parent

SEED = 7
FOLDS = {f"u{unit}": unit % 2 for unit in range(8)}


def test_two_other_seeds_are_trained_on_the_same_folds_and_scored_on_the_same_points(
    prepared: tuple[Preparation, Windows],
):
    """Each repetition is just what a candidate with that seed would have been."""
    preparation, windows = prepared
    test = even_cuts(windows.select("valid"), 5)
    setting = Setting(
        checkpoint=parent(),
        channels=preparation.channels,
        window=preparation.window,
        cap=CAP,
        config=FinetuneConfig(fit=FitConfig(seed=SEED, steps=6, batch_size=32)),
    )
    noise = seed_noise(FROM_SCRATCH, windows, FOLDS, setting, test, seed=SEED, own_rmse=9.0)

    assert noise.seeds == (SEED, SEED + STRIDE, SEED + 2 * STRIDE)
    assert noise.rmse[0] == 9.0
    again = cross_validate((FROM_SCRATCH,), windows, FOLDS, setting, seed=SEED + 2 * STRIDE)
    predicted = predictions(again.model(FROM_SCRATCH), test, cap=CAP)
    wrong = predicted - np.minimum(test.rul(), CAP)
    by_unit = [np.mean(wrong[test.units() == unit] ** 2) for unit in ("u1", "u5")]
    assert noise.rmse[2] == pytest.approx(np.sqrt(np.mean(by_unit)))
    assert noise.rmse[1] != noise.rmse[2]


def test_no_two_folds_of_any_repetition_share_a_seed():
    """Otherwise the repetitions would be more alike than chance makes them."""
    assert max(FOLDS.values()) + 1 < STRIDE
