"""Whether prediction intervals held what they promised, over all rows and by band of predicted RUL.

Belongs here: which truths lay inside, and how wide the intervals are. Does not belong here: making
intervals (``calibration``), how sure the shares are (``bootstrap``).

Shape letters: N scored rows, R resamples.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from rul_platform.core.bands import band_edges, band_labels
from rul_platform.core.bootstrap import Key, Resampled
from rul_platform.core.metrics import Rows, unit_weights, weighted_mean
from rul_platform.core.predicted_units import PredictedUnits

COVERAGE: Key = ("coverage",)


def coverage_figures(given: PredictedUnits, weights: Rows) -> dict[Key, Rows]:
    """The share of truths inside their interval, overall and by band, on weights ``(R, N)``.

    NaN for a band without a row; nothing where there are no intervals.
    """
    if given.interval_low is None or given.interval_high is None:
        return {}
    truth = given.clipped_truth
    inside = ((given.interval_low <= truth) & (truth <= given.interval_high)).astype(np.float64)
    found = {COVERAGE: weighted_mean(inside, weights)}
    for label, rows in _bands(given).items():
        weight = weights[..., rows]
        total = weight.sum(axis=-1)
        held = (weight * inside[rows]).sum(axis=-1)
        empty = np.full(total.shape, np.nan)
        found[*COVERAGE, label] = np.divide(held, total, out=empty, where=total > 0)
    return found


def coverage_by_band(given: PredictedUnits, drawn: Resampled) -> pd.DataFrame | None:
    """One row for each band of predicted RUL that has a prediction, from short to long life.

    Returns:
        Columns ``band``, ``units``, ``rows``, ``coverage``, its interval over units ``low`` and ``high``
        (infinite where it is not known), and ``width``, the mean in life units, each unit counting once.
        None where there are no intervals.
    """
    if given.interval_low is None or given.interval_high is None:
        return None
    width = given.interval_high - given.interval_low
    weights, rows = unit_weights(given.unit_ids), list[dict[str, str | int | float]]()
    for label, at in _bands(given).items():
        if not len(at):
            continue
        around = drawn.interval((*COVERAGE, label))
        rows.append(
            {
                "band": label,
                "units": len(set(given.unit_ids[at].tolist())),
                "rows": len(at),
                "coverage": drawn.observed[*COVERAGE, label],
                "low": around.low,
                "high": around.high,
                "width": float(np.average(width[at], weights=weights[at])),
            }
        )
    return pd.DataFrame(rows)


def _bands(given: PredictedUnits) -> Mapping[str, np.ndarray]:
    """Row numbers by the name of the band."""
    edges = band_edges(given.cap)
    at = np.digitize(given.predictions[given.main], edges)
    return {label: np.flatnonzero(at == place) for place, label in enumerate(band_labels(edges))}
