"""How far a sensor went, to either side, in training spreads."""

from markupsafe import Markup

from rul_platform.service.pages.charts.axis import Axis
from rul_platform.service.pages.charts.svg import element, picture

WIDTH, HEIGHT = 120.0, 14.0
LEAST_SCALE = 4.0
"""A bar shows at least so many spreads, so that small moves look small."""


def deviation_bar(spreads: float, scale: float, label: str) -> Markup:
    """Draw it.

    Args:
        spreads: How far, with its sign.
        scale: The most that any bar of the page shows.
        label: In words.
    """
    reach = max(scale, LEAST_SCALE)
    x = Axis(-reach, reach, 2.0, WIDTH - 2)
    zero, at = x.place(0.0), x.place(spreads)
    return picture(
        WIDTH,
        HEIGHT,
        label,
        element("rect", x=0.0, y=5.0, width=WIDTH, height=4.0, rx=2.0, class_="track"),
        element("rect", x=min(zero, at), y=3.0, width=max(abs(at - zero), 1.0), height=8.0, rx=2.0,
                class_="span"),
        element("line", x1=zero, x2=zero, y1=1.0, y2=HEIGHT - 1, class_="zero"),
        class_="chart deviation",
        is_exact=True,
    )  # fmt: skip
