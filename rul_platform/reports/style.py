"""One look for all plots: colours, type, size, and how a figure becomes bytes.

Belongs here: what every plot shares. Colours are from M. Okabe and K. Ito, "Color Universal Design",
told apart by colour-blind readers and on grey prints; marker shape always says the same again.
Does not belong here: what a plot shows (``error_plots``, ``model_plots``).

This module and the plots are the only ones that import matplotlib, and never its pyplot: figures
are objects of their own, so that nothing is left open and no display is looked for.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from io import BytesIO
from threading import Lock
from typing import Any, Protocol, TypeVar

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

DOTS_PER_INCH = 200
LAYOUT = "constrained"  # margins as wide as the words need; more than half of the time of a drawing
_COLORS = 128  # a plot has few; more cannot be seen


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours of one appearance: ``surface`` behind, ``early`` and ``late`` for the two errors."""

    surface: str
    ink: str
    muted: str
    grid: str
    early: str
    late: str
    truth: str


LIGHT = Theme(
    surface="#ffffff", ink="#1d2329", muted="#5b6570", grid="#e6e9ec",
    early="#0072b2", late="#d55e00", truth="#1d2329",
)  # fmt: skip
DARK = Theme(
    surface="#1b2026", ink="#e8ebee", muted="#a3adb8", grid="#2f363e",
    early="#56b4e9", late="#e69f00", truth="#e8ebee",
)  # fmt: skip

Shown = TypeVar("Shown", contravariant=True)  # what a plot shows: an evaluation, a fleet, ...


class Plot(Protocol[Shown]):
    """Gives PNG bytes, the same for the same input."""

    def __call__(self, shown: Shown, theme: Theme = LIGHT) -> bytes:
        """Draw ``shown`` in the colours of ``theme``."""
        ...


_ONE_AT_A_TIME = Lock()  # matplotlib's settings are global to the process


def png(
    width: float = 4.8, height: float = 3.3
) -> Callable[[Callable[[Figure, Shown, Theme], None]], Plot[Shown]]:
    """Turn a function that draws on a figure into one that gives PNG bytes.

    Args:
        width: In inches; 4.8 keeps the type readable on a phone.
        height: In inches.
    """

    def decorate(draw: Callable[[Figure, Shown, Theme], None]) -> Plot[Shown]:
        @wraps(draw)
        def plot(shown: Shown, theme: Theme = LIGHT) -> bytes:
            with _ONE_AT_A_TIME, mpl.rc_context():
                mpl.rcdefaults()  # a reader's own matplotlibrc must not change the bytes
                mpl.rcParams.update(_settings(theme))
                figure = Figure(figsize=(width, height), dpi=DOTS_PER_INCH, layout=LAYOUT)
                draw(figure, shown, theme)
                return _to_bytes(figure)

        return plot

    return decorate


def _to_bytes(figure: Figure) -> bytes:
    """The figure as PNG without any date or name of software, a third of matplotlib's own size."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    target = BytesIO()
    picture.quantize(_COLORS, dither=Image.Dither.NONE).save(target, format="png", optimize=True)
    return target.getvalue()


def _settings(theme: Theme) -> Any:  # matplotlib names the type of its keys since 3.11 only
    return {
        "font.family": "DejaVu Sans",  # travels with matplotlib, so it is the same everywhere
        "font.size": 8.5,
        "axes.labelsize": 8.5,
        "axes.titlesize": 8.5,
        "legend.fontsize": 8,
        "xtick.labelsize": 8,
        "ytick.labelsize": 8,
        "figure.constrained_layout.w_pad": 0.08,
        "figure.constrained_layout.h_pad": 0.06,
        "figure.facecolor": theme.surface,
        "axes.facecolor": theme.surface,
        "savefig.facecolor": theme.surface,
        "text.parse_math": False,  # a unit may be called "$7"
        "text.color": theme.ink,
        "axes.labelcolor": theme.muted,
        "xtick.color": theme.grid,
        "ytick.color": theme.grid,
        "xtick.labelcolor": theme.muted,
        "ytick.labelcolor": theme.muted,
        "axes.edgecolor": theme.grid,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.unicode_minus": True,
        "grid.color": theme.grid,
        "grid.linewidth": 0.7,
        "legend.frameon": False,
        "legend.handletextpad": 0.4,
        "legend.borderaxespad": 0.0,
        "legend.labelcolor": theme.ink,
        "lines.linewidth": 1.5,
    }
