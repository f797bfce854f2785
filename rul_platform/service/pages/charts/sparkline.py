"""One sensor's course: a line, the range that training knew, the newest reading."""

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from rul_platform.operation.views.drivers import SensorStory
from rul_platform.service.pages.charts.axis import Axis
from rul_platform.service.pages.charts.svg import element, picture

WIDTH, HEIGHT, MARGIN = 300.0, 84.0, 6.0
MOST_POINTS = 240


def sparkline(story: SensorStory, label: str) -> Markup:
    """Draw it; what it shows stands beside it as text."""
    life, values = thinned(story.life, story.values)
    low, high = min(float(values.min()), story.low), max(float(values.max()), story.high)
    pad = 0.05 * (high - low) or 1.0
    x = Axis(float(life[0]), float(life[-1]), MARGIN, WIDTH - MARGIN)
    y = Axis(low - pad, high + pad, HEIGHT - 2, 2.0)
    points = [
        f"{x.place(at):.1f} {y.place(value):.1f}"
        for at, value in zip(life.tolist(), values.tolist(), strict=True)
    ]
    top, bottom = y.place(story.high), y.place(story.low)
    return picture(
        WIDTH,
        HEIGHT,
        label,
        element("rect", x=0.0, y=top, width=WIDTH, height=bottom - top, class_="normal"),
        element("path", d=f"M{'L'.join(points)}", class_="course"),
        element("circle", cx=x.place(float(life[-1])), cy=y.place(float(values[-1])), r=3.5,
                class_="dot newest"),
        class_="chart sparkline",
    )  # fmt: skip


def thinned(
    life: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Means over neighbours, no more than can be seen; the newest one stays as it is.

    >>> thinned(np.arange(3.0), np.array([1.0, 2.0, 3.0]))[1].tolist()
    [1.0, 2.0, 3.0]
    """
    size = -(-len(life) // MOST_POINTS)
    if size == 1:
        return life, values
    begins = np.arange(0, len(life), size)
    counts = np.diff(np.append(begins, len(life)))
    thin = [np.add.reduceat(each, begins) / counts for each in (life, values)]
    return np.append(thin[0], life[-1]), np.append(thin[1], values[-1])
