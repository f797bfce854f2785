"""How values look on a page: numbers, shares, moments and ages, in the reader's language.

Belongs here: values to text. Does not belong here: sentences (``templates``).
"""

import math
from datetime import datetime, timedelta

from babel.dates import format_datetime, format_timedelta
from babel.numbers import format_decimal, format_percent

from rul_platform.service.pages.language import Language, msg

NOTHING = "\u2013"
"""Shown where there is no value."""

A_MOMENT = timedelta(seconds=60)
LIFE_UNITS = {
    "cycles": (msg("cycle"), msg("cycles")),
    "hours": (msg("hour"), msg("hours")),
    "seconds": (msg("second"), msg("seconds")),
    "minutes": (msg("minute"), msg("minutes")),
    "days": (msg("day"), msg("days")),
}
"""The usual units of life; any other is shown as the plant calls it."""


class Formats:
    """All of them in one language; the templates' filters."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def number(self, value: float | None, digits: int = 0) -> str:
        """A number with so many digits after the point; a dash where there is none."""
        if value is None or not math.isfinite(value):
            return NOTHING
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        return format_decimal(round(value, digits) + 0.0, pattern, locale=self._language.locale)

    def mark(self, value: float) -> str:
        """A round number, as beside an axis: with no more digits than it has."""
        return format_decimal(round(value, 6) + 0.0, "#,##0.######", locale=self._language.locale)

    def exact(self, value: float) -> str:
        """A number as a form's field holds it: all digits, whatever the language."""
        return repr(float(value)).removesuffix(".0")

    def figure(self, value: float | None, digits: int = 3) -> str:
        """A number with so many significant digits, for values of any size."""
        if value is None or not math.isfinite(value):
            return NOTHING
        if value == 0:
            return "0"
        after = digits - 1 - math.floor(math.log10(abs(value)))
        return self.number(round(value, after), min(max(after, 0), 6))

    def percent(self, share: float | None, digits: int = 0) -> str:
        """A share as percent."""
        if share is None or not math.isfinite(share):
            return NOTHING
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        mark = "\u202f%" if self._language.code == "fr" else "%"
        return format_percent(share, pattern + mark, locale=self._language.locale)

    def moment(self, at: datetime | None) -> str:
        """Day and time, in UTC."""
        if at is None:
            return NOTHING
        return format_datetime(at, "d MMM y, HH:mm 'UTC'", locale=self._language.locale)

    def day(self, at: datetime | None) -> str:
        """The day alone."""
        if at is None:
            return NOTHING
        return format_datetime(at, "d MMM y", locale=self._language.locale)

    def ago(self, at: datetime | None, now: datetime) -> str:
        """How long ago that was."""
        if at is None:
            return NOTHING
        if abs(now - at) < A_MOMENT:
            return self._language.text(msg("just now"))
        return format_timedelta(at - now, add_direction=True, locale=self._language.locale)

    def lasting(self, span: timedelta) -> str:
        """How long something took or has lasted."""
        return format_timedelta(span, locale=self._language.locale)

    def life_unit(self, unit: str, number: float = 2) -> str:
        """What a plant counts life in, as it goes with a number."""
        forms = LIFE_UNITS.get(unit)
        if forms is None:
            return unit
        is_one = abs(number) < 2 if self._language.code == "fr" else number == 1
        return self._language.text(forms[0] if is_one else forms[1])
