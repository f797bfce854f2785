"""How long answers are kept: for ever, unless somebody says for how many months.

Belongs here: what goes when, and its record in the ledger. Does not belong here: months
(``storage.months``), persons (``privacy``).
"""

from dataclasses import dataclass
from datetime import date, datetime

from rul_platform.errors import RecordError
from rul_platform.storage import months
from rul_platform.storage.database import writing
from rul_platform.storage.home import Home

FEWEST_MONTHS = 7
"""Six whole ones, whatever day it is: the AI Act (Art. 19) asks for logs of six months at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A month of answers that is older than is kept.

    Attributes:
        first: Its first day.
        rows: How many answers went; None where they stay.
        needed: Why they stay; None where they went.
    """

    first: date
    rows: int | None
    needed: str | None


def let_go(home: Home, keep_months: int, now: datetime) -> tuple[Month, ...]:
    """Let go of whole months of answers that ended ``keep_months`` ago, unless something needs them.

    Each goes in a transaction of its own, with its row of the ledger.

    Raises:
        RecordError: Less than six months would be kept.
    """
    if keep_months < FEWEST_MONTHS:
        expected = f"{FEWEST_MONTHS} or more: six months are the least that the AI Act asks for"
        raise RecordError(
            "The months that answers are kept", found=str(keep_months), expected=expected
        )
    months.add_ahead(home.engine, now)  # so that each row is in its month
    end = _months_before(now, keep_months)
    return tuple(_let_go(home, first, end, now) for first in months.months_until(home.engine, end))


def _let_go(home: Home, first: date, end: datetime, now: datetime) -> Month:
    needed = months.still_needed(home.engine, first, end)
    if needed is not None:
        return Month(first=first, rows=None, needed=needed)
    with writing(home.engine):
        rows = months.drop(home.engine, first)
        body = {"month": f"{first:%Y-%m}", "answers": rows, "feedback": 0, "keys": 0}
        home.ledger.append("purge", body=body, now=now)
    return Month(first=first, rows=rows, needed=None)


def _months_before(now: datetime, count: int) -> datetime:
    """The first moment of the month that many before."""
    months_since_0 = now.year * 12 + now.month - 1 - count
    first = date(months_since_0 // 12, months_since_0 % 12 + 1, 1)
    return months.bounds(first)[0]
