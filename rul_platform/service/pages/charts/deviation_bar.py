"""How far something went from zero, to either side."""

from markupsafe import Markup

from rul_platform.service.pages.charts.axis import Axis
from rul_platform.service.pages.charts.svg import element, picture

WIDTH, HEIGHT = 120.0, 14.0


def deviation_bar(value: float, reach: float, label: str) -> Markup:
    """Draw it.

    Args:
        value: How far, with its sign.
        reach: What fills a half of the bar.
        label: In words.
    """
    x = Axis(-reach, reach, 2.0, WIDTH - 2)
    zero, at = x.place(0.0), x.place(value)
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
