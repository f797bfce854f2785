"""The study that a search works on: opened in its database, drawn from, and cleared of dead trials.

Sampler: J. Bergstra et al., "Algorithms for Hyper-Parameter Optimization", NeurIPS 2011 (TPE). Pruners:
D. Golovin et al., "Google Vizier", KDD 2017 (median rule); L. Li et al., "Hyperband", JMLR 2018.

Belongs here: everything that we ask of Optuna before and between trials. Does not belong here: running
them (``search``), what they found (``study_outcome``).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from rul_platform.core.search_space import Chosen, Dimension, Value
from rul_platform.errors import MissingExtraError

if TYPE_CHECKING:
    import optuna

Pruner = Literal["median", "hyperband", "none"]
PRUNERS: tuple[Pruner, ...] = ("median", "hyperband", "none")
STARTUP_TRIALS = 5
"""So many are drawn at random and run to their end, before the others are compared with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What to search for, and for how long.

    Attributes:
        name: Of the study. One search of a study at a time: the caller sees to that.
        trials: Finished trials that the study shall have in the end, earlier ones among them.
        seconds: Begin no trial after so much time; None: no limit.
        workers: Processes that share the trials.
        pruner: When a trial is given up.
        seed: Of the draws.
        firsts: Recipes to try before any is drawn; a grid has as many as trials.
        is_new: Begin a new study beside the earlier ones of this name.
        url: Of the database that keeps the study; may hold a password.
        connect_args: For its driver.
    """

    name: str
    trials: int
    seconds: float | None = None
    workers: int = 1
    pruner: Pruner = "median"
    seed: int = 0
    firsts: tuple[Chosen, ...] = ()
    is_new: bool = False
    url: str = field(repr=False)
    connect_args: Mapping[str, Any] = field(default_factory=dict, repr=False)


def require_optuna() -> None:
    """Make sure that a search can begin.

    Raises:
        MissingExtraError: Optuna is not installed.
    """
    try:
        import optuna  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("A search", package="optuna", extra="search") from error


def suggest(trial: "optuna.Trial", each: Dimension) -> Value:
    """The value of one dimension in this trial."""
    if not each.is_range:
        return cast("Value", trial.suggest_categorical(each.name, each.choices))
    low, high = each.choices
    if each.is_whole:
        return trial.suggest_int(each.name, int(low), int(high), log=each.is_log)
    return trial.suggest_float(each.name, float(low), float(high), log=each.is_log)


def sampler(seed: int, count: int, worker: int) -> "optuna.samplers.BaseSampler":
    """A new one for each trial: what it draws depends on the finished trials, not on who ran them."""
    import optuna

    (own,) = np.random.SeedSequence([seed, count, worker]).generate_state(1)
    return optuna.samplers.TPESampler(seed=int(own), n_startup_trials=STARTUP_TRIALS)


def _pruner(name: Pruner) -> "optuna.pruners.BasePruner":
    import optuna

    match name:
        case "median":
            return optuna.pruners.MedianPruner(n_startup_trials=STARTUP_TRIALS, n_warmup_steps=2)
        case "hyperband":
            return optuna.pruners.HyperbandPruner()
        case "none":
            return optuna.pruners.NopPruner()


CONNECTIONS = {"pool_size": 1, "max_overflow": 1}
"""A worker scores one trial at a time (docs/postgresql.md counts on it)."""


@contextmanager
def opened(wanted: Search, *, numbered: bool = False) -> "Iterator[optuna.Study]":
    """The study by its name; with ``numbered`` the newest of this name, or one more."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    engine = {"connect_args": dict(wanted.connect_args), "pool_pre_ping": True}
    storage = optuna.storages.RDBStorage(wanted.url, engine_kwargs=engine | CONNECTIONS)
    try:
        name = wanted.name
        if numbered:
            there = set(optuna.get_all_study_names(storage))
            names = (f"{wanted.name} #{number}" for number in range(1, len(there) + 2))
            known = [each for each in names if each in there]
            number = len(known) + 1 if wanted.is_new or not known else len(known)
            name = f"{wanted.name} #{number}"
        yield optuna.create_study(
            storage=storage, study_name=name, pruner=_pruner(wanted.pruner), load_if_exists=True
        )
    finally:
        storage.remove_session()
        storage.engine.dispose()


def give_up_stale(study: "optuna.Study") -> None:
    """End trials whose process is gone, and queue their recipes again: nobody else is at work here."""
    from optuna.trial import TrialState

    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)
        if trial.params:
            study.enqueue_trial(trial.params)


def queue(study: "optuna.Study", recipes: tuple[Chosen, ...]) -> None:
    """Queue recipes that are neither tried nor queued."""
    from optuna.trial import TrialState

    known = [
        trial.system_attrs.get("fixed_params", trial.params)
        for trial in study.get_trials(deepcopy=False)
        if trial.state != TrialState.FAIL
    ]
    for recipe in recipes:
        if dict(recipe) not in known:
            study.enqueue_trial(dict(recipe))
