"""What a person may change of a training in the launchpad."""

import dagster as dg
from pydantic import Field

from rul_platform.core.recipe import FitConfig


class TrainingConfig(dg.Config):
    """What a person may change in the launchpad."""

    seed: int = Field(default=0, description="Initial weights, order of the batches, dropout.")
    steps: int = Field(
        default=600, ge=1, description="Most batches to train on; early stopping may end sooner."
    )
    batch_size: int = Field(default=256, ge=1, description="Windows in a batch.")
    learning_rate: float = Field(default=5e-3, gt=0, description="Peak of the one-cycle schedule.")

    def fit(self) -> FitConfig:
        """The loop's own settings."""
        return FitConfig(
            seed=self.seed,
            steps=self.steps,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
        )


class NetworkConfig(TrainingConfig):
    """Of a network that is built anew."""

    hidden_size: int = Field(default=64, ge=1, description="Hidden units.")
