"""Plots to plan by: what an alarm threshold costs.

Belongs here: one drawing per function. Does not belong here: the curve (``core.maintenance``), colours
(``style``).
"""

from matplotlib.figure import Figure

from rul_platform.core.evaluation import Evaluation
from rul_platform.core.maintenance import cheapest
from rul_platform.reports.planning import alarm_curve
from rul_platform.reports.style import Theme, png

HIGHEST = 250
"""Where the cost is cut off, in per cent: thresholds beyond any sense would hide the cheapest one."""


@png(height=4.4)
def alarm_costs(figure: Figure, shown: Evaluation, theme: Theme) -> None:
    """Cost over the threshold, and below it what it is made of."""
    above, below = figure.subplots(2, sharex=True)
    for alarm_on, color, line in (
        ("prediction", theme.early, "-"),
        ("lower end", theme.muted, (0, (4, 2))),
    ):
        curve = alarm_curve(shown, alarm_on)
        if curve is None:
            continue
        at = curve["threshold"]
        above.plot(
            at, 100 * curve["cost"], color=color, linestyle=line, label=f"alarm on {alarm_on}"
        )
        best = cheapest(curve)
        above.plot(best["threshold"], 100 * best["cost"], marker="D", color=color, markersize=5)
    above.axhline(100, color=theme.truth, linewidth=0.8)
    above.set(ylabel="cost, % of waiting\nfor every failure", ylim=(0, HIGHEST))
    above.legend(loc="lower left", bbox_to_anchor=(0.0, 1.02), ncols=2, columnspacing=1.4)
    curve = alarm_curve(shown, "prediction")
    if curve is not None:
        at = curve["threshold"]
        below.plot(
            at, 100 * curve["failures"], color=theme.late, label="units that fail unexpectedly"
        )
        below.plot(at, 100 * curve["unused_share"], color=theme.early, label="life thrown away")
    below.set(
        xlabel=f"alarm threshold: predicted life ({shown.life_unit})", ylabel="%", ylim=(0, None)
    )
    below.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, columnspacing=1.4)
