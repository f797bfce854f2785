"""Plots of models side by side, of bands, of training, and of units over their life.

Belongs here: one drawing per function, from an evaluation to PNG bytes.
Does not belong here: colours and type (``style``), errors of the main model (``error_plots``).
"""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rul_platform.core.bands import band_confusion, band_edges
from rul_platform.core.evaluation import Evaluation
from rul_platform.core.metrics import Rows
from rul_platform.core.unit_errors import unit_errors
from rul_platform.errors import EvaluationError
from rul_platform.reports.model_names import shown_name
from rul_platform.reports.numbers import plain
from rul_platform.reports.style import Theme, png

MOST_TRAJECTORIES = 6
_LONGEST_NAME = 20  # letters


@png()
def model_comparison(figure: Figure, shown: Evaluation, theme: Theme) -> None:
    """RMSE of every model with its interval over units, the main model first."""
    axes = figure.subplots()
    for place, score in enumerate(shown.scores):
        color, marker = (theme.early, "D") if place == 0 else (theme.muted, "o")
        low, high = score.rmse_interval.low, score.rmse_interval.high
        if math.isfinite(low) and math.isfinite(high):
            axes.plot([low, high], [place, place], color=color, linewidth=2.2)
        axes.plot(score.clipped.rmse, place, marker=marker, markersize=6, color=color)
        axes.annotate(
            plain(score.clipped.rmse), (score.clipped.rmse, place), xytext=(0, 6),
            textcoords="offset points", ha="center", fontsize=8,
        )  # fmt: skip
    axes.set_yticks(
        range(len(shown.scores)), [_short(shown_name(shown, score.name)) for score in shown.scores]
    )
    axes.set(
        ylim=(len(shown.scores) - 0.5, -0.7), xlabel=f"RMSE, truth clipped ({shown.life_unit})"
    )
    axes.set_xlim(left=0)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0, labelcolor=theme.ink)


@png()
def band_heat_map(figure: Figure, shown: Evaluation, theme: Theme) -> None:
    """How often truth and prediction lie in the same band, as share of each true band."""
    axes = figure.subplots()
    table = band_confusion(
        shown.truth, shown.predictions[shown.main], band_edges(shown.cap), life_unit=shown.life_unit
    )
    counts = table.to_numpy()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    shades = LinearSegmentedColormap.from_list("shades", [theme.surface, theme.early])
    axes.imshow(shares, cmap=shades, vmin=0, vmax=1, aspect="auto")
    for (row, column), count in np.ndenumerate(counts):
        if count:
            dark_cell = shares[row, column] > 0.55
            axes.text(
                column, row, f"{count}\n{100 * shares[row, column]:.0f} %", ha="center",
                va="center", color=theme.surface if dark_cell else theme.ink, linespacing=1.3,
            )  # fmt: skip
    axes.set_xticks(range(len(counts)), list(table.columns))
    axes.set_yticks(range(len(counts)), list(table.index))
    axes.set_xticks(np.arange(len(counts) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(counts) + 1) - 0.5, minor=True)
    axes.grid(visible=False)
    axes.grid(which="minor", linewidth=1.0)
    axes.tick_params(which="both", length=0)
    axes.set(xlabel=table.columns.name, ylabel=table.index.name)


@png()
def training_history(figure: Figure, shown: Evaluation, theme: Theme) -> None:
    """Training loss and validation error over the steps, each on its own scale."""
    if shown.history is None:
        raise _nothing_to_plot(shown, "a training history: step, train_loss, valid_rmse")
    loss, rmse = figure.subplots(2, sharex=True)
    for axes, column, label, color in (
        (loss, "train_loss", "training loss", theme.muted),
        (rmse, "valid_rmse", f"validation RMSE\n({shown.life_unit})", theme.early),
    ):
        steps, values = _known(shown.history, column)
        axes.plot(steps, values, color=color, marker="o" if len(steps) == 1 else "", markersize=4)
        axes.set_ylabel(label)
    steps, values = _known(shown.history, "valid_rmse")
    if len(values):
        best = int(values.argmin())
        label = f"lowest: {plain(float(values[best]))}"
        rmse.plot(
            steps[best], values[best], marker="D", color=theme.early, label=label, linestyle=""
        )
        rmse.legend(loc="upper right")
    rmse.set_xlabel("training step")
    rmse.xaxis.set_major_locator(MaxNLocator(integer=True))


@png()
def interval_by_unit(figure: Figure, shown: Evaluation, theme: Theme) -> None:
    """Every prediction interval, ordered by the truth, with the truths it missed marked."""
    low, high = shown.interval_low, shown.interval_high
    if low is None or high is None:
        raise _nothing_to_plot(shown, "a prediction interval")
    axes, truth = figure.subplots(), shown.clipped_truth
    order = np.argsort(truth, kind="stable")
    place, inside = np.arange(len(order)), ((low <= truth) & (truth <= high))[order]
    width = float(np.clip(260 / len(order), 0.8, 4.0))
    axes.vlines(
        place, low[order], high[order], color=theme.early, alpha=0.35, linewidth=width,
        label=f"{100 * shown.interval_level:.0f} % interval",
    )  # fmt: skip
    sorted_truth = truth[order]
    axes.plot(place, sorted_truth, color=theme.truth, linewidth=1.2, label="truth")
    axes.scatter(
        place[~inside], sorted_truth[~inside], s=16, c=theme.late, marker="^", zorder=3,
        edgecolors=theme.surface, linewidths=0.4, label="truth outside",
    )  # fmt: skip
    axes.set(
        xlabel="predictions, ordered by true RUL", ylabel=f"RUL ({shown.life_unit})", xticks=[]
    )
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.02), ncols=3, columnspacing=1.4)


@png(height=7.4)
def unit_trajectories(figure: Figure, shown: Evaluation, theme: Theme) -> None:
    """Truth and prediction over the life of up to six units, from the best to the worst."""
    units = trajectory_units(shown)
    if not units:
        raise _nothing_to_plot(shown, "a unit with two predictions or more")
    columns = 1 if len(units) <= 3 else 2
    grid = figure.subplots(math.ceil(len(units) / columns), columns, squeeze=False, sharey=True)
    panels = grid.ravel()
    for axes, unit in zip(panels, units, strict=False):
        _trajectory(axes, shown, unit, theme)
    for axes in panels[len(units) :]:
        axes.set_axis_off()
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=3, columnspacing=1.4)
    figure.supxlabel(f"life ({shown.life_unit})", fontsize=8.5, color=theme.muted)
    figure.supylabel(f"RUL ({shown.life_unit})", fontsize=8.5, color=theme.muted)


def trajectory_units(shown: Evaluation) -> tuple[str, ...]:
    """Up to six units with two predictions or more, evenly spread from the best to the worst."""
    table = unit_errors(shown.unit_ids, shown.clipped_truth, shown.predictions[shown.main])
    names, rmse = table["unit"].to_numpy(), table["rmse"].to_numpy()
    several = np.flatnonzero(table["rows"].to_numpy() > 1)
    ranked = names[several[np.argsort(rmse[several], kind="stable")]]
    count = min(MOST_TRAJECTORIES, len(ranked))
    return tuple(str(ranked[round(place)]) for place in np.linspace(0, len(ranked) - 1, count))


def _short(name: str) -> str:
    """A name that leaves room for the plot."""
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _end_of(unit: str) -> str:
    """Likewise of a unit: its end, because names that come from folders begin alike."""
    return unit if len(unit) <= _LONGEST_NAME else f"…{unit[1 - _LONGEST_NAME :]}"


def _nothing_to_plot(shown: Evaluation, needed: str) -> EvaluationError:
    source = f"Evaluation {shown.title!r}"
    return EvaluationError(source, [f"nothing to plot, expected {needed}; ask plots_of first"])


def _known(history: pd.DataFrame, column: str) -> tuple[Rows, Rows]:
    """Steps at which ``column`` was measured, and its values there."""
    values = history[column].to_numpy(dtype=np.float64)
    measured = np.isfinite(values)
    return history["step"].to_numpy(dtype=np.float64)[measured], values[measured]


def _trajectory(axes: Axes, shown: Evaluation, unit: str, theme: Theme) -> None:
    rows = np.flatnonzero(shown.unit_ids.astype(str) == unit)
    rows = rows[np.argsort(shown.life[rows], kind="stable")]
    life = shown.life[rows]
    if shown.interval_low is not None and shown.interval_high is not None:
        axes.fill_between(
            life, shown.interval_low[rows], shown.interval_high[rows], color=theme.early, alpha=0.2,
            linewidth=0, label=f"{100 * shown.interval_level:.0f} % interval",
        )  # fmt: skip
    axes.plot(life, shown.clipped_truth[rows], color=theme.truth, linewidth=1.2, label="truth")
    axes.plot(
        life, shown.predictions[shown.main][rows], color=theme.early, marker="o", markersize=2.6,
        linewidth=1.2, label="predicted",
    )  # fmt: skip
    axes.set_title(f"unit {_end_of(unit)}", loc="left", color=theme.ink)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
