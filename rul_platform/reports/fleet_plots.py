"""Plots of data and of training, for the assets that come before any evaluation.

Belongs here: what a fleet looks like, how a training went.
Does not belong here: errors of predictions (``error_plots``), the look (``style``).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from rul_platform.core.fleet import Fleet
from rul_platform.reports.style import Theme, png

MOST_UNITS = 8
MOST_SENSORS = 9


@dataclass(frozen=True, slots=True)
class _Shown:
    fleet: Fleet
    life_unit: str


@dataclass(frozen=True, slots=True)
class _Lived:
    units: pd.DataFrame
    life_unit: str


@dataclass(frozen=True, slots=True)
class _Labels:
    index: pd.DataFrame
    cap: float
    life_unit: str


@dataclass(frozen=True, slots=True)
class _Training:
    history: pd.DataFrame
    life_unit: str


def lives(units: pd.DataFrame, life_unit: str) -> bytes:
    """Histogram of how long the machines of a fleet's ``units`` lived; PNG bytes."""
    return _lives(_Lived(units, life_unit))


def sensor_traces(fleet: Fleet, life_unit: str) -> bytes:
    """The first sensors of some machines against the life that was left; PNG bytes."""
    return _sensor_traces(_Shown(fleet, life_unit))


def labels(index: pd.DataFrame, cap: float, life_unit: str) -> bytes:
    """How many windows of each split have which label; PNG bytes."""
    return _labels(_Labels(index, cap, life_unit))


def training_curve(history: pd.DataFrame, life_unit: str) -> bytes:
    """Validation error over the steps; PNG bytes."""
    return _training_curve(_Training(history, life_unit))


@png(height=2.4)
def _lives(figure: Figure, shown: _Lived, theme: Theme) -> None:
    axes = figure.subplots()
    units = shown.units
    failed = units["rul_at_end"].notna()
    groups = [units.loc[failed, "end_life"], units.loc[~failed, "end_life"]]
    labels = [f"failed ({failed.sum()})", f"not failed yet ({(~failed).sum()})"]
    kept = [at for at, group in enumerate(groups) if len(group)]
    axes.hist(
        [groups[at] for at in kept],
        bins=20,
        stacked=True,
        color=[(theme.early, theme.late)[at] for at in kept],
        label=[labels[at] for at in kept],
    )
    axes.set_xlabel(f"life at the last reading ({shown.life_unit})")
    axes.set_ylabel("machines")
    axes.legend()


@png(width=7.2, height=5.0)
def _sensor_traces(figure: Figure, shown: _Shown, theme: Theme) -> None:
    """Within the commonest operating condition, so that a change of it does not hide the wear."""
    fleet = shown.fleet
    sensors = fleet.sensors[:MOST_SENSORS]
    readings = fleet.readings.assign(rul=fleet.rul())
    common = readings["condition"].mode().iloc[0]
    readings = readings[(readings["condition"] == common) & readings["rul"].notna()]
    units = readings["unit"].unique()
    chosen = units[np.linspace(0, len(units) - 1, min(MOST_UNITS, len(units))).round().astype(int)]
    columns = min(3, len(sensors))
    grid = figure.subplots(-(-len(sensors) // columns), columns, sharex=True, squeeze=False)
    for axes in grid.flat[len(sensors) :]:
        axes.set_visible(False)
    for axes, sensor in zip(grid.flat, sensors, strict=False):
        for unit in chosen:
            rows = readings[readings["unit"] == unit]
            axes.plot(rows["rul"], rows[sensor], color=theme.early, alpha=0.45, linewidth=0.7)
        axes.set_title(sensor, color=theme.ink)
        axes.xaxis.set_inverted(True)
        axes.ticklabel_format(useOffset=False)
    figure.supxlabel(f"life left ({shown.life_unit})", color=theme.muted, fontsize=8.5)


@png(height=2.6)
def _labels(figure: Figure, shown: _Labels, theme: Theme) -> None:
    """As shares of each split, so that a small split can be compared with a large one."""
    axes = figure.subplots()
    labelled = shown.index[shown.index["rul"].notna()]
    colors = (theme.early, theme.late, theme.truth)
    for (split, rows), color in zip(labelled.groupby("split"), colors, strict=False):
        capped = rows["rul"].clip(upper=shown.cap)
        share = np.full(len(rows), 1 / len(rows))
        axes.hist(
            capped, bins=25, weights=share, histtype="step", color=color, label=str(split), lw=1.4
        )
    axes.set_xlabel(f"label, at most {shown.cap:g} ({shown.life_unit})")
    axes.set_ylabel("share of windows")
    axes.legend(loc="upper center")


@png(height=2.6)
def _training_curve(figure: Figure, shown: _Training, theme: Theme) -> None:
    axes = figure.subplots()
    axes.plot(shown.history["step"], shown.history["valid_rmse"], color=theme.early)
    axes.set_xlabel("training step")
    axes.set_ylabel(f"validation RMSE ({shown.life_unit})")
