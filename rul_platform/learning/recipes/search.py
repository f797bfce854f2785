"""Search a space of recipes with Optuna: trials that are kept, that go on, and that workers share.

A search that ended early goes on where it was. Each trial is one recipe, scored on units that it did not
learn from (``objective``); one that falls behind the median of the others at the same step is given up.
With one worker the trials depend only on the seed, however often the search was interrupted; with
several, also on which one was faster.

Belongs here: running the trials. Does not belong here: one recipe's score (``objective``), the database
that keeps them (``studies``), what was found (``study_outcome``).
"""

import math
import multiprocessing
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rul_platform.core.search_space import SearchSpace
from rul_platform.errors import RulPlatformError, SearchError, TrainingDivergedError
from rul_platform.learning.recipes.objective import Ground, plain_choice, score
from rul_platform.learning.recipes.studies import (
    Search,
    give_up_stale,
    opened,
    queue,
    require_optuna,
    sampler,
    suggest,
)
from rul_platform.learning.recipes.study_outcome import Outcome, finished, outcome

if TYPE_CHECKING:
    import optuna

Progress = Callable[[int, int], object]
"""Told (finished trials, wanted trials)."""

POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class _Task:
    """All that a worker must know."""

    ground: Ground
    space: SearchSpace
    wanted: Search


def search(
    ground: Ground, space: SearchSpace, wanted: Search, *, progress: Progress | None = None
) -> Outcome:
    """Try recipes until as many as wanted are finished, and say what was found.

    Unless others are named, the recipe that we train by default is tried first, where the space holds
    it.

    Raises:
        MissingExtraError: Optuna is not installed.
        SearchError: No trial finished with a score, or a worker failed.
        TooFewUnitsError: There are too few units to divide.
    """
    require_optuna()
    plain = plain_choice(ground, space)
    with opened(wanted, numbered=True) as study:
        wanted = replace(wanted, name=study.study_name)
        tell = progress or (lambda _done, _total: None)
        give_up_stale(study)
        firsts = wanted.firsts or ((plain,) if plain else ())
        queue(study, firsts)
        missing = wanted.trials - len(finished(study))
        tell(wanted.trials - missing, wanted.trials)
        task = _Task(ground, space, wanted)
        if missing > 0 and wanted.workers == 1:
            _work(study, task, threading.Semaphore(missing), tell=tell)
        elif missing > 0:
            _share(study, task, missing, tell)
        return outcome(study, plain=plain, wanted=wanted.trials)


def _share(study: "optuna.Study", task: _Task, missing: int, tell: Progress) -> None:
    """Let several processes work, which end with this one.

    Raises:
        SearchError: One of them failed, or was killed.
    """
    context = multiprocessing.get_context(
        "spawn"
    )  # a fork would share torch's and the driver's state
    permits, failures = context.Semaphore(missing), context.SimpleQueue()
    count = min(task.wanted.workers, missing)
    workers = [
        context.Process(target=_worker, args=(task, permits, failures, number), daemon=True)
        for number in range(count)
    ]
    try:
        for worker in workers:
            worker.start()
        while alive := [worker for worker in workers if worker.is_alive()]:
            alive[0].join(POLL_SECONDS)
            tell(len(finished(study)), task.wanted.trials)
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()
    if not failures.empty():
        msg = f"A worker of the search failed: {failures.get()}"
        raise SearchError(msg)
    if killed := [worker.exitcode for worker in workers if worker.exitcode]:
        msg = (
            f"{len(killed)} of {count} workers of the search were killed (exit {killed[0]}); is there "
            f"enough memory? Finished trials are kept, and the same command goes on."
        )
        raise SearchError(msg)


def _worker(task: _Task, permits: Any, failures: Any, number: int) -> None:
    """One process of several."""
    try:
        with opened(task.wanted) as study:
            _work(study, task, permits, worker=number)
    except KeyboardInterrupt:
        return
    except RulPlatformError as error:
        failures.put(str(error))
    except Exception as error:
        said = str(error).partition("\n")[0]  # a database's further lines hold its statement
        failures.put(f"{type(error).__name__}: {said}")


def _work(
    study: "optuna.Study",
    task: _Task,
    permits: Any,
    *,
    worker: int = 0,
    tell: Progress | None = None,
) -> None:
    """Run trials one after another, as long as there are permits and time."""
    wanted = task.wanted
    end = math.inf if wanted.seconds is None else time.monotonic() + wanted.seconds
    parent = multiprocessing.parent_process()

    def objective(trial: "optuna.Trial") -> float:
        return _try(trial, task, is_orphan=lambda: parent is not None and not parent.is_alive())

    while time.monotonic() < end and permits.acquire(False):
        count = len(finished(study))
        study.sampler = sampler(wanted.seed, count, worker)
        study.optimize(objective, n_trials=1)
        if tell is not None:
            tell(len(finished(study)), wanted.trials)


def _try(trial: "optuna.Trial", task: _Task, *, is_orphan: Callable[[], bool]) -> float:
    """One trial, given up where it falls behind or its answers are no numbers."""
    import optuna

    chosen = {each.name: suggest(trial, each) for each in task.space.dimensions}

    def report(step: int, rmse: float) -> None:
        if is_orphan():  # nobody would know of this trial's end
            raise KeyboardInterrupt
        if not math.isfinite(rmse):
            raise optuna.TrialPruned
        trial.report(rmse, step)
        if trial.should_prune():
            raise optuna.TrialPruned

    try:
        value = score(task.ground, chosen, report)
    except TrainingDivergedError:
        raise optuna.TrialPruned from None
    if not math.isfinite(value):
        raise optuna.TrialPruned
    return value
