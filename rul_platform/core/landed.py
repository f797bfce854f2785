"""Readings that came with predictions: one history for each unit, and one with the plant's own.

Belongs here: which of several readings at the same life counts.
Does not belong here: where they are kept (``storage.landing``), what a failure is (``failures``).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from rul_platform.core.fleet import FIXED_COLUMNS

PLACE = ["unit", "life"]
"""A unit has one reading at a time."""


@dataclass(frozen=True, slots=True)
class Merged:
    """A plant's own readings and those that came with predictions, as one table.

    Attributes:
        readings: In the fleet's format, before any resampling, ordered by unit, then by life.
        only_landed: Units that the plant's own source does not have.
        counts: For people: how many rows came from where, and what was left out.
    """

    readings: pd.DataFrame
    only_landed: frozenset[str]
    counts: dict[str, int]


def newest(landings: Sequence[pd.DataFrame]) -> tuple[pd.DataFrame, int]:
    """One reading for each unit and life: that of the newest landing.

    Args:
        landings: Tables in the fleet's format, the oldest first.

    Returns:
        The readings, ordered by unit, then by life, and at how many places landings contradict each
        other.

    >>> first = pd.DataFrame({"unit": "a", "life": [1.0, 2.0], "condition": "0", "flow": [5.0, 6.0]})
    >>> table, contradictions = newest([first, first.tail(1).assign(flow=7.0)])
    >>> table["flow"].tolist(), contradictions
    ([5.0, 7.0], 1)
    """
    if not landings:
        return pd.DataFrame(columns=list(FIXED_COLUMNS)), 0
    together = pd.concat(landings, ignore_index=True)
    different = together.drop_duplicates()
    torn = different[different.duplicated(PLACE, keep=False)]
    kept = together.drop_duplicates(PLACE, keep="last")
    table = kept.sort_values(PLACE, kind="stable", ignore_index=True)
    return table, len(torn.drop_duplicates(PLACE))


def merge(own: pd.DataFrame, landed: pd.DataFrame) -> Merged:
    """Both as one history without doubles; at the same life the plant's own reading counts.

    Left out, and counted: a landed row that lacks one of the plant's sensors, and a unit that only
    landed and whose history begins later than every one of the plant's own. A network compares each
    machine with its own beginning, so it would learn the wrong thing from a history that lacks it.

    Args:
        own: The plant's readings, ordered by unit, then by life, each place once.
        landed: As :func:`newest` gives them.
    """
    usable = landed.reindex(columns=own.columns).dropna()
    both = usable.merge(own, on=PLACE, suffixes=("", " own"))
    values = [column for column in own.columns if column not in PLACE]
    differs = pd.DataFrame({name: both[name] != both[f"{name} own"] for name in values})
    fresh = usable[~_places(usable).isin(_places(own))]

    begins = fresh.groupby("unit")["life"].min()
    latest = own.groupby("unit")["life"].min().max()
    is_new = ~begins.index.isin(own["unit"])
    late = begins.index[is_new & (begins > latest).to_numpy()]
    fresh = fresh[~fresh["unit"].isin(late)]
    parts = [own, fresh] if len(fresh) else [own]
    together = pd.concat(parts, ignore_index=True)
    return Merged(
        together.sort_values(PLACE, kind="stable", ignore_index=True),
        frozenset(begins.index[is_new]) - frozenset(late),
        {
            "rows_from_landing": len(fresh),
            "rows_in_both": len(both),
            "rows_contradicting": int(differs.any(axis=1).sum()),
            "rows_incomplete": len(landed) - len(usable),
            "units_from_landing": int(is_new.sum()) - len(late),
            "units_without_beginning": len(late),
        },
    )


def _places(readings: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(readings[PLACE])
