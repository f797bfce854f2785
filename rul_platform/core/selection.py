"""Which approach a plant's model is made by: the best on units that it never saw, unless it may harm.

Belongs here: choosing by out-of-fold errors, and refusing what may harm, in plain words. Does not belong
here: whether pretraining helps (``transfer_verdict``), training (``learning.transfer.approaches``), and
test units, which nothing here may see.

Shape letter: N out-of-fold rows, several for each unit; every unit counts once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rul_platform.core.approaches import APPROACHES, BLENDS, SCRATCH, approach_of
from rul_platform.core.bootstrap import FEW_UNITS, Resampled, resample
from rul_platform.core.harm_risk import TOLERANCE, Risk, risk_of_harm
from rul_platform.core.metrics import Rows, rmse
from rul_platform.core.transfer_verdict import TransferVerdict, transfer_verdict
from rul_platform.errors import EvaluationError, TrainingError

TIE = 0.1 / 125
"""Approaches that are this near to the best, as a part of the label cap, are its equals."""

CHANCE = 0.025
"""How likely a blend may be the better one where another approach is taken instead of it: one of all the
others, so each may take its part of that chance (Bonferroni). With few units the best of many is often
the luckiest; a mean of two unlike models is the safer guess, and of fewer than ``FEW_UNITS`` units one
that passed is always taken."""

DIVERGED = "diverged"
"""Outcome of an approach that has no model."""

FIGURES = ("rmse", "low", "high", "chance_of_harm")


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen, and why.

    Attributes:
        name: Of the approach to use.
        reasons: In plain words, the most important first.
        table: One row for each approach, the best first: ``approach``, ``rmse`` with ``low`` and
            ``high`` (95 %, over units, in life units), ``chance_of_harm``, ``cpu_seconds``, ``outcome``;
            figures are NaN where the outcome is ``DIVERGED``.
        refused: Name of each approach that may well do harm, to the reason.
        verdict: Whether pretraining helps here.
    """

    name: str
    reasons: tuple[str, ...]
    table: pd.DataFrame
    refused: Mapping[str, str]
    verdict: TransferVerdict

    def to_json(self) -> dict[str, Any]:
        """Plain values for a card; numbers that are not known become None."""
        found = self.verdict.difference
        known = found is not None and np.isfinite([found.low, found.high]).all()
        return {
            "name": self.name,
            "reasons": list(self.reasons),
            "refused": dict(self.refused),
            "transfer": {
                "benefit": self.verdict.benefit,
                "pretrained": self.verdict.pretrained,
                "scratch": self.verdict.scratch,
                "difference": found.mean if found else None,
                "low": found.low if found and known else None,
                "high": found.high if found and known else None,
            },
        }


def choose(
    out_of_fold: Mapping[str, pd.DataFrame],
    *,
    cap: float,
    seed: int,
    cpu_seconds: Mapping[str, float] | None = None,
    life_unit: str = "cycles",
    diverged: Mapping[str, str] | None = None,
) -> Choice:
    """Take the approach with the lowest error on units that its models never saw.

    One that may well be worse than a reference (zero-shot, from scratch, boosting) is refused, however
    good it looks on the mean: a bootstrap over units says how likely that is. A blend is taken unless
    another is surely better, which takes ``FEW_UNITS`` at least; of other equals, the simpler. Where
    none passes, it is the one that is least likely to harm.

    Args:
        out_of_fold: Name of each approach to the same N rows: ``unit``, ``life``, ``rul`` (as it is) and
            ``predicted``, in life units.
        cap: Label cap, in life units; the truth is limited to it.
        seed: Of the bootstrap.
        cpu_seconds: What each took to train, for the table.
        life_unit: For the words.
        diverged: Name of each approach that has no model, because its training diverged, to where.

    Raises:
        TrainingError: Every approach diverged.
        EvaluationError: Nothing to choose from, or rows of different units or points of life.
    """
    lost = diverged or {}
    if lost and not out_of_fold:
        raise TrainingError(all_diverged(lost))
    _refuse_uneven(out_of_fold)
    drawn = _resampled(out_of_fold, cap, seed)
    risks = {name: risk_of_harm(drawn, name, TOLERANCE * cap) for name in out_of_fold}
    refused = {
        name: risk.sentence(f"{TOLERANCE * cap:.3g} {life_unit}")
        for name, risk in risks.items()
        if risk.is_too_high
    }
    allowed = [name for name in out_of_fold if name not in refused]
    best = _best(drawn, allowed, TIE * cap) if allowed else min(risks, key=lambda n: risks[n].harm)
    name = _safer(drawn, best, allowed)
    verdict = transfer_verdict(drawn)
    reasons = (_reason(drawn, name, allowed, life_unit), verdict.sentence(life_unit))
    noted = tuple(
        f"{n} was not taken, it is too risky: {why}." for n, why in refused.items() if n != name
    )
    noted += tuple(f"{n} diverged {where}, and is left out." for n, where in lost.items())
    outcomes = {n: f"too risky: {why}" for n, why in refused.items()} | {name: "chosen"}
    table = _table(drawn, risks, outcomes | dict.fromkeys(lost, DIVERGED), cpu_seconds or {})
    return Choice(name, reasons + noted, table, refused, verdict)


def all_diverged(lost: Mapping[str, str]) -> str:
    """Nothing that was asked for has a model."""
    each = "; ".join(f"{name} {where}" for name, where in lost.items())
    return (
        f"No model can be made, every training diverged: {each}. A loss should fall: lower "
        f"learning_rate (of a network from scratch: scratch_rate), a tenth is a good first try."
    )


def _refuse_uneven(out_of_fold: Mapping[str, pd.DataFrame]) -> None:
    """All approaches must be judged at the same points of the same lives."""
    if not out_of_fold:
        raise EvaluationError("No approach can be chosen", ["none was tried, expected one or more"])
    first, *others = out_of_fold
    problems = [
        f"{name} was judged at other units or points of life than {first}, expected the same rows"
        for name in others
        if not out_of_fold[name][["unit", "life"]].equals(out_of_fold[first][["unit", "life"]])
    ]
    if problems:
        raise EvaluationError("Approaches cannot be compared", problems)


def _resampled(out_of_fold: Mapping[str, pd.DataFrame], cap: float, seed: int) -> Resampled:
    """RMSE of each approach, all on the same drawn units."""
    rows = next(iter(out_of_fold.values()))
    truth = np.minimum(rows["rul"].to_numpy(dtype=np.float64), cap)
    predicted = {
        name: frame["predicted"].to_numpy(dtype=np.float64) for name, frame in out_of_fold.items()
    }

    def figures(weights: Rows) -> dict[tuple[str, ...], Rows]:
        return {(name,): rmse(truth, values, weights) for name, values in predicted.items()}

    return resample(rows["unit"].to_numpy(dtype=str), figures, seed=seed)


def _best(drawn: Resampled, names: list[str], tie: float) -> str:
    """The lowest error; of those as good as it, the simplest."""
    lowest = min(drawn.observed[(name,)] for name in names)
    equals = [name for name in names if drawn.observed[(name,)] <= lowest + tie]
    return min(equals, key=_simplicity)


def _safer(drawn: Resampled, best: str, allowed: list[str]) -> str:
    """A blend that passed, unless ``best`` beats it in nearly every resample of enough units.

    One with what other machines taught goes before those of the plant's own units alone.
    """
    blends = [name for name in allowed if approach_of(name) in BLENDS]
    knowing = [name for name in blends if approach_of(name) not in SCRATCH]
    if not blends or best in (knowing or blends):
        return best
    blend = min(knowing or blends, key=lambda name: drawn.observed[(name,)])
    doubt = np.mean(drawn.drawn[(best,)] >= drawn.drawn[(blend,)])
    is_sure = drawn.units >= FEW_UNITS and doubt <= CHANCE / (len(allowed) - 1)
    return best if is_sure else blend


def _simplicity(name: str) -> tuple[int, bool]:
    approach = approach_of(name)
    known = APPROACHES.index(approach) if approach in APPROACHES else len(APPROACHES)
    return known, approach != name


def _reason(drawn: Resampled, name: str, allowed: list[str], life_unit: str) -> str:
    """Why this one, in a sentence."""
    own = drawn.observed[(name,)]
    if not allowed:
        return (
            f"{name} is chosen, the least likely to harm: of every approach it is too likely that "
            f"another is better (RMSE {own:.2f} {life_unit} on units left out)."
        )
    best = min(allowed, key=lambda n: drawn.observed[(n,)])
    if best == name:
        return f"{name} is chosen: the lowest RMSE, {own:.2f} {life_unit}, on units left out."
    compared = f"{name} is chosen: RMSE {own:.2f} {life_unit} on units left out"
    other = f"{best} ({drawn.observed[(best,)]:.2f})"
    if approach_of(name) in BLENDS:
        is_blend = approach_of(best) in BLENDS
        safer = "one with what other machines taught" if is_blend else "a mean of two unlike models"
        return f"{compared}; {other} is not surely better, and {safer} is safer."
    return f"{compared}, as good as {other}, and simpler."


def _table(
    drawn: Resampled,
    risks: Mapping[str, Risk],
    outcomes: Mapping[str, str],
    cpu_seconds: Mapping[str, float],
) -> pd.DataFrame:
    """The best first; of what diverged no figure is known, and it comes last."""
    rows: dict[str, dict[str, float]] = {
        name: {
            "rmse": drawn.observed[(name,)],
            "low": (interval := drawn.interval((name,))).low,
            "high": interval.high,
            "chance_of_harm": risk.harm,
        }
        for name, risk in risks.items()
    }
    rows |= {name: dict.fromkeys(FIGURES, np.nan) for name in outcomes if name not in risks}
    table = [
        {
            "approach": name,
            **figures,
            "cpu_seconds": cpu_seconds.get(name, np.nan),
            "outcome": outcomes.get(name, "not the best"),
        }
        for name, figures in rows.items()
    ]
    return pd.DataFrame(table).sort_values("rmse", ignore_index=True)
