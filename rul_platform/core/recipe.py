"""How to train a network: the numbers that a person may choose, and their defaults."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FitConfig:
    """How to train. ``seed`` has no default: whoever trains says which.

    Attributes:
        seed: Order of the batches, and dropout.
        steps: Most batches to train on.
        batch_size: B.
        learning_rate: Peak of the one-cycle schedule.
        weight_decay: AdamW's.
        clip_norm: Gradients longer than this are shortened to it.
        validate_every: In steps.
        patience: Stop after this many validations without a better one.
    """

    seed: int
    steps: int = 600
    batch_size: int = 256
    learning_rate: float = 5e-3
    weight_decay: float = 1e-3
    clip_norm: float = 1.0
    validate_every: int = 25
    patience: int = 8


def steps_of(epochs: int, *, windows: int, batch_size: int) -> int:
    """How many batches it takes to see all ``windows`` so many times; an incomplete batch is none.

    >>> steps_of(3, windows=1000, batch_size=256), steps_of(3, windows=100, batch_size=256)
    (9, 3)
    """
    return epochs * max(1, windows // min(batch_size, max(windows, 1)))
