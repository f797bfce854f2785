"""Readings that landed, merged into a plant's own as those go by in order.

The same rule as ``landed.merge``, for own readings that are too many to hold; landed ones are held.

Belongs here: which landed readings count. Does not belong here: order (``sorted_runs``).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rul_platform.core.sorted_runs import Key, Rows

LAST: Key = (np.iinfo(np.int64).max, np.inf)
"""After every reading."""


@dataclass(slots=True)
class LandedRows:
    """All usable landed readings, and what was found of them.

    Attributes:
        rows: In order, each place once.
        in_both: How many of them the plant has itself.
        differing: And in how many of these something else stands.
        is_fresh: Shape ``(P,)``, which of ``rows`` the plant does not have; known once all was compared.
    """

    rows: Rows
    in_both: int = 0
    differing: int = 0
    is_fresh: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        self.is_fresh = np.ones(len(self.rows), dtype=np.bool_)

    def compared(self, own: Iterable[Rows]) -> Iterator[tuple[Rows, NDArray[np.bool_]]]:
        """Own readings in order, with the landed ones that the plant lacks; and which are own."""
        done = 0
        for rows in own:
            until = self.rows.until(rows.key(-1))
            self._compare(rows, done, until)
            fresh = self.rows.at(slice(done, until)).at(self.is_fresh[done:until])
            yield _together(rows, fresh)
            done = until
        if done < len(self.rows):
            rest = self.rows.at(slice(done, None))
            yield rest, np.zeros(len(rest), dtype=np.bool_)

    def merged(self, own: Iterable[Rows], left_out: NDArray[np.bool_]) -> Iterator[Rows]:
        """As :meth:`compared`, once all was compared, without landed readings of units ``left_out``."""
        fresh = self.rows.at(self.is_fresh & ~left_out[self.rows.unit])
        done = 0
        for rows in own:
            until = fresh.until(rows.key(-1))
            yield _together(rows, fresh.at(slice(done, until)))[0]
            done = until
        if done < len(fresh):
            yield fresh.at(slice(done, None))

    def _compare(self, own: Rows, begin: int, end: int) -> None:
        """Find the landed readings from ``begin`` until ``end`` among these own ones."""
        for row in range(begin, end):  # they are few, beside readings that are too many to hold
            at = own.until(self.rows.key(row)) - 1
            if at < 0 or own.key(at) != self.rows.key(row):
                continue
            self.is_fresh[row] = False
            self.in_both += 1
            same = np.array_equal(own.values[at], self.rows.values[row])
            self.differing += not (same and own.condition[at] == self.rows.condition[row])


def _together(own: Rows, landed: Rows) -> tuple[Rows, NDArray[np.bool_]]:
    is_own = np.repeat([True, False], [len(own), len(landed)])
    if not len(landed):
        return own, is_own
    both = Rows.joined([own, landed])
    order = np.lexsort((both.life, both.unit))
    return both.at(order), is_own[order]
