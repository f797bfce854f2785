"""One answer as a bar: where the interval lies, and the prediction in it."""

from markupsafe import Markup

from rul_platform.service.pages.charts.svg import element, picture

WIDTH, HEIGHT = 180.0, 20.0
LEAST_WIDTH = 3.0
"""An interval narrower than this could not be seen."""


def interval_bar(
    rul: float, low: float, high: float, *, scale: float, band: str, edges: tuple[float, ...],
    label: str,
) -> Markup:  # fmt: skip
    """Draw it.

    Args:
        rul: The prediction, in life units.
        low: Lower end of the interval.
        high: Upper end.
        scale: The longest life that the bar can show; the same for all bars of a page.
        band: How soon the machine needs attention; colours the bar.
        edges: Where bands meet.
        label: In words.
    """

    def x(life: float) -> float:
        return min(max(life / scale, 0.0), 1.0) * (WIDTH - 8) + 4 if scale > 0 else 4.0

    left, right = x(low), max(x(high), x(low) + LEAST_WIDTH)
    marks = [
        element("line", x1=x(edge), x2=x(edge), y1=4.0, y2=HEIGHT - 4, class_="edge")
        for edge in edges
        if edge < scale
    ]
    return picture(
        WIDTH,
        HEIGHT,
        label,
        element("rect", x=0.0, y=7.0, width=WIDTH, height=6.0, rx=3.0, class_="track"),
        *marks,
        element("rect", x=left, y=6.0, width=right - left, height=8.0, rx=4.0, class_="span"),
        element("rect", x=x(rul) - 1.5, y=2.0, width=3.0, height=16.0, rx=1.5, class_="said"),
        class_=f"interval band-{band}",
        is_exact=True,
    )
