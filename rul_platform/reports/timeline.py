"""Times that follow each other as a drawing: where each begins and ends, in per cent of its width.

Per cent, so that a page draws it as wide as it is, with type that keeps its size.

Belongs here: positions and ticks of the axis. Does not belong here: marks, colours, words (templates).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

MOST_TICKS = 6
_STEPS = tuple(timedelta(hours=hours) for hours in (1, 3, 6, 12, 24, 48, 168, 336))
_MONTHS = (1, 2, 3, 6, 12, 24, 60)
_DAY = timedelta(days=1)
_MONTH = timedelta(days=30)
SHORTEST = timedelta(hours=1)
"""An axis spans at least this much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One time: in which lane, from where to where.

    Attributes:
        lane: Position among the lanes, from 0.
        left: Where it begins, in per cent.
        right: Where it ends.
    """

    lane: int
    left: float
    right: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A moment on the axis.

    Attributes:
        at: In per cent.
        moment: Which.
        is_hour: Whether the hour matters, as ticks are less than a day apart.
    """

    at: float
    moment: datetime
    is_hour: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A drawing.

    Attributes:
        lanes: What each lane is of, in ascending order.
        spans: One for each time, in the order given.
        ticks: Of the axis.
    """

    lanes: tuple[int, ...]
    spans: tuple[Span, ...]
    ticks: tuple[Tick, ...]


def timeline(times: Sequence[tuple[int, datetime, datetime | None]], now: datetime) -> Timeline:
    """Draw times, one lane for each number.

    Args:
        times: Number, beginning and end of each; an end that is None is not there yet. At least one.
        now: Where those end.
    """
    begin = min(since for _, since, _ in times)
    end = max(begin + SHORTEST, now, *(until for _, _, until in times if until))
    lanes = tuple(sorted({number for number, _, _ in times}))

    def at(moment: datetime) -> float:
        return round(100 * ((moment - begin) / (end - begin)), 3)

    return Timeline(
        lanes=lanes,
        spans=tuple(
            Span(lane=lanes.index(number), left=at(since), right=at(until or now))
            for number, since, until in times
        ),
        ticks=tuple(
            Tick(at=at(each), moment=each, is_hour=(end - begin) < MOST_TICKS * _DAY)
            for each in _ticks(begin, end)
        ),
    )


def _ticks(begin: datetime, end: datetime) -> Iterator[datetime]:
    """Round moments, at most ``MOST_TICKS``."""
    for step in _STEPS:
        if (end - begin) / step <= MOST_TICKS:
            yield from _steps(begin, end, step)
            return
    months = next((m for m in _MONTHS if (end - begin) / (m * _MONTH) <= MOST_TICKS), _MONTHS[-1])
    yield from _month_steps(begin, end, months)


def _steps(begin: datetime, end: datetime, step: timedelta) -> Iterator[datetime]:
    midnight = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    moment = midnight + step * -(-(begin - midnight) // step)
    while moment <= end:
        yield moment
        moment += step


def _month_steps(begin: datetime, end: datetime, months: int) -> Iterator[datetime]:
    first = begin.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    number = first.year * 12 + first.month - 1
    number -= number % months
    while True:
        moment = first.replace(year=number // 12, month=number % 12 + 1)
        if moment > end:
            return
        if moment >= begin:
            yield moment
        number += months
