"""How much the method may try: two budgets, one of minutes.

Belongs here: the numbers. Does not belong here: what is tried (``method_steps``).
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much a method may try.

    Attributes:
        steps: Batches of each training; a plant's plain recipe has its own.
        sweep_steps: Batches of the learning rate's sweep.
        regularisers: Recipes' differences that the fifth step tries.
        trials: Of the search.
        trial_steps: Most batches of each of a trial's trainings.
        folds: Of the search.
    """

    steps: int
    sweep_steps: int
    regularisers: tuple[Mapping[str, float], ...]
    trials: int
    trial_steps: int
    folds: int


BUDGETS = {
    "quick": Budget(
        steps=200,
        sweep_steps=60,
        regularisers=({"dropout": 0.3}, {"weight_decay": 0.03}),
        trials=4,
        trial_steps=100,
        folds=2,
    ),
    "full": Budget(
        steps=600,
        sweep_steps=100,
        regularisers=(
            {"dropout": 0.0},
            {"dropout": 0.3},
            {"weight_decay": 0.0001},
            {"weight_decay": 0.03},
        ),
        trials=20,
        trial_steps=300,
        folds=3,
    ),
}
