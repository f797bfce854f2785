"""The other five steps of the method: what is changed, and what of it is kept.

A change is kept only where it lowers the error on validation units by more than the margin: the larger
of one per cent and of what another seed alone changes (step 3 measures it). All trainings run to their
end, so that validation units have no part in them; only step 6 asks whether stopping early is better,
and there one half of the validation units stops and the other half judges. Where that is kept, the same
halves stop and judge in all steps after it.

Belongs here: what each step tries and why it keeps what it keeps. Does not belong here: their order and
going on after an interruption (``method``), training (``method_ground``).
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rul_platform.core.method_log import Attempt, MethodState, StepLog
from rul_platform.core.search_space import DEFAULT_SPACE, DEFAULT_TUNING_SPACE
from rul_platform.errors import MissingExtraError, TrainingDivergedError
from rul_platform.learning.fitting.rate_finder import RateSweep, find_rate
from rul_platform.learning.recipes.method_checks import baseline, full_data, sanity_check
from rul_platform.learning.recipes.method_ground import MethodGround, Trained
from rul_platform.learning.recipes.method_words import findings, noted, reason, short
from rul_platform.learning.recipes.objective import network_of, plain_choice, score
from rul_platform.learning.recipes.search import search
from rul_platform.learning.recipes.studies import Search
from rul_platform.learning.recipes.study_outcome import Outcome

Step = Callable[[MethodGround, MethodState], MethodState]
BEFORE = "as before"


def range_test(ground: MethodGround) -> RateSweep:
    """The sweep of the learning rate on the plain recipe's network; the same each time."""
    plain = ground.ground(is_pretrained=False)
    network, _ = network_of(plain, ground.plain_recipe(), seed=ground.seed)
    return find_rate(
        network, ground.train, ground.plain_fit(), cap=ground.cap, steps=ground.budget.sweep_steps
    )


def learning_rate(ground: MethodGround, state: MethodState) -> MethodState:
    """Step 4: the rate that a range test suggests for the recipe's schedule, against the plain one."""
    begin = time.process_time()
    sweep = range_test(ground)
    swept = Attempt("range test", None, time.process_time() - begin)
    rate = sweep.peak if ground.plain_fit().schedule == "one_cycle" else sweep.suggestion
    changes = [(f"rate {rate:.2g}", {"learning_rate": rate})]
    after, log = _compared(ground, state, "learning rate", changes)
    log = replace(log, tried=(swept, *log.tried), why=f"{sweep.sentence} {log.why}")
    return noted(after, log)


def regularisation(ground: MethodGround, state: MethodState) -> MethodState:
    """Step 5: a few values of dropout and weight decay, one at a time."""
    changes = [
        (", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in each.items()), each)
        for each in ground.budget.regularisers
    ]
    after, log = _compared(ground, state, "regularisation", changes)
    return noted(after, log)


def early_stopping(ground: MethodGround, state: MethodState) -> MethodState:
    """Step 6: all steps, or those that validated best? One half of the units stops, the other judges."""
    if ground.halves is None:
        why = "It takes two validation units: one to stop by and one to judge by."
        return noted(state, StepLog("early stopping", (), "all steps", why))
    whole = ground.trained(state, judge=ground.halves[1])
    stopped = ground.trained(replace(state, stops_early=True))
    is_better = stopped.rmse < whole.rmse - state.margin
    kept = f"the weights of step {stopped.fitted.best_step}" if is_better else "all steps"
    log = StepLog(
        "early stopping",
        (
            Attempt("all steps", whole.rmse, whole.cpu_seconds),
            Attempt("best step of the other half", stopped.rmse, stopped.cpu_seconds),
        ),
        kept,
        f"Judged on half of the validation units: {reason(stopped.rmse, whole.rmse, state.margin)}",
        findings(ground, stopped),
    )
    if is_better:
        log = replace(log, why=f"{log.why} From here on that half judges.")
        state = replace(state, stops_early=True, rmse=stopped.rmse)
    return noted(state, log)


def transfer(ground: MethodGround, state: MethodState) -> MethodState:
    """Step 7: begin with what other machines taught, or anew?"""
    begin = time.process_time()
    if ground.start is None:
        why = "There is neither a pretrained network nor another subset to make one from."
        return noted(state, StepLog("transfer", (), "from scratch", why))
    made = Attempt("pretraining", None, time.process_time() - begin)
    going_on = ground.going_on(state)
    result = ground.trained(going_on)
    is_better = result.rmse < (state.rmse or 0.0) - state.margin
    log = StepLog(
        "transfer",
        (
            *(() if ground.checkpoint else (made,)),
            Attempt("from scratch", state.rmse, 0.0),
            Attempt("pretrained, all weights learn on", result.rmse, result.cpu_seconds),
        ),
        "pretrained" if is_better else "from scratch",
        reason(result.rmse, state.rmse or 0.0, state.margin),
        findings(ground, result),
    )
    if is_better:
        state = replace(going_on, rmse=result.rmse)
    return noted(state, log)


def searched(ground: MethodGround, state: MethodState) -> MethodState:
    """Step 8: a few trials around what was kept, compared over folds of all known units."""
    begin = time.process_time()
    space = DEFAULT_TUNING_SPACE if state.is_pretrained else DEFAULT_SPACE
    base = ground.ground(is_pretrained=state.is_pretrained)
    plain = plain_choice(base, space) or {}
    kept = {name: state.recipe.get(name, plain.get(name)) for name in space.names}
    firsts = (kept,) if all(each.holds(kept[each.name]) for each in space.dimensions) else ()
    wanted = Search(trials=ground.budget.trials, seed=ground.seed, firsts=firsts, **ground.study)
    try:
        found = search(base, space, wanted)
    except MissingExtraError as error:
        return noted(state, StepLog("search", (), BEFORE, str(error)))
    before = _rmse_of(found, kept)
    before = score(base, kept) if before is None else before
    took = time.process_time() - begin
    log = StepLog(
        "search",
        (
            Attempt("as before, over folds", before, 0.0),
            Attempt(f"best of {len(found.trials)} trials, over folds", found.best_rmse, took),
        ),
        BEFORE,
        reason(found.best_rmse, before, state.margin),
    )
    if found.best == kept or not found.best_rmse < before - state.margin:
        return noted(state, log)
    without, before_rmse = state, state.rmse
    state = replace(state, recipe={**state.recipe, **found.best})
    result = ground.trained(state)
    again = Attempt("the same, on validation units", result.rmse, result.cpu_seconds)
    words = ", ".join(f"{name.replace('_', ' ')} {short(v)}" for name, v in found.best.items())
    log = replace(log, tried=(*log.tried, again), findings=findings(ground, result))
    if not result.rmse <= (before_rmse or 0.0):
        worse = (
            f"On the validation units it has {result.rmse:.2f} against {before_rmse:.2f}: not kept."
        )
        return noted(without, replace(log, why=f"{log.why} {worse}"))
    return noted(replace(state, rmse=result.rmse), replace(log, kept=words))


RUN: Mapping[str, Step] = {
    "baseline": baseline,
    "sanity check": sanity_check,
    "full data": full_data,
    "learning rate": learning_rate,
    "regularisation": regularisation,
    "early stopping": early_stopping,
    "transfer": transfer,
    "search": searched,
}


def _rmse_of(found: Outcome, recipe: Mapping[str, Any]) -> float | None:
    """Of a recipe that the search scored; None where it did not."""
    scored = found.trials[found.trials["state"] == "scored"]
    for row in scored.to_dict("records"):
        if all(row[name] == value for name, value in recipe.items()):
            return float(row["rmse"])
    return None


def _compared(
    ground: MethodGround,
    state: MethodState,
    name: str,
    changes: Sequence[tuple[str, Mapping[str, float]]],
) -> tuple[MethodState, StepLog]:
    """Train with each change, and keep the best where it gains more than the margin."""
    attempts = [Attempt(BEFORE, state.rmse, 0.0)]
    results: list[tuple[str, MethodState, Trained]] = []
    for what, change in changes:
        changed = replace(state, recipe={**state.recipe, **change})
        try:
            result = ground.trained(changed)
        except TrainingDivergedError:
            attempts.append(Attempt(f"{what}: diverged", None, 0.0))
            continue
        attempts.append(Attempt(what, result.rmse, result.cpu_seconds))
        results.append((what, changed, result))
    log = StepLog(name, tuple(attempts), BEFORE, "Every change made the training diverge.")
    if not results:
        return state, log
    what, changed, best = min(results, key=lambda each: each[2].rmse)
    log = replace(log, why=reason(best.rmse, state.rmse or 0.0, state.margin))
    if not best.rmse < (state.rmse or 0.0) - state.margin:
        return state, log
    log = replace(log, kept=what, findings=findings(ground, best))
    return replace(changed, rmse=best.rmse), log
