"""Which units a model got wrong, and how much of the whole error each of them makes up.

Belongs here: errors summed up by unit.
Does not belong here: figures over all units (``metrics``).
"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from rul_platform.core.metrics import Rows, checked, penalty, unit_means


def unit_errors(unit_ids: ArrayLike, truth: ArrayLike, predicted: ArrayLike) -> pd.DataFrame:
    """One row per unit, the unit with the largest share of the NASA score first.

    Args:
        unit_ids: Shape ``(N,)``, which unit each row belongs to.
        truth: Shape ``(N,)``, in the unit of life.
        predicted: Shape ``(N,)``, in the same unit.

    Returns:
        Columns ``unit``, ``rows`` (predictions of it), ``mean_truth``, ``mean_predicted``,
        ``mean_error`` (positive is late), ``rmse``, and the unit's shares ``share_of_squared_error``
        and ``share_of_score``, fractions that sum to 1 over all units unless nothing is wrong.

    >>> unit_errors(["a", "b"], [50, 50], [50, 60])["share_of_score"].tolist()
    [1.0, 0.0]
    """
    t, p, _ = checked(truth, predicted)
    units, rows = np.unique(np.asarray(unit_ids, dtype=str), return_counts=True)
    squared = unit_means(unit_ids, (p - t) ** 2)
    table = pd.DataFrame(
        {
            "unit": units,
            "rows": rows,
            "mean_truth": unit_means(unit_ids, t),
            "mean_predicted": unit_means(unit_ids, p),
            "mean_error": unit_means(unit_ids, p - t),
            "rmse": np.sqrt(squared),
            "share_of_squared_error": _shares(squared),
            "share_of_score": _shares(unit_means(unit_ids, penalty(p - t))),
        }
    )
    return table.sort_values(
        ["share_of_score", "rmse"], ascending=False, kind="stable", ignore_index=True
    )


def _shares(parts: Rows) -> Rows:
    total = parts.sum()
    return parts / total if total > 0 else np.zeros_like(parts)
