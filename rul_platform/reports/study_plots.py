"""The plot of a k-shot study.

Belongs here: one drawing per function, from the table of a study to PNG bytes. Does not belong here:
the table itself (``core.transfer_study``).
"""

import pandas as pd
from matplotlib.figure import Figure

from rul_platform.core.approaches import APPROACHES, SCRATCH
from rul_platform.core.transfer_study import CHOSEN
from rul_platform.reports.style import Theme, png

MARKERS = "os^vP*XDphd<>8H|_+x1234"
"""One for each approach, so that lines can be told apart without colour."""


@png(width=6.8, height=3.9)
def rmse_by_k(figure: Figure, shown: pd.DataFrame, theme: Theme) -> None:
    """Clipped RMSE of each approach over k, with the choice's interval over draws.

    Args:
        figure: To draw on.
        shown: From :func:`~rul_platform.core.transfer_study.summary`.
        theme: Colours.
    """
    axes = figure.subplots()
    known = (CHOSEN, *APPROACHES)
    for place, name in enumerate(known):
        rows = shown[shown["approach"] == name].sort_values("k")
        if rows.empty:
            continue
        is_chosen = name == CHOSEN
        own = theme.late if name in SCRATCH else theme.muted
        color = theme.early if is_chosen else own
        axes.plot(
            rows["k"], rows["rmse_clipped"], marker=MARKERS[place], markersize=5, color=color,
            linewidth=2.2 if is_chosen else 0.9, label=name, zorder=3 if is_chosen else 2,
        )  # fmt: skip
        if is_chosen:
            axes.fill_between(rows["k"], rows["low"], rows["high"], color=color, alpha=0.18)
    ks = sorted(shown["k"].unique())
    axes.set_xticks(ks, [f"{k}" for k in ks])
    axes.set(xlabel="units of the target (k)", ylabel="RMSE at test, truth clipped (cycles)")
    axes.set_ylim(bottom=0)
    figure.legend(loc="outside right upper")
