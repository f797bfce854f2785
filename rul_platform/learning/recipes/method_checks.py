"""The first three steps of the method: a baseline, a sanity check, and the plain recipe.

Belongs here: what must be known before anything is changed. Does not belong here: the changes
(``method_steps``), training (``method_ground``).
"""

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from rul_platform.core.findings import LEFT_OF_LOSS
from rul_platform.core.method_log import Attempt, MethodState, StepLog
from rul_platform.core.windows import even_cuts
from rul_platform.errors import SearchError
from rul_platform.learning.fitting.training import VALIDATION_CUTS, overfit_one_batch
from rul_platform.learning.recipes.method_ground import MethodGround
from rul_platform.learning.recipes.method_words import findings, noted
from rul_platform.learning.recipes.objective import network_of
from rul_platform.learning.trained import baselines

LEAST_MARGIN = 0.01
"""Of the error: no smaller gain is kept, however close two seeds are."""


def baseline(ground: MethodGround, state: MethodState) -> MethodState:
    """Step 1: what a network must beat to be worth its cost."""
    cuts = even_cuts(ground.valid, VALIDATION_CUTS)
    tried = [
        _timed("the mean label", lambda: baselines.constant(ground.train, cuts, cap=ground.cap)),
        _timed(
            "boosting",
            lambda: baselines.boosting(ground.train, cuts, cap=ground.cap, seed=ground.seed),
        ),
    ]
    attempts = tuple(
        Attempt(what, ground.rmse(cuts, predicted), took) for what, predicted, took in tried
    )
    best = min(attempts, key=lambda attempt: attempt.rmse or 0.0)
    why = f"A network must beat {best.rmse:.2f} to be worth its cost."
    return noted(state, StepLog("baseline", attempts, best.what, why))


def sanity_check(ground: MethodGround, state: MethodState) -> MethodState:
    """Step 2: can the network learn 32 windows by heart?

    Raises:
        SearchError: It cannot; more data would not help it.
    """
    state = replace(state, recipe=ground.plain_recipe())
    begin = time.process_time()
    network, _ = network_of(ground.ground(is_pretrained=False), state.recipe, seed=ground.seed)
    left = overfit_one_batch(network, ground.train, cap=ground.cap, seed=ground.seed)
    if not left <= LEFT_OF_LOSS:
        msg = (
            f"The sanity check failed: after 200 steps on 32 windows {left:.0%} of the loss was left, "
            f"at most {LEFT_OF_LOSS:.0%} is expected. Look for labels that do not follow from the "
            f"channels, or channels that are constant; `rul plant check` looks at a plant's data."
        )
        raise SearchError(msg)
    tried = Attempt("32 windows, 200 steps, no dropout", None, time.process_time() - begin)
    why = f"{left:.2%} of the loss is left; at most {LEFT_OF_LOSS:.0%} is expected."
    return noted(state, StepLog("sanity check", (tried,), "the network can learn", why))


def full_data(ground: MethodGround, state: MethodState) -> MethodState:
    """Step 3: the plain recipe on all training units, twice, to see what a seed alone changes."""
    first = ground.trained(state)
    second = ground.trained(state, seed=ground.seed + 1)
    spread = abs(first.rmse - second.rmse)
    state = replace(state, rmse=first.rmse, margin=max(LEAST_MARGIN * first.rmse, spread))
    least = min(attempt.rmse or 0.0 for attempt in state.step("baseline").tried)
    against = "better than" if first.rmse < least else "not better than"
    log = StepLog(
        "full data",
        (
            Attempt("plain recipe", first.rmse, first.cpu_seconds),
            Attempt("plain recipe, another seed", second.rmse, second.cpu_seconds),
        ),
        "the plain recipe",
        f"It is {against} the baseline's {least:.2f}. Another seed changes {spread:.2f}, so a gain "
        f"below {state.margin:.2f} counts for nothing from here on.",
        findings(ground, first),
    )
    return noted(state, log)


def _timed(what: str, predict: Callable[[], np.ndarray]) -> tuple[str, np.ndarray, float]:
    begin = time.process_time()
    predicted = predict()
    return what, predicted, time.process_time() - begin
