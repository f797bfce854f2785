"""The charts of a machine's page, in the reader's language.

Belongs here: what is written in the charts. Does not belong here: how they are drawn (``charts``).
"""

from collections.abc import Sequence

from fastapi import Request
from markupsafe import Markup

from rul_platform.operation.views.drivers import SensorStory
from rul_platform.operation.views.unit import Unit
from rul_platform.service.pages import language
from rul_platform.service.pages.charts.deviation_bar import deviation_bar
from rul_platform.service.pages.charts.life_chart import NARROW, LifeChart
from rul_platform.service.pages.charts.sparkline import sparkline
from rul_platform.service.pages.formats import Formats
from rul_platform.service.pages.language import msg
from rul_platform.service.pages.wording import OUTCOMES

LEAST_SPREADS = 4.0
"""A bar shows at least so many spreads, so that small moves look small."""

LEAST_PULL = 0.1
"""A bar of what a sensor weighs shows at least so much of the label cap, likewise."""


class UnitPictures:
    """Draws them when a template asks."""

    def __init__(self, request: Request, unit: Unit) -> None:
        self._unit = unit
        self._language = language.of_request(request)
        self._formats = Formats(self._language)

    def life(self) -> Markup:
        """The predicted life over the life, twice: the stylesheet shows what fits."""
        chart = self._chart()
        return chart.draw() + chart.draw(NARROW)

    def course(self, story: SensorStory) -> Markup:
        """A sensor's readings."""
        text = self._language.text(msg("Course of %(name)s over life"))
        return sparkline(story, text % {"name": story.name})

    def deviation(self, spreads: float) -> Markup:
        """How far a sensor went."""
        furthest = max((each.distance for each in self._sensors), default=0.0)
        return deviation_bar(spreads, max(furthest, LEAST_SPREADS), self.spreads(spreads))

    def spreads(self, value: float) -> str:
        """A distance with its sign."""
        return self._signed(value, 1)

    def pull(self, gain: float) -> Markup:
        """How much a sensor takes from the answer, or adds to it."""
        most = max((abs(each.gain) for each in self._sensors), default=0.0)
        least = LEAST_PULL * (self._unit.card.bands.cap or 0.0)
        return deviation_bar(-gain, max(most, least), self.pulled(gain))

    def pulled(self, gain: float) -> str:
        """The same in life units, with its sign."""
        return self._signed(-gain, self._unit.card.bands.digits)

    @property
    def _sensors(self) -> Sequence[SensorStory]:
        return self._unit.drivers.sensors if self._unit.drivers else ()

    def _signed(self, value: float, digits: int) -> str:
        least = 0.5 * 10.0**-digits
        sign = "+" if value >= least else "\u2212" if value <= -least else "\u00b1"
        return f"{sign}{self._formats.number(abs(value), digits)}"

    def _chart(self) -> LifeChart:
        unit, say = self._unit, self._language.text
        digits = unit.card.bands.digits
        life_unit = self._formats.life_unit(unit.card.life_unit)
        end = unit.end
        version = say(msg("v%(number)s"))
        label = say(msg("Predicted remaining life over the life of %(name)s"))
        return LifeChart(
            answers=unit.answers,
            edges=unit.card.bands.edges,
            cap=unit.card.bands.cap,
            end=end.life if end else None,
            is_failure=end is not None and end.kind == "failed",
            number=lambda value: self._formats.number(value, digits),
            mark=self._formats.mark,
            version=lambda number: version % {"number": number},
            x_title=say(msg("Life so far, in %(unit)s")) % {"unit": life_unit},
            y_title=say(msg("Remaining life, in %(unit)s")) % {"unit": life_unit},
            end_title=say(OUTCOMES[end.kind]) if end else "",
            label=label % {"name": unit.name},
        )
