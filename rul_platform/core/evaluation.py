"""The value that a report shows: predictions of several models beside the truth, scored.

Belongs here: what is compared with what, and how units are weighted.
Does not belong here: what goes in (``predicted_units``), the figures (``metrics``), their intervals
(``bootstrap``), words and plots (``reports``).

Shape letter: N scored rows. A C-MAPSS test set has one row per engine, its last; a plant has several
cuts per unit, and every unit counts once.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TypedDict

import pandas as pd

from rul_platform.core.bootstrap import (
    DEFAULT_LEVEL,
    DEFAULT_RESAMPLES,
    Difference,
    Interval,
    bootstrap_interval,
    metric_interval,
    paired_rmse_difference,
)
from rul_platform.core.metrics import Metrics, Rows, raw_and_clipped, unit_means, unit_weights
from rul_platform.core.predicted_units import PredictedUnits
from rul_platform.core.unit_errors import unit_errors

FINE_TUNED, ZERO_SHOT, FROM_SCRATCH = "fine-tuned", "zero-shot", "from scratch"
BOOSTING, CONSTANT, CHAMPION = "boosting", "constant", "champion"
"""Names of models that have a meaning to the verdict; others may be used beside them."""


@dataclass(frozen=True, slots=True)
class ModelScore:
    """How one model did.

    Attributes:
        name: Of the model.
        raw: Against the truth as it is.
        clipped: Against the truth limited to the cap.
        rmse_interval: Of ``clipped.rmse``, over units.
        raw_rmse_interval: Of ``raw.rmse``, over units.
        cpu_seconds: What its training took, None where not measured.
    """

    name: str
    raw: Metrics
    clipped: Metrics
    rmse_interval: Interval
    raw_rmse_interval: Interval
    cpu_seconds: float | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Evaluation(PredictedUnits):
    """Predictions with all that was computed of them. Made by :func:`evaluate`.

    Attributes:
        scores: One for each model, the main model first.
        differences: Other model to the RMSE of the main model minus its own, truth clipped.
        transfer: RMSE of the fine-tuned model minus that of the one trained from scratch, truth
            clipped; None unless both were predicted.
        late_rate_interval: Of the main model's ``clipped.late_rate``, over units.
        coverage: Share of clipped truths inside the main model's interval; None without one.
        coverage_interval: Of ``coverage``, over units; None without one.
        level: Share of resamples inside each of the intervals over units.
    """

    scores: tuple[ModelScore, ...]
    differences: Mapping[str, Difference]
    transfer: Difference | None
    late_rate_interval: Interval
    coverage: float | None
    coverage_interval: Interval | None
    level: float

    @property
    def main_score(self) -> ModelScore:
        """Of the model that the report is about."""
        return self.scores[0]

    @property
    def error(self) -> Rows:
        """Shape ``(N,)``, prediction of the main model minus the clipped truth; positive is late."""
        return self.predictions[self.main] - self.clipped_truth

    def to_tables(self) -> dict[str, pd.DataFrame]:
        """Everything as flat tables: ``scores``, ``differences``, ``predictions``, ``units``."""
        return {
            "scores": pd.DataFrame([_score_row(score) for score in self.scores]),
            "differences": pd.DataFrame(
                [
                    {"model": self.main, "other": other, **asdict(d), "verdict": d.verdict}
                    for other, d in self.differences.items()
                ],
                columns=["model", "other", "mean", "low", "high", "verdict"],
            ),
            "predictions": _predictions_table(self),
            "units": unit_errors(self.unit_ids, self.clipped_truth, self.predictions[self.main]),
        }


def evaluate(
    given: PredictedUnits,
    *,
    seed: int,
    level: float = DEFAULT_LEVEL,
    resamples: int = DEFAULT_RESAMPLES,
) -> Evaluation:
    """Score every model and compare the main one with the others, by resampling whole units.

    Args:
        given: The predictions.
        seed: Of the resampling: the same seed gives the same evaluation.
        level: Share of resamples inside each interval over units.
        resamples: How often the units are drawn.
    """
    drawn = _Resampling(level=level, resamples=resamples, seed=seed)
    others = [name for name in given.predictions if name != given.main]
    both = {FINE_TUNED, FROM_SCRATCH} <= set(given.predictions)
    covered = _coverage_by_unit(given)
    return Evaluation(
        **{of.name: getattr(given, of.name) for of in fields(PredictedUnits)},
        scores=tuple(_score(given, name, drawn) for name in (given.main, *others)),
        differences={name: _difference(given, given.main, name, drawn) for name in others},
        transfer=_difference(given, FINE_TUNED, FROM_SCRATCH, drawn) if both else None,
        late_rate_interval=bootstrap_interval(_late_by_unit(given), **drawn),
        coverage=None if covered is None else float(covered.mean()),
        coverage_interval=(None if covered is None else bootstrap_interval(covered, **drawn)),
        level=level,
    )


class _Resampling(TypedDict):
    level: float
    resamples: int
    seed: int


def _score(given: PredictedUnits, name: str, drawn: _Resampling) -> ModelScore:
    units, predicted = given.unit_ids, given.predictions[name]
    metrics = raw_and_clipped(given.truth, predicted, given.cap, weights=unit_weights(units))
    return ModelScore(
        name=name,
        raw=metrics["raw"],
        clipped=metrics["clipped"],
        rmse_interval=metric_interval(units, given.clipped_truth, predicted, **drawn),
        raw_rmse_interval=metric_interval(units, given.truth, predicted, **drawn),
        cpu_seconds=given.cpu_seconds.get(name),
    )


def _difference(given: PredictedUnits, a: str, b: str, drawn: _Resampling) -> Difference:
    predicted_a, predicted_b = given.predictions[a], given.predictions[b]
    return paired_rmse_difference(
        given.unit_ids, given.clipped_truth, predicted_a, predicted_b, **drawn
    )


def _late_by_unit(given: PredictedUnits) -> Rows:
    """Share of late predictions of the main model for each unit, shape ``(U,)``."""
    return unit_means(given.unit_ids, given.predictions[given.main] > given.clipped_truth)


def _coverage_by_unit(given: PredictedUnits) -> Rows | None:
    """Share of clipped truths inside the interval for each unit, shape ``(U,)``."""
    if given.interval_low is None or given.interval_high is None:
        return None
    truth = given.clipped_truth
    inside = (given.interval_low <= truth) & (truth <= given.interval_high)
    return unit_means(given.unit_ids, inside)


def _score_row(score: ModelScore) -> dict[str, object]:
    intervals = {"clipped": score.rmse_interval, "raw": score.raw_rmse_interval}
    row: dict[str, object] = {"model": score.name}
    for truth, metrics in (("clipped", score.clipped), ("raw", score.raw)):
        row |= {f"{truth}_{figure}": value for figure, value in metrics.as_dict().items()}
        row |= {f"{truth}_rmse_low": intervals[truth].low}
        row |= {f"{truth}_rmse_high": intervals[truth].high}
    return {**row, "cpu_seconds": score.cpu_seconds}


def _column(model: str) -> str:
    """``from scratch`` as ``predicted_from_scratch``: a name that SQL and attributes take."""
    return "predicted_" + model.replace(" ", "_").replace("-", "_")


def _predictions_table(of: PredictedUnits) -> pd.DataFrame:
    columns = {"unit": of.unit_ids.astype(str), "life": of.life, "truth": of.truth}
    columns |= {_column(name): values for name, values in of.predictions.items()}
    if of.interval_low is not None and of.interval_high is not None:
        columns |= {"interval_low": of.interval_low, "interval_high": of.interval_high}
    return pd.DataFrame(columns)
