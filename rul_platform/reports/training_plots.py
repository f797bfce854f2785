"""Plots of how a training went.

Belongs here: what happened step by step. Does not belong here: the curve of the validation error
(``fleet_plots``), the look (``style``).
"""

import pandas as pd
from matplotlib.figure import Figure

from rul_platform.core.diagnosis import EXPLODING, VANISHING
from rul_platform.reports.style import Theme, png

_DASHES = ("-", "--", ":", "-.")


def gradient_norms(gradients: pd.DataFrame) -> bytes:
    """Length of each layer's gradient over the steps, with the limits of what is healthy; PNG bytes.

    Args:
        gradients: ``step``, ``layer`` and ``norm``, at least one row.
    """
    return _gradient_norms(gradients)


@png(height=2.8)
def _gradient_norms(figure: Figure, shown: pd.DataFrame, theme: Theme) -> None:
    axes = figure.subplots()
    colors = (theme.early, theme.late, theme.truth)
    for at, (layer, rows) in enumerate(shown.groupby("layer", sort=False)):
        axes.plot(
            rows["step"],
            rows["norm"].clip(lower=VANISHING / 10),
            color=colors[at % len(colors)],
            linestyle=_DASHES[at % len(_DASHES)],
            label=str(layer),
        )
    for limit, name in ((VANISHING, "vanishing below"), (EXPLODING, "exploding above")):
        axes.axhline(limit, color=theme.muted, linewidth=0.8)
        axes.annotate(
            name, (1, limit), xycoords=("axes fraction", "data"), ha="right", va="bottom",
            color=theme.muted, fontsize=7,
        )  # fmt: skip
    axes.set_yscale("log")
    axes.set_ylim(VANISHING / 20, EXPLODING * 20)
    axes.set_xlabel("training step")
    axes.set_ylabel("length of the gradient")
    axes.legend(ncols=3, fontsize=7)
