"""What a study of recipes found: the best one, beside what we train by default.

Belongs here: reading a finished study. Does not belong here: running it (``search``), drawing it
(``reports.search_plots``).
"""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from rul_platform.core.search_space import Chosen
from rul_platform.errors import SearchError

if TYPE_CHECKING:
    import optuna

LEAST_FOR_IMPORTANCE = 8
"""With fewer scored trials, which number mattered is a guess."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a search found.

    Attributes:
        study: Its name in the database.
        best: The recipe with the smallest RMSE.
        best_rmse: On units that its networks had not seen, in life units. The best of many trials: the
            smallest of several noisy figures is too good.
        plain_rmse: Of the recipe that we train by default; None where the space does not hold it.
        trials: One row per finished trial: ``number``, ``state`` (``scored`` or ``given up``), ``rmse``
            (NaN where given up), ``seconds``, and the recipe.
        importance: Share of the differences that each number explains, where there are enough trials.
        is_complete: Whether there are as many trials as were wanted.
    """

    study: str
    best: dict[str, Any]
    best_rmse: float
    plain_rmse: float | None
    trials: pd.DataFrame
    importance: dict[str, float]
    is_complete: bool

    def to_json(self) -> dict[str, Any]:
        """Plain values, without the table."""
        counts = self.trials["state"].value_counts()
        facts = {name: value for name, value in asdict(self).items() if name != "trials"}
        return {
            **facts,
            "scored": int(counts.get("scored", 0)),
            "given_up": int(counts.get("given up", 0)),
        }


def finished(study: "optuna.Study") -> "list[optuna.trial.FrozenTrial]":
    """Trials that came to an end: with a score, or given up as worse than others."""
    from optuna.trial import TrialState

    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))


def outcome(study: "optuna.Study", *, plain: Chosen | None, wanted: int) -> Outcome:
    """Read a study.

    Raises:
        SearchError: No trial has a score.
    """
    done = finished(study)
    scored = [trial for trial in done if trial.value is not None]
    scored = [trial for trial in scored if trial.state.name == "COMPLETE"]
    if not scored:
        msg = (
            f"Study {study.study_name} has no trial with a score: {len(done)} were given up. Allow more "
            f"time, or a space with smaller learning rates; the same command goes on."
        )
        raise SearchError(msg)
    best = min(scored, key=lambda trial: (trial.value or 0.0, trial.number))
    by_default = [trial.value for trial in scored if plain and trial.params == dict(plain)]
    return Outcome(
        study=study.study_name,
        best=dict(best.params),
        best_rmse=float(best.value or 0.0),
        plain_rmse=by_default[0] if by_default else None,
        trials=pd.DataFrame([_row(trial) for trial in done]),
        importance=_importance(study, scored),
        is_complete=len(done) >= wanted,
    )


def _row(trial: "optuna.trial.FrozenTrial") -> dict[str, Any]:
    is_scored = trial.state.name == "COMPLETE"
    took = trial.duration
    return {
        "number": trial.number,
        "state": "scored" if is_scored else "given up",
        "rmse": trial.value if is_scored else float("nan"),
        "seconds": took.total_seconds() if took else float("nan"),
        **trial.params,
    }


def _importance(
    study: "optuna.Study", scored: "list[optuna.trial.FrozenTrial]"
) -> dict[str, float]:
    """By fANOVA: F. Hutter et al., "Assessing Hyperparameter Importance", ICML 2014."""
    import optuna

    if len(scored) < LEAST_FOR_IMPORTANCE or len({trial.value for trial in scored}) < 2:
        return {}
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    return dict(optuna.importance.get_param_importances(study, evaluator=evaluator))
