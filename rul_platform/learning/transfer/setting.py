"""What all approaches of a plant share, which of them it can be tried with, and what training gives.

Belongs here: nothing that trains (``approaches`` does).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from rul_platform.core.approaches import (
    APPROACHES,
    BLENDS,
    DEFAULT_WITH_SOURCE,
    DEFAULT_WITHOUT_SOURCE,
    POOLED,
    REPLAY,
    ZERO_SHOT,
)
from rul_platform.core.terms import Terms
from rul_platform.core.windows import Windows
from rul_platform.errors import ApproachError
from rul_platform.learning.networks.checkpoints import Checkpoint
from rul_platform.learning.trained.learned import Learned
from rul_platform.learning.transfer.finetuning import FinetuneConfig, TransferReport

HISTORY_COLUMNS = ("step", "train_loss", "valid_rmse", "learning_rate")
GRADIENT_COLUMNS = ("step", "layer", "norm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What all approaches of a plant share.

    Attributes:
        checkpoint: The pretrained network.
        channels: Names of the plant's F channels, in order.
        window: W that networks look at, in readings; boosting has its own.
        cap: Label cap, in life units.
        config: How networks learn; approaches set what may learn.
        source: All windows of source units with the same channels; None where there are none.
        start: Fold to the network that its models begin from, instead of ``checkpoint``: it must not
            have seen the units of that fold.
        life_unit: ``cycles``, ``hours`` or ``seconds``; None where nobody says.
        scaler: Fingerprint of what scales the plant's sensors; None where nobody says.
    """

    checkpoint: Checkpoint
    channels: tuple[str, ...]
    window: int
    cap: float
    config: FinetuneConfig
    source: Windows | None = None
    start: Mapping[int, Checkpoint] | None = None
    life_unit: str | None = None
    scaler: str | None = None

    @property
    def terms(self) -> Terms:
        """What numbers mean here."""
        scalers = () if self.scaler is None else (self.scaler,)
        return Terms(cap=self.cap, life_unit=self.life_unit, window=self.window, scalers=scalers)

    @property
    def foreign_answers(self) -> str | None:
        """Why the checkpoint cannot answer here as it is, although it knows the channels; or None."""
        return self.checkpoint.terms.foreign_answers(self.terms)

    def start_of(self, fold: int | None) -> Checkpoint:
        """The network that the models of this fold begin from."""
        own = self.start or {}
        return self.checkpoint if fold is None else own.get(fold, self.checkpoint)


@dataclass(frozen=True, slots=True)
class Trained:
    """A model that was trained, and what its training did.

    Attributes:
        model: The model.
        history: One row for each look at the training; no row where nothing is trained in steps.
        transfer: What became of the weights that it began with; None where it began with none.
        cpu_seconds: Processor time.
        gradients: Length of the gradient of each layer at each look; no row where nobody looked.
    """

    model: Learned
    history: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=HISTORY_COLUMNS))
    transfer: TransferReport | None = None
    cpu_seconds: float = 0.0
    gradients: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=GRADIENT_COLUMNS))


def available(setting: Setting) -> tuple[str, ...]:
    """The approaches that this plant can be tried with, the simplest first.

    Zero-shot takes a checkpoint that knows all of the plant's channels, and did not learn with another
    cap or in another unit of life, as far as it says; replay and pooling take source units with the same
    channels.
    """
    needs_source = {POOLED, REPLAY, *(name for name, of in BLENDS.items() if POOLED in of)}
    without = set() if setting.source is not None else needs_source
    knows_all = set(setting.channels) <= set(setting.checkpoint.channels)
    if not knows_all or setting.foreign_answers is not None:
        without.add(ZERO_SHOT)
    return tuple(name for name in APPROACHES if name not in without)


def default_approaches(setting: Setting) -> tuple[str, ...]:
    """The approaches that a plant tries where nobody asks for others."""
    wanted = DEFAULT_WITHOUT_SOURCE if setting.source is None else DEFAULT_WITH_SOURCE
    can = available(setting)
    return tuple(name for name in wanted if name in can)


def require_available(names: tuple[str, ...], setting: Setting) -> None:
    """Refuse names that this plant cannot be tried with.

    Raises:
        ApproachError: Names each of them, and what can be tried.
    """
    can = available(setting)
    unknown = [name for name in names if name not in can]
    if unknown or not names:
        raise ApproachError(unknown, available=can)
