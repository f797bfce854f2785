"""Numbers for names, which millions of readings share.

Belongs here: numbering. Does not belong here: what is named (``readings``).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray


class Names:
    """Numbers for names, in the order in which they are first met."""

    def __init__(self) -> None:
        self.number: dict[str, int] = {}
        self._told = 0

    def codes(self, names: pd.Series) -> NDArray[np.int64]:
        """The numbers of names; new ones get the next."""
        codes, found = pd.factorize(names)
        numbers = [self.number.setdefault(str(name), len(self.number)) for name in found]
        return np.array(numbers, dtype=np.int64)[codes]

    def new(self) -> list[str]:
        """Those that were met since this was last asked."""
        names = list(self.number)[self._told :]
        self._told = len(self.number)
        return names

    def learn(self, names: Sequence[str]) -> None:
        """As if these were met."""
        for name in names:
            self.number.setdefault(name, len(self.number))
        self._told = len(self.number)

    def rank(self) -> NDArray[np.int64]:
        """For each number its place in the order of names."""
        order = sorted(self.number, key=str)
        rank = np.empty(len(order), dtype=np.int64)
        rank[[self.number[name] for name in order]] = np.arange(len(order))
        return rank
