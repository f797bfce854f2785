"""How a problem is put into words, the same way everywhere.

Belongs here: suggestions and short lists for messages. Does not belong here: what is a problem.
"""

import difflib
from collections.abc import Iterable

SHOWN_NAMES = 12
"""A message lists this many names and counts the rest."""

SHOWN_CHARACTERS = 40
"""A message quotes this much of a value that was found."""


def did_you_mean(found: str, known: Iterable[str]) -> str:
    """A suggestion to append to a sentence, or nothing where no known name is close.

    >>> did_you_mean("expresion", ["kind", "expression"])
    "; did you mean 'expression'?"
    >>> did_you_mean("zzz", ["kind"])
    ''
    """
    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(found.lower(), by_lower, n=1, cutoff=0.6)
    return f"; did you mean {by_lower[close[0]]!r}?" if close else ""


def listing(names: Iterable[str]) -> str:
    """Names with commas between them, cut off after a dozen.

    >>> listing(["a", "b"])
    'a, b'
    """
    every = list(names)
    rest = len(every) - SHOWN_NAMES
    shown = ", ".join(every[:SHOWN_NAMES])
    return f"{shown} and {rest} more" if rest > 0 else shown or "none"


def quoted(value: object) -> str:
    """A value as it was found, short enough for a line.

    >>> quoted("abc")
    "'abc'"
    """
    text = repr(value)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 1]}…"
