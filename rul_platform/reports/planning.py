"""When to act: what an alarm threshold costs, and how early a prediction can be planned with.

Belongs here: sentences and tables of maintenance and of prognostic figures. Does not belong here: the
arithmetic (``core.maintenance``, ``core.prognostics``), plots (``planning_plots``).
"""

from collections.abc import Hashable
from typing import Any

import pandas as pd

from rul_platform.core.evaluation import Evaluation
from rul_platform.core.maintenance import cheapest
from rul_platform.core.prognostics import ALPHA, LAMBDAS
from rul_platform.reports.numbers import percent, plain
from rul_platform.reports.tables import Cell, Table

SHOWN_SHARES = (0.08, 0.16, 0.24, 0.4, 0.6)
"""Thresholds of the table, as shares of the cap; the cheapest is shown beside them."""

NO_CURVE = (
    "What an alarm threshold costs, and from when on one can plan, cannot be said here: units were not "
    "predicted at every reading up to their failure, so when an alarm would have come is not known."
)

_WAY = {0.25: "a quarter", 0.5: "half", 0.75: "three quarters"}


def alarm_sentence(shown: Evaluation) -> str:
    """Which threshold costs least, and what it does."""
    curve = alarm_curve(shown, "prediction")
    if curve is None:
        return NO_CURVE
    best, unit = cheapest(curve), shown.life_unit
    ratio = f"{shown.cost_ratio:g} planned replacements"
    late = f" and an alarm takes {shown.lead:g} {unit} to act on" if shown.lead else ""
    begin = f"If an unexpected failure costs as much as {ratio}{late}, it is cheapest "
    if best["cost"] >= 1.0:
        return f"{begin}to wait for every failure: no threshold saves anything on these units."
    return (
        f"{begin}to replace a unit when its predicted life first falls to {best['threshold']:.4g} "
        f"{unit}: {percent(best['failures'])} still fail unexpectedly, {plain(best['unused_life'])} "
        f"{unit} are left on average, and life costs {percent(best['cost'])} of what it costs to wait "
        f"for every failure."
    )


def alarm_table(shown: Evaluation) -> Table | None:
    """A few thresholds to choose from, the cheapest one marked."""
    curve = alarm_curve(shown, "prediction")
    if curve is None:
        return None
    best = float(cheapest(curve)["threshold"])
    wanted = {best, *(_nearest(curve, share * shown.cap) for share in SHOWN_SHARES)}
    rows = curve[curve["threshold"].isin(wanted)]
    return Table(
        f"Alarm when the predicted life first falls to so many {shown.life_unit}",
        ("Threshold", "Fail unexpectedly", "Life left", "Life thrown away", "Cost of waiting"),
        tuple(_alarm_row(row) for row in rows.to_dict("records")),
        marked=sorted(wanted).index(best),
    )


def alarm_curve(shown: Evaluation, alarm_on: str) -> pd.DataFrame | None:
    """The curve of one signal; None where there is none."""
    if shown.maintenance is None:
        return None
    found = shown.maintenance[shown.maintenance["alarm_on"] == alarm_on]
    return None if found.empty else found


def prognostic_table(shown: Evaluation) -> Table | None:
    """Prognostic figures over all units, each with what it says."""
    found = shown.prognostics
    if found is None:
        return None
    unit, cone = shown.life_unit, percent(ALPHA)
    rows = [
        _figure(
            f"Within {cone} at {_WAY[lam]} of the way",
            percent(float(found[f"alpha_lambda_{100 * lam:.0f}"].mean())),
            "of the units: \N{GREEK SMALL LETTER ALPHA}-\N{GREEK SMALL LETTER LAMDA} accuracy",
        )
        for lam in LAMBDAS
    ]
    rows += [
        _figure(
            "Prognostic horizon",
            f"{plain(float(found['horizon'].median()))} {unit}",
            f"median; from there on the error stays below {cone} of the whole life",
        ),
        _figure(
            "Relative accuracy",
            percent(float(found["relative_accuracy"].median())),
            "median over units, of the mean over each life; 100\N{NO-BREAK SPACE}% is perfect",
        ),
        _figure(
            "Convergence",
            f"{plain(float(found['convergence'].median()))} {unit}",
            "median; the lower, the sooner errors shrink",
        ),
    ]
    caption = f"Over the life of {len(found)} units, once less than {shown.cap:g} {unit} are left"
    return Table(caption, ("Figure", "Value", "What it says"), tuple(rows))


def _figure(name: str, value: str, meaning: str) -> tuple[Cell, Cell, Cell]:
    return Cell(name), Cell(value), Cell(meaning)


def _alarm_row(row: dict[Hashable, Any]) -> tuple[Cell, ...]:
    return (
        Cell(f"{row['threshold']:.4g}"),
        Cell(percent(row["failures"])),
        Cell(plain(row["unused_life"])),
        Cell(percent(row["unused_share"])),
        Cell(percent(row["cost"])),
    )


def _nearest(curve: pd.DataFrame, threshold: float) -> float:
    at = curve["threshold"].to_numpy()
    return float(at[abs(at - threshold).argmin()])
