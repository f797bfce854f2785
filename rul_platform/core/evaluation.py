"""The value that a report shows: predictions of several models beside the truth, scored.

Belongs here: what is compared with what, and how units are weighted.
Does not belong here: what goes in (``predicted_units``), the figures (``metrics``), their intervals
(``bootstrap``), words and plots (``reports``).

Shape letter: N scored rows. A C-MAPSS test set has one row per engine, its last; a plant has several
cuts per unit, and every unit counts once. Alarms and courses look at every reading (``lives``).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from math import nan

import pandas as pd

from rul_platform.core.bootstrap import (
    DEFAULT_LEVEL,
    DEFAULT_RESAMPLES,
    Difference,
    Interval,
    Key,
    Resampled,
    resample,
)
from rul_platform.core.coverage import COVERAGE, coverage_by_band, coverage_figures
from rul_platform.core.maintenance import cost_curves
from rul_platform.core.metrics import FIGURES, Metrics, Rows, raw_and_clipped, unit_weights
from rul_platform.core.predicted_units import PredictedUnits
from rul_platform.core.prognostics import courses, prognostic_figures
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
        raw_intervals: Over units, of each figure of ``raw`` by its name; the count has none.
        clipped_intervals: Over units, of each figure of ``clipped`` by its name.
        cpu_seconds: What its training took, None where not measured.
    """

    name: str
    raw: Metrics
    clipped: Metrics
    raw_intervals: Mapping[str, Interval]
    clipped_intervals: Mapping[str, Interval]
    cpu_seconds: float | None

    @property
    def rmse_interval(self) -> Interval:
        """Of ``clipped.rmse``, over units."""
        return self.clipped_intervals["rmse"]

    @property
    def raw_rmse_interval(self) -> Interval:
        """Of ``raw.rmse``, over units."""
        return self.raw_intervals["rmse"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Evaluation(PredictedUnits):
    """Predictions with all that was computed of them. Made by :func:`evaluate`.

    Attributes:
        scores: One for each model, the main model first.
        differences: Other model to the RMSE of the main model minus its own, truth clipped.
        transfer: RMSE of the fine-tuned model minus that of the one trained from scratch, truth
            clipped; None unless both were predicted, and where units left out have answered better.
        late_rate_interval: Of the main model's ``clipped.late_rate``, over units.
        coverage: Share of clipped truths inside the main model's interval; None without one.
        coverage_interval: Of ``coverage``, over units; None without one.
        coverage_by_band: The same by band of predicted RUL, as of ``core.coverage``; None without.
        prognostics: Figures of each unit's course, as of
            :func:`~rul_platform.core.prognostics.prognostic_figures`; None where no unit has one, or
            not every reading was predicted.
        maintenance: Cost over the alarm threshold, as of
            :func:`~rul_platform.core.maintenance.cost_curves`; None where not every reading was
            predicted.
        level: Share of resamples inside each of the intervals over units.
    """

    scores: tuple[ModelScore, ...]
    differences: Mapping[str, Difference]
    transfer: Difference | None
    late_rate_interval: Interval
    coverage: float | None
    coverage_interval: Interval | None
    coverage_by_band: pd.DataFrame | None
    prognostics: pd.DataFrame | None
    maintenance: pd.DataFrame | None
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
        """Everything as flat tables: ``scores``, ``differences``, ``predictions``, ``units``.

        And, where known, ``coverage``, ``prognostics``, ``maintenance``, ``lives``. In ``scores`` every
        figure is followed by its interval, ``clipped_mae_low`` and ``_high``; NaN where not known.
        """
        further = {
            "coverage": self.coverage_by_band,
            "prognostics": self.prognostics,
            "maintenance": self.maintenance,
            "lives": self.lives.to_table() if self.lives else None,
        }
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
            **{name: table for name, table in further.items() if table is not None},
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
    drawn = resample(
        given.unit_ids,
        lambda weights: _figures(given, weights),
        level=level,
        resamples=resamples,
        seed=seed,
    )
    others = [name for name in given.predictions if name != given.main]
    both = {FINE_TUNED, FROM_SCRATCH} <= set(given.predictions) and given.transfer_verdict is None
    scores = tuple(_score(given, name, drawn) for name in (given.main, *others))
    return Evaluation(
        **{of.name: getattr(given, of.name) for of in fields(PredictedUnits)},
        scores=scores,
        differences={name: _difference(drawn, given.main, name) for name in others},
        transfer=_difference(drawn, FINE_TUNED, FROM_SCRATCH) if both else None,
        late_rate_interval=scores[0].clipped_intervals["late_rate"],
        coverage=drawn.observed.get(COVERAGE),
        coverage_interval=drawn.interval(COVERAGE) if COVERAGE in drawn.observed else None,
        coverage_by_band=coverage_by_band(given, drawn),
        prognostics=_prognostics(given),
        maintenance=_maintenance(given),
        level=level,
    )


def _figures(given: PredictedUnits, weights: Rows) -> dict[Key, Rows]:
    """Everything that gets an interval, on weights of shape ``(R, N)``."""
    found = {
        (name, against, figure): compute(truth, predicted, weights)
        for name, predicted in given.predictions.items()
        for against, truth in (("clipped", given.clipped_truth), ("raw", given.truth))
        for figure, compute in FIGURES.items()
    }
    return found | coverage_figures(given, weights)


def _prognostics(given: PredictedUnits) -> pd.DataFrame | None:
    if given.lives is None or not given.lives.is_whole:
        return None
    found = courses(given.lives, cap=given.cap)
    return prognostic_figures(found) if found else None


def _maintenance(given: PredictedUnits) -> pd.DataFrame | None:
    if given.lives is None or not given.lives.is_whole:
        return None
    return cost_curves(given.lives, cap=given.cap, cost_ratio=given.cost_ratio, lead=given.lead)


def _score(given: PredictedUnits, name: str, drawn: Resampled) -> ModelScore:
    weights = unit_weights(given.unit_ids)
    metrics = raw_and_clipped(given.truth, given.predictions[name], given.cap, weights=weights)
    return ModelScore(
        name=name,
        raw=metrics["raw"],
        clipped=metrics["clipped"],
        raw_intervals={of: drawn.interval((name, "raw", of)) for of in FIGURES},
        clipped_intervals={of: drawn.interval((name, "clipped", of)) for of in FIGURES},
        cpu_seconds=given.cpu_seconds.get(name),
    )


def _difference(drawn: Resampled, a: str, b: str) -> Difference:
    return drawn.difference((a, "clipped", "rmse"), (b, "clipped", "rmse"))


def _score_row(score: ModelScore) -> dict[str, object]:
    row: dict[str, object] = {"model": score.name}
    for truth, metrics, intervals in (
        ("clipped", score.clipped, score.clipped_intervals),
        ("raw", score.raw, score.raw_intervals),
    ):
        for figure, value in metrics.as_dict().items():
            row[f"{truth}_{figure}"] = value
            if figure in intervals:
                around = intervals[figure]
                low, high = (around.low, around.high) if around.is_known else (nan, nan)
                row |= {f"{truth}_{figure}_low": low, f"{truth}_{figure}_high": high}
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
