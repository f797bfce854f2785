"""The method: eight steps from a baseline to a searched recipe, and the test set once at the end.

Belongs here: their order, going on after an interruption, the test. Does not belong here: what a step
does (``method_checks``, ``method_steps``), its log (``core.method_log``).
"""

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from rul_platform.core.method_log import STEPS, TEST, Attempt, MethodState, StepLog
from rul_platform.core.metrics import rmse, unit_weights
from rul_platform.core.windows import Windows
from rul_platform.learning.fitting.training import predict
from rul_platform.learning.recipes.method_ground import MethodGround
from rul_platform.learning.recipes.method_steps import RUN
from rul_platform.learning.trained import baselines

KEPT = "the kept recipe"

Keep = Callable[[MethodState], object]
Progress = Callable[[int, int], object]
"""Told (finished steps, all steps)."""


def choose(
    ground: MethodGround,
    state: MethodState | None = None,
    *,
    keep: Keep,
    progress: Progress | None = None,
) -> MethodState:
    """Take the steps that are not taken yet; only validation units choose.

    Args:
        ground: What the method works on.
        state: How far it has come; None: it begins.
        keep: Given the state after each step, so that an interruption costs one step only.
        progress: Told before each step, and at the end.

    Raises:
        SearchError: The sanity check failed, or the search did.
    """
    state = state or MethodState()
    for number, name in enumerate(STEPS):
        if progress is not None:
            progress(number, len(STEPS) + 1)
        if name not in state.names:
            state = RUN[name](ground, state)
            keep(state)
    return state


def open_test(ground: MethodGround, state: MethodState, test: Windows) -> MethodState:
    """Score the kept recipe beside the baselines on windows that had no part in any choice.

    Args:
        ground: The same that the recipe was chosen on.
        state: After the last step; one that has seen the test is given back as it is.
        test: Windows of units that were never given to the method.
    """
    if TEST in state.names:
        return state
    begin, test = time.process_time(), test.exact()
    chosen = ground.trained(state)
    scored = {
        KEPT: predict(chosen.network, test, ground.cap),
        "boosting": baselines.boosting(ground.train, test, cap=ground.cap, seed=ground.seed),
        "the mean label": baselines.constant(ground.train, test, cap=ground.cap),
    }
    took = {KEPT: time.process_time() - begin}
    truth, weights = np.minimum(test.rul(), ground.cap), unit_weights(test.units())
    attempts = tuple(
        Attempt(what, float(rmse(truth, predicted, weights)), took.get(what, 0.0))
        for what, predicted in scored.items()
    )
    best = min(attempts, key=lambda attempt: attempt.rmse or 0.0)
    log = StepLog(
        TEST,
        attempts,
        KEPT,
        f"Lowest here: {best.what}. {len(np.unique(test.units()))} units that chose nothing, opened "
        f"once, labels capped. Whatever is changed because of these figures has to be judged on other "
        f"units.",
    )
    return replace(state, steps=(*state.steps, log))
