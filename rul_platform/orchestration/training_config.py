"""What a person may change of a training in the launchpad.

Belongs here: fields that several assets share. Does not belong here: what they do (``core.recipe``,
``learning``).
"""

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field, field_validator, model_validator

from rul_platform.core.architectures import Architecture
from rul_platform.core.recipe import AUGMENTS, FitConfig
from rul_platform.storage.home import Home

if TYPE_CHECKING:  # no asset lives here, so Dagster resolves no annotation of this module
    from rul_platform.learning.fitting.loop import Watch
    from rul_platform.learning.networks.models import ModelConfig


class LossName(StrEnum):
    """What an error costs."""

    mse = "mse"
    huber = "huber"
    distribution = "distribution"


class ScheduleName(StrEnum):
    """How the learning rate moves."""

    one_cycle = "one_cycle"
    cosine = "cosine"
    step = "step"
    plateau = "plateau"
    constant = "constant"


class AveragingName(StrEnum):
    """Which average of the weights over the steps is kept."""

    none = "none"
    ema = "ema"
    swa = "swa"


class DeviceName(StrEnum):
    """Where to train."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


class LogName(StrEnum):
    """Where live figures go."""

    none = "none"
    json_lines = "json_lines"
    tensorboard = "tensorboard"


class TrainingConfig(dg.Config):
    """What a person may change in the launchpad."""

    seed: int = Field(default=0, description="Initial weights, order of the batches, dropout.")
    steps: int = Field(
        default=600, ge=1, description="Most batches to train on; early stopping may end sooner."
    )
    batch_size: int = Field(default=256, ge=1, description="Windows in a batch.")
    learning_rate: float = Field(default=5e-3, gt=0, description="Highest rate of the schedule.")
    schedule: ScheduleName = Field(
        default=ScheduleName.one_cycle,
        description="How the rate moves. one_cycle: up, then down to nothing; cosine: down; step: "
        "halved after each quarter; plateau: halved when validation gets no better; constant.",
    )
    weight_decay: float = Field(default=1e-3, ge=0, description="AdamW's, a penalty like L2.")
    l1: float = Field(default=0.0, ge=0, description="Penalty on the sum of absolute weights.")
    clip_norm: float = Field(default=1.0, gt=0, description="Longest gradient of a step.")
    loss: LossName = Field(
        default=LossName.mse,
        description="mse: squared; huber: large errors count less; distribution: for bins.",
    )
    averaging: AveragingName = Field(
        default=AveragingName.none,
        description="ema: a running mean of the weights; swa: their mean over the last quarter.",
    )
    augment: list[str] = Field(
        default=[], description=f"Alter the training windows by any of: {', '.join(AUGMENTS)}."
    )
    validate_every: int = Field(default=25, ge=1, description="Steps from one look to the next.")
    device: DeviceName = Field(
        default=DeviceName.auto, description="auto: on CUDA where there is a device."
    )
    mixed_precision: bool = Field(default=False, description="bfloat16 on CUDA; else ignored.")
    compiled: bool = Field(default=False, description="torch.compile on CUDA; else ignored.")

    @field_validator("augment")
    @classmethod
    def _known(cls, names: list[str]) -> list[str]:
        if unknown := [name for name in names if name not in AUGMENTS]:
            msg = f"any of {', '.join(AUGMENTS)}, not {', '.join(unknown)}"
            raise ValueError(msg)
        return names

    def fit(self) -> FitConfig:
        """The loop's own settings."""
        told: dict[str, Any] = self.model_dump(mode="json", include=set(FitConfig.__slots__))
        told["augment"] = tuple(self.augment)
        return FitConfig(**told)


class NewNetworkConfig(TrainingConfig):
    """Of a network that is built anew."""

    hidden_size: int = Field(default=64, ge=1, description="Hidden units.")
    bins: int = Field(
        default=0, ge=0, description="Answer as shares of so many bins; 0: as one number."
    )
    logs: LogName = Field(
        default=LogName.none,
        description="Live figures under training/ in the home folder: json_lines or tensorboard.",
    )

    @model_validator(mode="after")
    def _has_bins_for_its_loss(self) -> "NewNetworkConfig":
        if self.bins == 1 or (self.loss is LossName.distribution and not self.bins):
            msg = f"bins is {self.bins}, expected 2 or more for the loss 'distribution', else 0"
            raise ValueError(msg)
        return self

    def watch(self, home: Home, *names: str) -> "Watch | None":
        """Who is told of each validation of a training.

        Args:
            home: Where ``training/`` is.
            names: Of the run, and of the training where it has several: folders below.

        Raises:
            MissingExtraError: TensorBoard is asked for and not installed.
        """
        from rul_platform.learning.fitting.streams import watch_of

        return watch_of(self.logs.value, home.folder.joinpath("training", *names))


class NetworkConfig(NewNetworkConfig):
    """Of a network that is built anew, and stops early."""

    patience: int = Field(
        default=8, ge=1, description="Stop after so many looks in a row without a better one."
    )


class ShapedNetworkConfig(NetworkConfig):
    """Of a network whose shape is free too; the documentation names five such shapes."""

    layers: int | None = Field(
        default=None, ge=1, description="Layers of the encoder; by default 1, of a tcn 4."
    )
    dropout: float = Field(
        default=0.1, ge=0, lt=1, description="Share of a state left out while learning."
    )
    normalise: bool = Field(default=False, description="Layer normalisation of the state.")
    bidirectional: bool = Field(
        default=False, description="Read windows backwards too; of lstm and gru only."
    )
    far: float = Field(
        default=0.0, ge=0, description="Cap of a second answer, in label caps; 0: there is none."
    )

    @field_validator("far")
    @classmethod
    def _beyond_the_cap(cls, far: float) -> float:
        return none_or_beyond_the_cap(far)

    def model(self, name: Architecture, channels: int) -> "ModelConfig":
        """The network that this describes, for so many channels.

        Raises:
            NetworkError: Two options do not go together.
        """
        from rul_platform.learning.networks.models import default_config

        base = default_config(name, channels, hidden_size=self.hidden_size)
        return replace(
            base,
            num_layers=self.layers or base.num_layers,
            dropout=self.dropout,
            normalise=self.normalise,
            bidirectional=self.bidirectional,
            far=self.far,
            bins=self.bins,
        )


def none_or_beyond_the_cap(far: float) -> float:
    """A cap of a second answer, in label caps.

    Raises:
        ValueError: It is no higher than the first.
    """
    if far and far <= 1:
        msg = "0 or more than 1"
        raise ValueError(msg)
    return far
