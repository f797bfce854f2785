"""A recipe repeated with other seeds."""

from dataclasses import replace

import numpy as np
import pytest

from rul_platform.core.preparation import Preparation
from rul_platform.core.recipe import FitConfig
from rul_platform.core.windows import Windows, even_cuts
from rul_platform.learning.finetuning import FinetuneConfig, finetune_from
from rul_platform.learning.seed_noise import seed_noise
from rul_platform.learning.training import predict
from rul_platform_tests.learning.conftest import CAP
from rul_platform_tests.learning.test_finetuning import parent

CONFIG = FinetuneConfig(fit=FitConfig(seed=7, steps=20), freeze="nothing")


def test_the_next_two_seeds_are_trained_from_the_same_start_and_scored_on_the_same_points(
    prepared: tuple[Preparation, Windows],
):
    """Each repetition is just what a candidate with that seed would have been."""
    preparation, windows = prepared
    test = even_cuts(windows.select("valid"), 5)
    noise = seed_noise(parent(), preparation.channels, windows, test, CONFIG, own_rmse=9.0, cap=CAP)

    assert noise.seeds == (7, 8, 9)
    assert noise.rmse[0] == 9.0
    again = replace(CONFIG, fit=replace(CONFIG.fit, seed=9))
    tuned, _ = finetune_from({"start": parent()}, preparation.channels, windows, again, cap=CAP)
    wrong = predict(tuned.network, test, CAP) - np.minimum(test.rul(), CAP)
    by_unit = [np.mean(wrong[test.units() == unit] ** 2) for unit in ("u1", "u5")]
    assert noise.rmse[2] == pytest.approx(np.sqrt(np.mean(by_unit)))
    assert noise.rmse[1] != noise.rmse[2]
