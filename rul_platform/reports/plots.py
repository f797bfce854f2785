"""Every plot of a report, in the order to show them, with how to read each.

Belongs here: which plots there are and when they apply.
Does not belong here: drawing (``error_plots``, ``model_plots``) and the look (``style``).
"""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from rul_platform.core.evaluation import Evaluation
from rul_platform.reports.error_plots import (
    predicted_vs_true,
    residual_histogram,
    residual_quantiles,
    residuals_by_prediction,
    residuals_over_life,
)
from rul_platform.reports.model_plots import (
    band_heat_map,
    interval_by_unit,
    model_comparison,
    training_history,
    trajectory_units,
    unit_trajectories,
)
from rul_platform.reports.planning_plots import alarm_costs
from rul_platform.reports.style import DARK, LIGHT, Plot, Theme

__all__ = [
    "DARK", "LIGHT", "PLOTS", "DrawnPlot", "PlotOfReport", "Theme", "alarm_costs", "band_heat_map",
    "draw_all", "interval_by_unit", "markdown_image", "model_comparison", "plots_of",
    "predicted_vs_true", "residual_histogram", "residual_quantiles", "residuals_by_prediction",
    "residuals_over_life", "training_history", "unit_trajectories",
]  # fmt: skip


Section = Literal["planning", "interval", "plots"]


def _always(_: Evaluation) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class PlotOfReport:
    """One plot and its words.

    Attributes:
        title: Headline above it.
        caption: One sentence on how to read it.
        draw: The plot: evaluation and theme to PNG bytes.
        applies: Whether an evaluation has what the plot needs.
        is_tall: Whether it takes the height of two.
        section: Where in the report it stands.
    """

    title: str
    caption: str
    draw: Plot[Evaluation]
    applies: Callable[[Evaluation], bool] = _always
    is_tall: bool = False
    section: Section = "plots"


PLOTS = (
    PlotOfReport(
        "What an alarm threshold costs",
        "Lowest is cheapest (diamond); right of it life is thrown away, left of it units fail.",
        alarm_costs,
        lambda shown: shown.maintenance is not None,
        section="planning",
    ),
    PlotOfReport(
        "Models side by side",
        "Further left is better; the bar says where the RMSE would lie on other units of the same kind.",
        model_comparison,
        lambda shown: len(shown.scores) > 1,
    ),
    PlotOfReport(
        "Predicted and true life",
        "On the dashed line a prediction is perfect; above it, it promises life that is not there.",
        predicted_vs_true,
    ),
    PlotOfReport(
        "Units over their life",
        "From the best unit to the worst: the blue line should follow that of the truth down to zero.",
        unit_trajectories,
        lambda shown: bool(trajectory_units(shown)),
        is_tall=True,
    ),
    PlotOfReport(
        "Prediction intervals",
        "The line of the truth should run inside the bars; triangles mark the truths that a bar missed.",
        interval_by_unit,
        lambda shown: shown.interval_low is not None,
        section="interval",
    ),
    PlotOfReport(
        "Bands of remaining life",
        "Each row sums to 100 %; right of the diagonal the unit had less life than was predicted.",
        band_heat_map,
    ),
    PlotOfReport(
        "How large the errors are",
        "Narrow and centred on zero is good; hatched bars right of zero are late predictions.",
        residual_histogram,
    ),
    PlotOfReport(
        "Errors by predicted life",
        "The line should stay near zero: a slope means that a range of predictions is off.",
        residuals_by_prediction,
    ),
    PlotOfReport(
        "Errors over life",
        "Shows at which age of a unit the predictions are off, and to which side.",
        residuals_over_life,
    ),
    PlotOfReport(
        "Are errors normal?",
        "Points on the dashed line are normal errors; ends that leave it are rare large misses.",
        residual_quantiles,
    ),
    PlotOfReport(
        "Training",
        "A validation error that rises while the loss still falls means learning by heart.",
        training_history,
        lambda shown: shown.history is not None and len(shown.history) > 0,
    ),
)


def plots_of(evaluation: Evaluation) -> tuple[PlotOfReport, ...]:
    """The plots that this evaluation has the data for, in the order to show them."""
    return tuple(plot for plot in PLOTS if plot.applies(evaluation))


@dataclass(frozen=True, slots=True)
class DrawnPlot:
    """A plot as PNG bytes in both appearances."""

    plot: PlotOfReport
    light: bytes
    dark: bytes


def draw_all(evaluation: Evaluation) -> tuple[DrawnPlot, ...]:
    """Each of :func:`plots_of`, drawn. Drawing is the long part of a report: do it once."""
    return tuple(
        DrawnPlot(plot, plot.draw(evaluation, LIGHT), plot.draw(evaluation, DARK))
        for plot in plots_of(evaluation)
    )


def markdown_image(png: bytes, alt: str) -> str:
    """A picture as Markdown that carries its bytes, for Dagster's metadata."""
    words = " ".join(alt.translate({ord(c): " " for c in "[]\\"}).split())
    return f"![{words}](data:image/png;base64,{b64encode(png).decode('ascii')})"
