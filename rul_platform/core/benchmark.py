"""One row of the benchmark: how good one architecture is on one subset, over several seeds.

Belongs here: figures over seeds, and their intervals over engines. Does not belong here: training
(``learning``), published figures (``anchors``), tables for people (``reports``).

Shape letters: N engines, S seeds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rul_platform.core.bootstrap import resample
from rul_platform.core.metrics import Rows, nasa_score, rmse

NEAR_CYCLES = 60.0
"""Predictions below this are those that maintenance is planned by: their intervals are told apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkRow:
    """One architecture on one subset. RMSE in cycles; every figure is the mean over the seeds.

    Attributes:
        subset: Which data.
        architecture: What was trained.
        rmse_clipped: Truth limited to the label cap.
        rmse_clipped_low: Lower end of its 95 % interval over engines; None where it is not known.
        rmse_clipped_high: Its upper end.
        rmse_raw: Truth as it is, against :func:`beyond_cap` where the model has a head for it.
        rmse_raw_low: As above.
        rmse_raw_high: As above.
        score_clipped: NASA score, truth limited to the cap.
        score_raw: NASA score, predictions as of ``rmse_raw``.
        rmse_clipped_by_seed: ``rmse_clipped`` of each seed.
        coverage: Share of truths, limited to the cap, that lie in their 90 % interval; None without one.
        width: Mean width of these intervals.
        width_near: The same of predictions below ``NEAR_CYCLES``; None where there is none.
        valid_rmse: On training engines that it did not learn from, truth limited to the cap; None where
            nothing was held out. The training of a single network stopped by these engines.
        cpu_seconds: Of one training.
        parameters: Learned numbers of one model.
        seeds: S.
        engines: N.
    """

    subset: str
    architecture: str
    rmse_clipped: float
    rmse_clipped_low: float | None
    rmse_clipped_high: float | None
    rmse_raw: float
    rmse_raw_low: float | None
    rmse_raw_high: float | None
    score_clipped: float
    score_raw: float
    rmse_clipped_by_seed: tuple[float, ...]
    coverage: float | None
    width: float | None
    width_near: float | None
    valid_rmse: float | None
    cpu_seconds: float
    parameters: int
    seeds: int
    engines: int

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self) | {"rmse_clipped_by_seed": list(self.rmse_clipped_by_seed)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "BenchmarkRow":
        """The inverse of :meth:`to_json`; what is beside it is left out."""
        known: dict[str, Any] = {field.name: data[field.name] for field in fields(cls)}
        known["rmse_clipped_by_seed"] = tuple(data["rmse_clipped_by_seed"])
        return cls(**known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What the models of several seeds said of a test set, in cycles.

    Attributes:
        units: Shape ``(N,)``.
        truth: Shape ``(N,)``, as it is.
        cap: Label cap.
        predicted: One for each seed, shape ``(N,)``, between 0 and the cap.
        unlimited: The same with :func:`beyond_cap`; without a head for it, ``predicted`` again.
        has_far: Whether there is a head for it.
        intervals: Lower and upper ends around ``predicted``, one pair for each seed; none of a constant.
    """

    units: NDArray[np.str_]
    truth: Rows
    cap: float
    predicted: Sequence[Rows]
    unlimited: Sequence[Rows]
    has_far: bool
    intervals: Sequence[tuple[Rows, Rows]] = ()


def beyond_cap(predicted: Rows, far: NDArray[np.floating], *, cap: float) -> Rows:
    """Predictions that may exceed the label cap: what the other head says above it is added.

    Of several ways to join the two, it did well on engines left out (docs/experiments.md).

    Args:
        predicted: Shape ``(N,)``, between 0 and the cap.
        far: Shape ``(N,)``, of the head with the higher cap, in units of ``cap``.
        cap: Label cap.

    >>> beyond_cap(np.array([125.0, 90.0]), np.array([1.2, 0.7]), cap=125.0).tolist()
    [150.0, 90.0]
    """
    return predicted + np.maximum(far.astype(np.float64) - 1.0, 0.0) * cap


def scores(answers: Answers, *, seed: int) -> dict[str, Any]:
    """The figures of a :class:`BenchmarkRow` that come from answers.

    Args:
        answers: Of S models.
        seed: Of the resampling of engines.
    """
    clipped = np.minimum(answers.truth, answers.cap)
    against = {
        "clipped": [(clipped, said) for said in answers.predicted],
        "raw": [(answers.truth, said) for said in answers.unlimited],
    }
    metrics = {"rmse": rmse, "score": nasa_score}
    drawn = resample(
        answers.units,
        lambda weights: {
            (name, truth): np.mean([metric(t, p, weights) for t, p in pairs], axis=0)
            for truth, pairs in against.items()
            for name, metric in metrics.items()
        },
        seed=seed,
    )
    once = np.ones(len(clipped))
    found: dict[str, Any] = {
        "rmse_clipped_by_seed": tuple(float(rmse(t, p, once)) for t, p in against["clipped"]),
        "seeds": len(answers.predicted),
        "engines": len(clipped),
    }
    for truth in against:
        around = drawn.interval(("rmse", truth))
        found |= {
            f"rmse_{truth}": drawn.observed["rmse", truth],
            f"rmse_{truth}_low": around.low if around.is_known else None,
            f"rmse_{truth}_high": around.high if around.is_known else None,
            f"score_{truth}": drawn.observed["score", truth],
        }
    return found | _interval_figures(answers, clipped)


def _interval_figures(answers: Answers, clipped: Rows) -> dict[str, float | None]:
    """Coverage and widths, mean over the seeds."""
    inside, widths, near = list[float](), list[float](), list[float]()
    for said, (low, high) in zip(answers.predicted, answers.intervals, strict=False):
        inside.append(float(((low <= clipped) & (clipped <= high)).mean()))
        widths.append(float((high - low).mean()))
        near += (high - low)[said < NEAR_CYCLES].tolist()
    return {
        "coverage": float(np.mean(inside)) if inside else None,
        "width": float(np.mean(widths)) if widths else None,
        "width_near": float(np.mean(near)) if near else None,
    }
