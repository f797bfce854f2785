"""The predicted life of one machine over its life: the interval around it, who said it, and the end."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from rul_platform.operation.views.bands import BANDS
from rul_platform.service.pages.charts.axis import Axis
from rul_platform.service.pages.charts.svg import element, picture
from rul_platform.storage.predictions import LoggedPrediction

LEFT, RIGHT, TOP, BOTTOM = 46.0, 14.0, 22.0, 40.0
HEIGHT = 300.0
WIDE, NARROW = 1080.0, 340.0
HEADROOM = 1.06
DOT = 3.5
MOST_DOTS = 60
PER_TICK = 95.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LifeChart:
    """What is drawn; all in life units.

    Attributes:
        answers: As they were given, the oldest first, at least one; drawn by life, for somebody may ask
            about a shorter history later.
        edges: Where bands meet.
        cap: The longest life that the model tells apart; None where nobody knows.
        end: Where the machine ended; None while it is at work.
        is_failure: Whether it failed there, so that the true remaining life is known.
        number: A value as text.
        mark: A round value as text.
        version: A version's number as text.
        x_title: What the axis of life is called.
        y_title: What the axis of remaining life is called.
        end_title: What became of the machine.
        label: The chart in words.
    """

    answers: Sequence[LoggedPrediction]
    edges: Sequence[float]
    cap: float | None
    end: float | None
    is_failure: bool
    number: Callable[[float], str]
    mark: Callable[[float], str]
    version: Callable[[int], str]
    x_title: str
    y_title: str
    end_title: str
    label: str

    def draw(self, width: float = WIDE) -> Markup:
        """The chart; ``NARROW`` for a phone."""
        x, y = self._axes(width)
        marks = (
            *self._zones(x, y),
            *self._grid(x, y, width),
            *self._truth(x, y),
            *self._interval(x, y),
            *self._course(x, y),
            *self._versions(x),
            *self._end(x, y),
        )
        kind = "wide" if width == WIDE else "narrow"
        return picture(width, HEIGHT, self.label, *marks, class_=f"chart life-chart {kind}")

    @property
    def _by_life(self) -> Sequence[LoggedPrediction]:
        return sorted(self.answers, key=lambda each: each.life)

    def _axes(self, width: float) -> tuple[Axis, Axis]:
        lives = [each.life for each in self.answers]
        newest = self.answers[-1]
        last = max(*lives, self.end or 0.0, newest.life)
        is_late = len(set(lives)) > 1 and min(lives) > last / 2
        first = min(lives) if is_late else 0.0
        top = max(*(each.rul_high for each in self.answers), self.cap or 0.0) * HEADROOM
        span = (last - first) or 1.0
        x = Axis(first, last + 0.03 * span, LEFT, width - RIGHT)
        return x, Axis(0.0, top or 1.0, HEIGHT - BOTTOM, TOP)

    def _zones(self, x: Axis, y: Axis) -> Iterator[Markup]:
        """The bands, as a strip along the axis of remaining life."""
        limits = [0.0, *self.edges, y.high]
        if not self.edges:
            return
        for band, low, high in zip(BANDS, limits[:-1], limits[1:], strict=True):
            begin, end = y.place(high), y.place(low)
            yield element("rect", x=x.begin - 5, y=begin, width=5.0, height=end - begin,
                          class_=f"zone band-{band}")  # fmt: skip
            if band != BANDS[-1]:
                yield element("line", x1=x.begin, x2=x.end, y1=begin, y2=begin, class_="edge")

    def _grid(self, x: Axis, y: Axis, width: float) -> Iterator[Markup]:
        for value in y.ticks(5):
            at = y.place(value)
            yield element("line", x1=x.begin, x2=x.end, y1=at, y2=at, class_="grid")
            yield _text(self.mark(value), x.begin - 9, at + 4, "end")
        for value in x.ticks(max(2, int(width / PER_TICK))):
            yield _text(self.mark(value), x.place(value), y.begin + 16, "middle")
        yield element("line", x1=x.begin, x2=x.end, y1=y.begin, y2=y.begin, class_="base")
        yield _text(self.x_title, x.end, y.begin + 34, "end", "axis")
        yield _text(self.y_title, 2.0, 12.0, "start", "axis")

    def _truth(self, x: Axis, y: Axis) -> Iterator[Markup]:
        """The life that really remained, once a failure is known."""
        if self.end is None or not self.is_failure:
            return
        first = max(self.end - y.high, x.low)
        points = f"M{_point(x, y, first, self.end - first)}L{_point(x, y, self.end, 0.0)}"
        yield element("path", d=points, class_="truth")

    def _interval(self, x: Axis, y: Axis) -> Iterator[Markup]:
        upper = [_point(x, y, each.life, each.rul_high) for each in self._by_life]
        lower = [_point(x, y, each.life, each.rul_low) for each in reversed(self._by_life)]
        if len(self.answers) == 1:
            one = self.answers[0]
            at = x.place(one.life)
            yield element("line", x1=at, x2=at, y1=y.place(one.rul_low), y2=y.place(one.rul_high),
                          class_="whisker")  # fmt: skip
        else:
            yield element("path", d=f"M{'L'.join([*upper, *lower])}Z", class_="area")

    def _course(self, x: Axis, y: Axis) -> Iterator[Markup]:
        points = [_point(x, y, each.life, each.rul) for each in self._by_life]
        yield element("path", d=f"M{'L'.join(points)}", class_="course")
        for each in self.answers if len(self.answers) <= MOST_DOTS else self.answers[-1:]:
            is_newest = each is self.answers[-1]
            yield element(
                "circle",
                element("title", self._said(each)),
                cx=x.place(each.life),
                cy=y.place(each.rul),
                r=DOT + 1.5 if is_newest else DOT,
                class_="dot newest" if is_newest else "dot",
            )

    def _said(self, answer: LoggedPrediction) -> str:
        life, rul = self.number(answer.life), self.number(answer.rul)
        low, high = self.number(answer.rul_low), self.number(answer.rul_high)
        return f"{life}: {rul} ({low} \u2013 {high})"

    def _versions(self, x: Axis) -> Iterator[Markup]:
        """Which version spoke from where on, where it was not always the same."""
        if len({each.number for each in self.answers}) == 1:
            return
        before, written = None, -1e9
        for each in self._by_life:
            if each.number != before:
                at = x.place(each.life)
                yield element(
                    "line", x1=at, x2=at, y1=TOP - 4, y2=HEIGHT - BOTTOM, class_="version"
                )
                if at - written > 28:
                    yield _text(self.version(each.number), at + 3, TOP + 5, "start", "version")
                    written = at
                before = each.number

    def _end(self, x: Axis, y: Axis) -> Iterator[Markup]:
        if self.end is None:
            return
        at = x.place(self.end)
        yield element("line", x1=at, x2=at, y1=y.begin, y2=y.end, class_="end")
        yield _text(self.end_title, at - 5, y.end + 12, "end", "end")


def _text(text: str, x: float, y: float, anchor: str, kind: str = "tick") -> Markup:
    return element("text", text, x=x, y=y, text_anchor=anchor, class_=kind)


def _point(x: Axis, y: Axis, life: float, rul: float) -> str:
    return f"{x.place(life):.1f} {y.place(rul):.1f}"
