"""What a person may change of a plant's model in the launchpad.

Apart from the asset, because whoever judges a model repeats its training from what its card says.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pydantic import Field

from rul_platform.core.approaches import BY_OPTION
from rul_platform.core.folds import FOLDS
from rul_platform.core.plant_recipe import (
    BATCH_SIZE,
    LEARNING_RATE,
    PRETRAINED_RATE,
    SCRATCH_RATE,
    SCRATCH_TIMES,
    STEPS,
)
from rul_platform.core.recipe import FitConfig, steps_of
from rul_platform.errors import OptionsError
from rul_platform.orchestration.training_config import LossName, TrainingConfig

if TYPE_CHECKING:  # no asset lives here, so Dagster resolves no annotation of this module
    from rul_platform.learning.transfer.finetuning import FinetuneConfig


class ArchitectureName(StrEnum):
    """Which pretrained network to start from."""

    lstm = "lstm"
    gru = "gru"
    tcn = "tcn"


class FreezeName(StrEnum):
    """Which pretrained weights stay as they are; ``learning.transfer.finetuning`` explains."""

    nothing = "nothing"
    encoder = "encoder"
    encoder_at_first = "encoder_at_first"
    head_only = "head_only"
    partial = "partial"
    progressive = "progressive"


class StartName(StrEnum):
    """Which weights to start from; ``best``: from both, and keep what errs less on units left out."""

    best = "best"
    pretrained = "pretrained"
    champion = "champion"


class ApproachName(StrEnum):
    """How the model is made; ``core.approaches`` has the names that reports show."""

    best = "best"
    best_of_all = "best_of_all"
    zero_shot = "zero_shot"
    boosting = "boosting"
    from_scratch = "from_scratch"
    scratch_blend = "scratch_blend"
    whole_histories = "whole_histories"
    ensemble = "ensemble"
    head_only = "head_only"
    full_fine_tuning = "full_fine_tuning"
    discriminative_rates = "discriminative_rates"
    progressive_unfreezing = "progressive_unfreezing"
    pooled_boosting = "pooled_boosting"
    source_replay = "source_replay"
    blend = "blend"

    @property
    def approach(self) -> str | None:
        """The approach of this name; None where several are to be tried."""
        return BY_OPTION.get(self.value)


class FinetunedModelConfig(TrainingConfig):
    """What a person may change in the launchpad."""

    architecture: ArchitectureName = Field(
        default=ArchitectureName.lstm, description="Which pretrained network to start from."
    )
    approach: ApproachName = Field(
        default=ApproachName.best,
        description="How the model is made. best: what errs least on units left out, of the approaches "
        "worth their cost; best_of_all: of every approach that the plant allows.",
    )
    folds: int = Field(
        default=FOLDS,
        ge=2,
        description="Parts that the known units are divided into; with fewer units, each is a part.",
    )
    freeze: FreezeName = Field(
        default=FreezeName.nothing,
        description="Of full fine-tuning and source replay: which pretrained weights stay. encoder: it "
        "stays as it is; encoder_at_first: for the first third of the steps.",
    )
    start: StartName = Field(
        default=StartName.pretrained,
        description="Whose weights to start from. A champion of another architecture, with other "
        "channels, another label cap or other folds does not fit: then it is the pretrained network.",
    )
    steps: int = Field(
        default=STEPS,
        ge=3,
        description="Batches that each network is trained on; a plant's network from scratch: "
        "`scratch_steps`.",
    )
    batch_size: int = Field(default=BATCH_SIZE, ge=1, description="Windows in a batch.")
    epochs: int | None = Field(
        default=None, ge=1, description="Passes over the training windows, instead of steps."
    )
    learning_rate: float = Field(
        default=LEARNING_RATE,
        gt=0,
        description="Peak rate of the schedule; of a plant's network from scratch: `scratch_rate`.",
    )
    pretrained_rate: float = Field(
        default=PRETRAINED_RATE,
        gt=0,
        le=1,
        description="Factor on the learning rate of pretrained layers.",
    )
    scratch_steps: int | None = Field(
        default=None,
        ge=3,
        description=f"Batches of a network from scratch; by default {SCRATCH_TIMES} times `steps`.",
    )
    scratch_rate: float = Field(
        default=SCRATCH_RATE, gt=0, description="Peak rate of a network from scratch."
    )

    def require_bins(self, found: Iterable[int]) -> None:
        """Refuse a loss that the networks to start from have no outputs for.

        Args:
            found: Bins of each of them; 0: it answers with one number.

        Raises:
            OptionsError: Says how to get a network with bins.
        """
        if self.loss is LossName.distribution and not all(found):
            name = self.architecture.value
            problem = (
                f"loss is 'distribution', expected 'mse' or 'huber': the {name} to start from answers "
                f"with one number, not with shares of bins. For such a loss pretrain with bins first: "
                f"`rul pretrain {name} --set bins=32 --set loss=distribution`"
            )
            raise OptionsError("finetuned_model", [problem])

    def fit_on(self, windows: int) -> FitConfig:
        """The loop's own settings, for so many training windows."""
        if self.epochs is None:
            return self.fit()
        steps = steps_of(self.epochs, windows=windows, batch_size=self.batch_size)
        return replace(self.fit(), steps=max(3, steps))

    def finetuning(self, windows: int) -> "FinetuneConfig":
        """How networks are trained, for so many training windows."""
        from rul_platform.learning.transfer.finetuning import FinetuneConfig

        return FinetuneConfig(
            fit=self.fit_on(windows),
            freeze=self.freeze.value,
            pretrained_rate=self.pretrained_rate,
            scratch_rate=self.scratch_rate,
            scratch_steps=self.scratch_steps,
        )


def trained_with(card: Mapping[str, Any]) -> FinetunedModelConfig:
    """The configuration that a model's card tells; steps stand for the passes that they came from."""
    told = {k: v for k, v in card["training"].items() if k in FinetunedModelConfig.model_fields}
    return FinetunedModelConfig.model_validate({**told, "epochs": None})
