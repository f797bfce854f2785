"""How to train a network: the numbers that a person may choose, and their defaults."""

from dataclasses import dataclass
from typing import Literal, get_args

Loss = Literal["mse", "huber", "distribution"]
Schedule = Literal["one_cycle", "cosine", "step", "plateau", "constant"]
Averaging = Literal["none", "ema", "swa"]
Device = Literal["auto", "cpu", "cuda"]
LOSSES, SCHEDULES, AVERAGINGS, DEVICES = (
    get_args(Loss), get_args(Schedule), get_args(Averaging), get_args(Device),
)  # fmt: skip
AUGMENTS = ("jitter", "scaling", "time_warp", "mixup", "cutmix")
"""Names of the augmentations; what they do stands in ``learning.fitting.augmentation``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FitConfig:
    """How to train. ``seed`` has no default: whoever trains says which.

    Attributes:
        seed: Order of the batches, and dropout.
        steps: Most batches to train on.
        batch_size: B.
        learning_rate: Highest rate of the schedule.
        weight_decay: AdamW's.
        clip_norm: Gradients longer than this are shortened to it.
        validate_every: In steps.
        patience: Stop after this many validations without a better one.
        early_stopping: Keep the weights that validated best; off: train all steps and keep the last.
        loss: Mean squared error; Huber; or, of a network with bins, a smoothed label distribution.
        l1: Factor on the sum of absolute weights.
        schedule: How the learning rate moves.
        averaging: Of weights over steps: exponential, or stochastic (Izmailov et al., UAI 2018).
        augment: Any of :data:`AUGMENTS`, in the order to apply them.
        device: Where to train; ``auto``: on CUDA where there is a device.
        mixed_precision: On CUDA only.
        compiled: With ``torch.compile``; on CUDA only.
    """

    seed: int
    steps: int = 600
    batch_size: int = 256
    learning_rate: float = 5e-3
    weight_decay: float = 1e-3
    clip_norm: float = 1.0
    validate_every: int = 25
    patience: int = 8
    early_stopping: bool = True
    loss: Loss = "mse"
    l1: float = 0.0
    schedule: Schedule = "one_cycle"
    averaging: Averaging = "none"
    augment: tuple[str, ...] = ()
    device: Device = "auto"
    mixed_precision: bool = False
    compiled: bool = False


def steps_of(epochs: int, *, windows: int, batch_size: int) -> int:
    """How many batches it takes to see all ``windows`` so many times; an incomplete batch is none.

    >>> steps_of(3, windows=1000, batch_size=256), steps_of(3, windows=100, batch_size=256)
    (9, 3)
    """
    return epochs * max(1, windows // min(batch_size, max(windows, 1)))
