"""Ids of rows that tell when the row was made, so that a table divided by month knows where to look.

A UUID of version 7 (RFC 9562, 5.7 with method 3 of 6.2) as 32 hex digits: 12 of milliseconds since 1970,
the version, 3 of microseconds within the millisecond, the variant, and 62 random bits. One id belongs to
one moment, to the microsecond: unique within a month is unique altogether.

Belongs here: making and reading them. Does not belong here: tables.
"""

import re
import secrets
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FORM = re.compile(r"([0-9a-f]{12})7([0-9a-f]{3})[89ab][0-9a-f]{15}", re.ASCII)
_RANDOM_BITS = 62


def new_id(moment: datetime) -> str:
    """An id for a row of this moment.

    Args:
        moment: Aware of its zone, not before 1970.

    >>> new_id(datetime(2026, 3, 1, 12, 0, 0, 250_007, tzinfo=UTC))[:16]
    '019ca9450afa7007'
    """
    microseconds = (moment - _EPOCH) // _MICROSECOND
    tail = 0b10 << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)  # the variant in front
    return f"{microseconds // 1000:012x}7{microseconds % 1000:03x}{tail:016x}"


def moment_of(row_id: str) -> datetime | None:
    """When the row was made (UTC); None of an id that does not tell.

    >>> moment_of(new_id(datetime(2026, 3, 1, 12, tzinfo=UTC)))
    datetime.datetime(2026, 3, 1, 12, 0, tzinfo=datetime.timezone.utc)
    >>> moment_of("7" * 8) is None
    True
    """
    found = _FORM.fullmatch(row_id)
    if found is None:
        return None
    milliseconds, microseconds = int(found[1], 16), int(found[2], 16)
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds, microseconds=microseconds)
    except OverflowError:
        return None
