"""Plots and pages of what was tried."""

from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from rul_platform.core.method_log import Attempt, MethodState, StepLog
from rul_platform.reports.method_page import method_page, search_page
from rul_platform.reports.search_plots import method_steps, rate_sweep, study_history

STATE = MethodState(
    steps=(
        StepLog("baseline", (Attempt("boosting", 12.0, 1.0),), "boosting", "It is the best."),
        StepLog("transfer", (), "from scratch", "There is no other subset.", ("Healthy.",)),
        StepLog("test", (Attempt("the kept recipe", 13.5, 2.0),), "it", "Opened once."),
    ),
    recipe={"learning_rate": 0.00512345, "batch_size": 256},
    stops_early=True,
    rmse=12.0,
    margin=0.5,
)
SWEEP = pd.DataFrame(
    {"learning_rate": [1e-4, 1e-3, 1e-2], "loss": [1.0, 0.5, 2.0], "smoothed": [1.0, 0.7, 1.5]}
)
TRIALS = pd.DataFrame({"rmse": [14.0, np.nan, 12.5]})


@pytest.mark.parametrize(
    "draw",
    [
        lambda: rate_sweep(SWEEP, 1e-3, peak=1e-2),
        lambda: study_history(TRIALS, "cycles"),
        lambda: study_history(pd.DataFrame({"rmse": [np.nan]}), "cycles"),
        lambda: method_steps(STATE, "cycles"),
    ],
)
def test_a_plot_is_a_picture_and_the_same_each_time(draw):
    first = draw()
    assert first == draw()
    assert len(Image.open(BytesIO(first)).convert("RGB").getcolors(maxcolors=256) or []) > 5


def test_a_methods_page_has_every_step_and_the_recipe():
    page = method_page(STATE, title="FD001", life_unit="cycles")
    assert "| boosting | 12.00 | 1.0 |" in page
    assert (
        "## 7. Transfer\n\nKept: **from scratch**. There is no other subset.\n\n- Healthy." in page
    )
    assert "| learning_rate | 0.00512 |" in page
    assert "| early stopping | yes |" in page
    assert "3 CPU seconds" in page


def test_a_state_goes_to_json_and_back():
    assert MethodState.from_json(STATE.to_json()) == STATE


def test_a_searchs_page_says_that_the_best_of_many_is_too_good():
    found = {
        "best": {"learning_rate": 0.01},
        "best_rmse": 11.0,
        "plain_rmse": 12.0,
        "scored": 8,
        "given_up": 2,
        "importance": {"learning_rate": 1.0},
    }
    page = search_page(found, title="FD001", life_unit="cycles")
    assert "11.00 cycles; what we train by default has 12.00" in page
    assert "too good" in page
    assert "| learning_rate | 100% |" in page
    alone = search_page(
        found | {"plain_rmse": None, "importance": {}}, title="p", life_unit="hours"
    )
    assert "by default" not in alone
    assert "share" not in alone
