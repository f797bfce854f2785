"""A plant's machines by their newest answers, searched and sorted.

Belongs here: which machines, in which order. Does not belong here: SQL (``storage.newest_answers``).
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rul_platform.operation.serving.slots import Slot
from rul_platform.operation.views.bands import BANDS
from rul_platform.operation.views.plants import PlantCard, plant_card
from rul_platform.storage.home import Home
from rul_platform.storage.newest_answers import NewestAnswer, NewestAnswers
from rul_platform.storage.outcomes import Outcome

ON_A_PAGE = 100
OLD_AFTER = timedelta(days=7)
"""An answer that is older says little of a machine that runs on."""

STRANGE, OLD = "strange", "old"
ENDED = "ended"
"""Beside the bands: machines whose end was told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetQuestion:
    """What a person wants to see.

    Attributes:
        search: Part of a machine's name; empty for all.
        band: One of ``BANDS``, ``ENDED``, or empty for all that are at work.
        sort: One of ``SORTS``.
        is_descending: The other way round.
        page: From 1.
    """

    search: str = ""
    band: str = ""
    sort: str = "rul"
    is_descending: bool = False
    page: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One row; life and RUL in the plant's unit of life.

    Attributes:
        newest: Its newest answer.
        band: How soon it needs attention.
        is_at_least: The answer says only that there is no sign of wear yet.
        warnings: Some of ``STRANGE`` and ``OLD``.
        end: What became of it; None while it is at work.
    """

    newest: NewestAnswer
    band: str
    is_at_least: bool
    warnings: tuple[str, ...]
    end: Outcome | None

    @property
    def unit(self) -> str:
        """Its name."""
        return self.newest.unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """What the page tells.

    Attributes:
        card: The plant.
        question: What was asked.
        machines: Those on this page.
        found: How many were found on all pages.
        at_work: How many there are at work.
        in_band: Band to how many of these.
        ended: How many are not at work any more.
        pages: How many pages there are, 1 or more.
        scale: The longest life on the page's bars, in life units.
    """

    card: PlantCard
    question: FleetQuestion
    machines: Sequence[Machine]
    found: int
    at_work: int
    in_band: Mapping[str, int]
    ended: int
    pages: int
    scale: float


SORTS: Mapping[str, Callable[[Machine], tuple[object, ...]]] = {
    "rul": lambda each: (each.newest.rul, each.newest.rul_low),
    "soonest": lambda each: (each.newest.rul_low, each.newest.rul),
    "unit": lambda each: natural(each.unit),
    "life": lambda each: (each.newest.life,),
    "answered": lambda each: (each.newest.created_at,),
    "warnings": lambda each: (-len(each.warnings), each.newest.rul),
}
"""By what a fleet may be sorted, ascending; equal ones by name."""


def fleet_view(
    home: Home, plant: str, slot: Slot | None, question: FleetQuestion, now: datetime
) -> Fleet:
    """The machines that a person wants to see.

    Raises:
        UnknownPlantError: There is no such plant.
    """
    card = plant_card(home, plant, slot)
    every = machines(home, card, now)
    working = [each for each in every if each.end is None]
    found = sought(every, question)
    pages = max(1, -(-len(found) // ON_A_PAGE))
    first = (min(question.page, pages) - 1) * ON_A_PAGE
    shown = found[first : first + ON_A_PAGE]
    counts = Counter(each.band for each in working)
    return Fleet(
        card=card,
        question=question,
        machines=shown,
        found=len(found),
        at_work=len(working),
        in_band={band: counts[band] for band in BANDS},
        ended=len(every) - len(working),
        pages=pages,
        scale=max((each.newest.rul_high for each in shown), default=0.0),
    )


def machines(home: Home, card: PlantCard, now: datetime) -> list[Machine]:
    """All machines that ever got an answer."""
    ends = {each.unit: each for each in home.outcomes.of_plant(card.name) if each.is_end}
    newest = NewestAnswers(home.engine).of_units(card.name)
    return [_machine(card, each, ends.get(each.unit), now) for each in newest]


def sought(every: Sequence[Machine], question: FleetQuestion) -> list[Machine]:
    """Those that were asked for, in the order that was asked for."""
    wanted = question.search.casefold()
    found = [each for each in every if wanted in each.unit.casefold()]
    if question.band == ENDED:
        found = [each for each in found if each.end is not None]
    else:
        found = [each for each in found if each.end is None]
        found = [each for each in found if question.band in ("", each.band)]
    found.sort(key=lambda each: natural(each.unit))
    found.sort(key=SORTS[question.sort], reverse=question.is_descending)
    return found


def natural(name: str) -> tuple[tuple[bool, int, str], ...]:
    """A key that puts pump-9 before pump-10.

    >>> sorted(["pump-10", "pump-9"], key=natural)
    ['pump-9', 'pump-10']
    """
    parts, digits = list[str](), False
    for sign in name.casefold():
        is_digit = sign.isascii() and sign.isdigit()
        if parts and is_digit == digits:
            parts[-1] += sign
        else:
            parts.append(sign)
        digits = is_digit
    return tuple(
        (False, int(part), "") if part.isascii() and part.isdigit() else (True, 0, part)
        for part in parts
    )


def _machine(card: PlantCard, newest: NewestAnswer, end: Outcome | None, now: datetime) -> Machine:
    warnings = [STRANGE] if newest.is_strange else []
    if end is None and now - newest.created_at > OLD_AFTER:
        warnings.append(OLD)
    return Machine(
        newest=newest,
        band=card.bands.of(newest.rul),
        is_at_least=card.bands.is_at_least(newest.rul),
        warnings=tuple(warnings),
        end=end,
    )
