"""One thing that an audit found wrong, or could not look at.

Belongs here: the form. Does not belong here: looking (the other modules of this package).
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from rul_platform.errors import StoreUnreachableError

Kind = Literal["broken", "unknown"]
"""``broken``: what was recorded no longer holds. ``unknown``: it cannot be looked at here."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing.

    Attributes:
        kind: How bad it is.
        part: Which part of the audit found it.
        where: What it is about, as ``ledger row 7``.
        what: What was found and what was expected.
    """

    kind: Kind
    part: str
    where: str
    what: str

    @property
    def sentence(self) -> str:
        """For people."""
        return f"{self.where}: {self.what}"

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def guarded(part: str, found: Iterator[Problem]) -> Iterator[Problem]:
    """All that was found; where looking itself fails, as on a row that is no JSON any more, that too.

    A store that does not answer is nothing broken: it could not be looked at.

    What this part would have looked at afterwards is not looked at; the other parts are.
    """
    try:
        yield from found
    except StoreUnreachableError as error:
        yield Problem("unknown", part, part, str(error))
    except Exception as error:
        what = f"what is recorded cannot be read ({type(error).__name__}: {error})"
        yield Problem("broken", part, part, what)
