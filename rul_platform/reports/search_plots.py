"""Plots of finding a recipe: the sweep of learning rates, the trials of a search, the method's steps.

Belongs here: drawing what was tried. Does not belong here: trying it (``learning``), the look
(``style``).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from rul_platform.core.method_log import MethodState
from rul_platform.reports.style import Theme, png


@dataclass(frozen=True, slots=True)
class _Sweep:
    table: pd.DataFrame
    steepest: float
    peak: float | None


@dataclass(frozen=True, slots=True)
class _Study:
    trials: pd.DataFrame
    life_unit: str


@dataclass(frozen=True, slots=True)
class _Method:
    state: MethodState
    life_unit: str


def rate_sweep(table: pd.DataFrame, steepest: float, *, peak: float | None = None) -> bytes:
    """The smoothed loss over the learning rate, with what is suggested; PNG bytes.

    Args:
        table: Columns ``learning_rate``, ``loss`` and ``smoothed``.
        steepest: The rate at which the loss falls most steeply.
        peak: The highest rate of a one-cycle schedule, where it is to be shown too.
    """
    return _rate_sweep(_Sweep(table, steepest, peak))


def study_history(trials: pd.DataFrame, life_unit: str) -> bytes:
    """Every trial's error in order, and the best so far; PNG bytes."""
    return _study_history(_Study(trials, life_unit))


def method_steps(state: MethodState, life_unit: str) -> bytes:
    """The validation error of everything that a method tried, step by step; PNG bytes."""
    return _method_steps(_Method(state, life_unit))


@png(height=2.8)
def _rate_sweep(figure: Figure, shown: _Sweep, theme: Theme) -> None:
    axes = figure.subplots()
    table = shown.table
    axes.plot(table["learning_rate"], table["loss"], color=theme.grid, linewidth=0.8)
    axes.plot(table["learning_rate"], table["smoothed"], color=theme.early, label="loss, smoothed")
    marks = (("steepest fall", shown.steepest, "--"), ("peak of one-cycle", shown.peak, ":"))
    for what, rate, style in marks:
        if rate is not None:
            axes.axvline(rate, color=theme.late, linestyle=style, label=f"{what}: {rate:.2g}")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("learning rate")
    axes.set_ylabel("loss")
    axes.legend()


@png(height=2.8)
def _study_history(figure: Figure, shown: _Study, theme: Theme) -> None:
    """Trials that were given up have no error: a mark at the top edge."""
    axes = figure.subplots()
    number = np.arange(1, len(shown.trials) + 1)
    error = shown.trials["rmse"].to_numpy(dtype=np.float64)
    has_score = np.isfinite(error)
    axes.scatter(number[has_score], error[has_score], color=theme.early, s=16, label="trial")
    if has_score.any():
        best = np.fmin.accumulate(np.where(has_score, error, np.inf))
        seen = np.isfinite(best)
        axes.step(number[seen], best[seen], where="post", color=theme.late, label="best so far")
    if not has_score.all():
        gone = number[~has_score]
        axes.scatter(
            gone, np.full(len(gone), 0.97), marker="x", s=16, color=theme.muted, label="given up",
            transform=axes.get_xaxis_transform(),
        )  # fmt: skip
    axes.set_xlabel("trial")
    axes.set_ylabel(f"RMSE on units left out ({shown.life_unit})")
    axes.legend()


@png(width=7.2, height=4.6)
def _method_steps(figure: Figure, shown: _Method, theme: Theme) -> None:
    """One row for each attempt, the steps' names at the left of the first of theirs."""
    axes = figure.subplots()
    rows = [
        (f"{step.name}: {attempt.what}", attempt.rmse, step.name == "test")
        for step in shown.state.steps
        for attempt in step.tried
        if attempt.rmse is not None
    ]
    for at, (_, error, is_test) in enumerate(rows):
        marker, color = ("s", theme.late) if is_test else ("o", theme.early)
        axes.plot([error], [at], marker=marker, color=color)
        axes.annotate(
            f"{error:.2f}", (error or 0.0, at), xytext=(6, 0), textcoords="offset points",
            va="center", fontsize=7, color=theme.ink,
        )  # fmt: skip
    axes.set_yticks(range(len(rows)), [what for what, _, _ in rows], fontsize=7)
    axes.set_xscale("log")
    axes.set_xlabel(f"RMSE ({shown.life_unit}), round: validation units, square: test units")
    axes.invert_yaxis()
    axes.margins(x=0.15)
