"""What an ensemble is made of: sizes and steps of its members.

Belongs here: the numbers, chosen by out-of-fold errors. Does not belong here: training (``ensemble``,
``history_network``).
"""

from dataclasses import dataclass

from rul_platform.learning.trained.boosting import LEAVES, READINGS

STEPS, EPOCHS = 450, 34
"""What a network needs: fewer batches are too few for a hundred units, fewer passes for more units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnsembleRecipe:
    """Members, the same for all data; chosen by out-of-fold errors (docs/experiments.md).

    Attributes:
        hidden_size: Of a network, which reads whole histories.
        num_layers: Of a network.
        steps: Batches that a network is trained on; None: ``EPOCHS`` passes over the units, and at
            least ``STEPS``.
        batch_size: Whole histories in a batch.
        learning_rate: Peak of the one-cycle schedule.
        boosting_window: Readings that boosting looks at.
        boosting_leaves: Of its trees; the fleets of C-MAPSS fill twice as many as a few machines do.
    """

    hidden_size: int = 64
    num_layers: int = 2
    steps: int | None = None
    batch_size: int = 10
    learning_rate: float = 5e-3
    boosting_window: int = READINGS
    boosting_leaves: int = 2 * LEAVES + 1

    def steps_for(self, units: int) -> int:
        """Batches of a network that learns from so many units."""
        passes = EPOCHS * units // min(self.batch_size, units)
        return max(STEPS, passes) if self.steps is None else self.steps
