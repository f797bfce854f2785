"""Tables, facts and timelines as templates take them (macros ``table`` and ``timeline``).

Belongs here: their shape. Does not belong here: their look (``templates/parts.html.jinja``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell.

    Attributes:
        text: What it says, translated already; a ``Markup`` is taken as it is.
        link: Where it leads; None for nowhere.
        badge: A kind of ``BADGES`` to show it as; None for plain text.
        remark: Said below, smaller.
        is_code: Shown in a fixed width, and broken anywhere, as a hash.
    """

    text: str
    link: str | None = None
    badge: str | None = None
    remark: str | None = None
    is_code: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column.

    Attributes:
        title: Its heading, translated already.
        is_number: Shown to the right, its digits below each other.
    """

    title: str
    is_number: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table; on a phone each row becomes a card.

    Attributes:
        caption: What it shows, for people who hear it.
        columns: The first one names the row.
        rows: A cell for each column.
    """

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A point of a timeline.

    Attributes:
        at: When.
        title: What happened, translated already.
        text: More about it, or empty.
        kind: A kind of ``BADGES``.
        badge: A word for how it went, or empty.
        link: Where more is told; None for nowhere.
    """

    at: datetime
    title: str
    text: str = ""
    kind: str = "open"
    badge: str = ""
    link: str | None = None


BADGES = ("good", "bad", "warn", "open", "info")
"""Kinds of badges: each has a colour and a shape of its own."""
