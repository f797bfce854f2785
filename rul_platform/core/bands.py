"""Remaining useful life in a few bands, as one plans by: act now, plan, watch, healthy.

Belongs here: band edges and how often truth and prediction fall into the same band.
Does not belong here: errors in the unit of life (``metrics``).
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from rul_platform.core.metrics import checked
from rul_platform.errors import EvaluationError

if TYPE_CHECKING:
    import pandas as pd

BAND_FRACTIONS = (0.2, 0.5, 0.8)
"""Where the bands meet, as shares of the cap. The last band begins below the cap and has no end: a
model that learned capped labels says at most the cap, and should not look wrong for units that have
more."""


def band_edges(cap: float) -> tuple[float, ...]:
    """Where the bands meet for labels limited to ``cap``, in the unit of life.

    >>> band_edges(125)
    (25.0, 62.5, 100.0)
    """
    return tuple(fraction * cap for fraction in BAND_FRACTIONS)


def band_labels(edges: Sequence[float]) -> tuple[str, ...]:
    """What each band is called, in the unit of life.

    >>> band_labels((25.0, 62.5))
    ('below 25', '25 to 62.5', '62.5 or more')
    """
    numbers = [f"{edge:.6g}" for edge in edges]
    between = [f"{low} to {high}" for low, high in pairwise(numbers)]
    return (f"below {numbers[0]}", *between, f"{numbers[-1]} or more")


def band_confusion(
    truth: ArrayLike, predicted: ArrayLike, edges: Sequence[float], *, life_unit: str
) -> "pd.DataFrame":
    """Count in which band the truth was, and in which the prediction.

    Args:
        truth: Shape ``(N,)``, in the unit of life.
        predicted: Shape ``(N,)``. Below 0 counts as the first band.
        edges: Where the bands meet, ascending; an edge belongs to the band above it.
        life_unit: Name of the unit of life, for the names of the two axes.

    Returns:
        Rows are true bands, columns predicted bands, both from short to long life; cells are counts
        of rows. Above the diagonal the prediction was late.

    Raises:
        EvaluationError: Rows that do not fit together, or edges that do not ascend.
    """
    import pandas as pd

    t, p, _ = checked(truth, predicted)
    if not edges or any(low >= high for low, high in pairwise(edges)):
        raise EvaluationError(
            "Bands cannot be counted", [f"edges are {list(edges)}, expected one or more, ascending"]
        )
    size = len(edges) + 1
    cell = np.digitize(t, edges) * size + np.digitize(p, edges)
    labels = band_labels(edges)
    return pd.DataFrame(
        np.bincount(cell, minlength=size * size).reshape(size, size),
        index=pd.Index(labels, name=f"true RUL ({life_unit})"),
        columns=pd.Index(labels, name=f"predicted RUL ({life_unit})"),
    )
