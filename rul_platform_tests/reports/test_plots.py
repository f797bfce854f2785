"""Plots: which apply, the same bytes each time, both appearances, and odd but legal input."""

import re
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from rul_platform.core.evaluation import evaluate
from rul_platform.core.predicted_units import PredictedUnits
from rul_platform.errors import EvaluationError
from rul_platform.reports.model_plots import trajectory_units
from rul_platform.reports.plots import (
    DARK,
    LIGHT,
    PLOTS,
    interval_by_unit,
    markdown_image,
    plots_of,
    training_history,
    unit_trajectories,
)


@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: plot.title)
def test_a_caption_names_no_shade_that_the_other_appearance_turns_round(plot):
    """What is dark on white is white on dark."""
    assert not re.search(r"\b(dark|light|black|white)\b", plot.caption)


@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: plot.title)
def test_a_plot_gives_the_same_png_each_time_and_says_nothing_of_when_or_by_what(plot, plant):
    first, again = plot.draw(plant), plot.draw(plant)

    assert first == again
    assert Image.open(BytesIO(first)).info.keys() <= {"transparency"}


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_a_plot_stands_on_the_surface_of_its_theme(theme, plant):
    picture = Image.open(BytesIO(PLOTS[0].draw(plant, theme))).convert("RGB")
    corner = "#{:02x}{:02x}{:02x}".format(*picture.getpixel((1, 1)))

    assert corner == theme.surface
    assert len(picture.getcolors(maxcolors=256) or []) > 10


def test_plots_apply_where_there_is_something_to_show(plant, benchmark):
    assert [plot.title for plot in plots_of(plant)] == [plot.title for plot in PLOTS]
    missing = {plot.title for plot in PLOTS} - {plot.title for plot in plots_of(benchmark)}
    assert missing == {
        "Units over their life",
        "Prediction intervals",
        "Training",
        "What an alarm threshold costs",
    }


@pytest.mark.parametrize(
    ("plot", "needed"),
    [
        (unit_trajectories, "a unit with two predictions or more"),
        (interval_by_unit, "a prediction interval"),
        (training_history, "a training history: step, train_loss, valid_rmse"),
    ],
)
def test_a_plot_without_its_data_says_what_it_needs(plot, needed, benchmark):
    with pytest.raises(
        EvaluationError, match=f"nothing to plot, expected {needed}; ask plots_of first"
    ):
        plot(benchmark)


def test_trajectories_spread_from_the_best_unit_to_the_worst(plant):
    by_rmse = plant.to_tables()["units"].sort_values("rmse")["unit"].tolist()
    shown = trajectory_units(plant)

    assert len(shown) == 6
    assert (shown[0], shown[-1]) == (by_rmse[0], by_rmse[-1])
    assert [by_rmse.index(unit) for unit in shown] == sorted(by_rmse.index(unit) for unit in shown)


@pytest.mark.parametrize("rows", [1, 2])
def test_one_or_two_perfect_predictions_can_be_plotted(rows):
    """No spread, no error, names that look like formulas: the smallest legal evaluation."""
    truth = np.zeros(rows)
    given = PredictedUnits(
        title="$x", life_unit="$h_", cap=50.0, unit_ids=np.full(rows, "$7_"), life=truth + 3,
        truth=truth, predictions={"a$b": truth, "_c$": truth + 1}, main="a$b",
        interval_low=truth, interval_high=truth,
    )  # fmt: skip
    evaluation = evaluate(given, seed=0, resamples=10)

    for plot in plots_of(evaluation):
        assert plot.draw(evaluation).startswith(b"\x89PNG")


def test_a_history_without_any_validation_can_be_plotted(plant):
    silent = replace(plant, history=plant.history.assign(valid_rmse=np.nan))

    assert training_history(silent).startswith(b"\x89PNG")


def test_markdown_carries_the_picture_itself():
    assert markdown_image(b"\x89PNG", "Plot [of]\nlives") == (
        "![Plot of lives](data:image/png;base64,iVBORw==)"
    )


def test_a_readers_own_settings_change_nothing(plant, tmp_path):
    """Neither a matplotlibrc nor a display is looked at, and pyplot is never imported."""
    (tmp_path / "matplotlibrc").write_text("font.size: 30\naxes.facecolor: red\n")
    script = (
        "import sys, hashlib\n"
        "from rul_platform_tests.reports.conftest import predicted_plant\n"
        "from rul_platform.core.evaluation import evaluate\n"
        "from rul_platform.reports.plots import PLOTS\n"
        "png = PLOTS[0].draw(evaluate(predicted_plant(), seed=0, resamples=500))\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
        "print(hashlib.sha256(png).hexdigest())\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True,
        env={"MATPLOTLIBRC": str(tmp_path), "MPLCONFIGDIR": str(tmp_path)},
    )  # fmt: skip

    assert found.stdout.strip() == sha256(PLOTS[0].draw(plant)).hexdigest()
