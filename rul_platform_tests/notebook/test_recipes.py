"""A recipe's score in a notebook: over folds of machines, or over the later life of one."""

from pathlib import Path

import numpy as np
import pytest

from rul_platform.errors import ArraysError, OptionsError, TooFewUnitsError
from rul_platform.notebook import Training, load_pretrained, score_recipe
from rul_platform_tests.notebook.test_transfer import CAP, CHANNELS, pretrained_file, wearing

QUICK = Training(epochs=6, batch_size=32, learning_rate=0.02)
SMALL = {"architecture": "gru", "cap": CAP, "hidden_size": 8}


def test_a_recipe_that_learns_scores_better_than_one_that_does_not():
    x, y, units = wearing()
    learns = score_recipe(x, y, CHANNELS, QUICK, units=units, **SMALL)
    idle = Training(epochs=6, batch_size=32, learning_rate=1e-6)
    assert learns.rmse < 0.7 * score_recipe(x, y, CHANNELS, idle, units=units, **SMALL).rmse
    assert "all 6 machines" in learns.measured_on
    assert score_recipe(x, y, CHANNELS, QUICK, units=units, **SMALL) == learns


def test_a_single_machine_is_divided_in_time():
    """With units that name it, and without any, alike."""
    x, y, units = wearing(units=1)
    alone = score_recipe(x, y, CHANNELS, QUICK, units=units, **SMALL)
    assert np.isfinite(alone.rmse)
    assert "the later life of one machine in 3 parts" in alone.measured_on
    assert "4 samples between" in alone.measured_on
    assert score_recipe(x, y, CHANNELS, QUICK, **SMALL) == alone
    with pytest.raises(TooFewUnitsError, match="readings of one unit for 9 divisions in time"):
        score_recipe(x, y, CHANNELS, QUICK, folds=9, **SMALL)


def test_what_is_pretrained_is_started_from(tmp_path: Path):
    x, y, units = wearing()
    pretrained = load_pretrained("lstm", pretrained_file(tmp_path))
    brief = Training(epochs=1, batch_size=64, learning_rate=1e-5)
    before = score_recipe(x, y, CHANNELS, brief, units=units, cap=CAP, hidden_size=8)
    after = score_recipe(x, y, CHANNELS, brief, units=units, cap=CAP, pretrained=pretrained)
    assert after.rmse < 0.7 * before.rmse


def test_options_and_arrays_that_do_not_fit_are_refused():
    x, y, units = wearing()
    with pytest.raises(OptionsError, match="folds: found 1, expected a whole number from 2"):
        score_recipe(x, y, CHANNELS, units=units, folds=1)
    with pytest.raises(ArraysError, match="x has 2 features, the model has 1 channels: heat"):
        score_recipe(x, y, ["heat"], units=units)
