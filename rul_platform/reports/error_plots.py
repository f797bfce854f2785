"""Plots of the main model's errors: where they are, how large, and of which shape.

Belongs here: one drawing per function, from an evaluation to PNG bytes.
Does not belong here: colours and type (``style``), comparisons of models (``model_plots``).

An error is prediction minus truth, the truth limited to the cap. Early predictions are blue discs,
late ones are orange triangles, everywhere.
"""

from statistics import NormalDist

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rul_platform.core.evaluation import Evaluation
from rul_platform.core.metrics import Rows
from rul_platform.reports.numbers import MINUS
from rul_platform.reports.style import Theme, png

_MOST_BARS = 36
_ROWS_PER_MEAN = 12  # a mean of fewer errors wanders too much to be shown


@png()
def predicted_vs_true(figure: Figure, shown: Evaluation, theme: Theme) -> None:
    """Every prediction against the raw truth, with the line of a perfect model that knows the cap."""
    axes, predicted = figure.subplots(), shown.predictions[shown.main]
    longest = 1.04 * float(max(shown.truth.max(), 1e-9))
    highest = min(shown.cap, longest)
    axes.plot(
        [0, highest, longest], [0, highest, highest],
        color=theme.muted, linestyle=(0, (4, 3)), linewidth=1.2, label="perfect",
    )  # fmt: skip
    _scatter(axes, shown.truth, predicted, shown.error, theme)
    axes.set(
        xlim=(0, longest),
        ylim=(min(0.0, 1.08 * float(predicted.min())), 1.08 * float(max(predicted.max(), highest))),
        xlabel=f"true RUL ({shown.life_unit})", ylabel=f"predicted RUL ({shown.life_unit})",
    )  # fmt: skip
    _legend_above(axes)


@png()
def residual_histogram(figure: Figure, shown: Evaluation, theme: Theme) -> None:
    """How often errors of each size occur; no bar holds both early and late ones."""
    axes, error = figure.subplots(), shown.error
    edges = _edges_through_zero(error)
    counts, _ = np.histogram(error, edges)
    late = edges[:-1] >= 0
    axes.bar(
        edges[:-1], counts, width=np.diff(edges), align="edge", linewidth=0.6,
        color=np.where(late, theme.late, theme.early), edgecolor=theme.surface,
        hatch=["////" if is_late else "" for is_late in late],
    )  # fmt: skip
    bias = shown.main_score.clipped.bias
    axes.axvline(bias, color=theme.ink, linewidth=1.2, linestyle=(0, (4, 3)), label="mean error")
    axes.axvline(0, color=theme.ink, linewidth=0.8)
    axes.grid(visible=False, axis="x")
    axes.set(xlabel=_error_label(shown), ylabel="predictions")
    _legend_above(axes)


@png()
def residual_quantiles(figure: Figure, shown: Evaluation, theme: Theme) -> None:
    """Sorted errors against the errors that a normal distribution of the same spread would have."""
    axes, error = figure.subplots(), np.sort(shown.error)
    places = (np.arange(len(error)) + 0.5) / len(error)
    normal = np.array([NormalDist().inv_cdf(place) for place in places])
    line = error.mean() + error.std() * normal
    axes.plot(
        normal, line, color=theme.muted, linestyle=(0, (4, 3)), linewidth=1.2, label="normal errors"
    )
    _scatter(axes, normal, error, error, theme)
    axes.set(
        xlabel="quantile of a normal distribution (standard deviations)", ylabel=_error_label(shown)
    )
    _legend_above(axes)


@png()
def residuals_by_prediction(figure: Figure, shown: Evaluation, theme: Theme) -> None:
    """Errors against what was predicted: what one can know at the time."""
    axes = figure.subplots()
    _errors_along(axes, shown.predictions[shown.main], shown, theme)
    axes.set_xlabel(f"predicted RUL ({shown.life_unit})")


@png()
def residuals_over_life(figure: Figure, shown: Evaluation, theme: Theme) -> None:
    """Errors against how long the unit had run."""
    axes = figure.subplots()
    _errors_along(axes, shown.life, shown, theme)
    axes.set_xlabel(f"life when predicted ({shown.life_unit})")


def _errors_along(axes: Axes, along: Rows, shown: Evaluation, theme: Theme) -> None:
    axes.axhline(0, color=theme.muted, linewidth=1.0)
    _scatter(axes, along, shown.error, shown.error, theme)
    parts = min(10, len(along) // _ROWS_PER_MEAN)
    if parts >= 3:
        groups = np.array_split(np.argsort(along, kind="stable"), parts)
        axes.plot(
            [along[rows].mean() for rows in groups], [shown.error[rows].mean() for rows in groups],
            color=theme.ink, linewidth=1.6, label="mean error",
        )  # fmt: skip
    axes.set_ylabel(_error_label(shown))
    _legend_above(axes)


def _scatter(axes: Axes, x: Rows, y: Rows, error: Rows, theme: Theme) -> None:
    size, edge = (17.0, 0.4) if len(x) <= 300 else (9.0, 0.0)
    for name, rows, color, marker in (
        ("early", error <= 0, theme.early, "o"),
        ("late", error > 0, theme.late, "^"),
    ):
        axes.scatter(
            x[rows], y[rows], s=size, c=color, marker=marker, label=name,
            alpha=0.75, edgecolors=theme.surface, linewidths=edge, zorder=2.5,
        )  # fmt: skip


def _edges_through_zero(error: Rows) -> Rows:
    """Bar edges of one width, one of them at 0, around all errors."""
    low, high = min(float(error.min()), 0.0), max(float(error.max()), 0.0)
    width = float(np.diff(np.histogram_bin_edges(error, bins="fd"))[0])
    width = max(width, (high - low) / _MOST_BARS) or 1.0
    return np.arange(np.floor(low / width), np.floor(high / width) + 2) * width


def _error_label(shown: Evaluation) -> str:
    return f"error: predicted {MINUS} true ({shown.life_unit})"


def _legend_above(axes: Axes) -> None:
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.02), ncols=4, columnspacing=1.4)
