"""The names of the network families; what they are stands in ``learning.networks.models``.

Apart from it, so that the code location can offer the names without importing torch.
"""

from typing import Literal, get_args

Architecture = Literal["lstm", "gru", "tcn"]
ARCHITECTURES: tuple[Architecture, ...] = get_args(Architecture)
BENCHMARKED = (*ARCHITECTURES, "boosting", "ensemble", "constant")
"""What a benchmark scores: the networks, and what they are measured against."""

BENCHMARKED_IF_ASKED = ("stacked_lstm", "advanced_lstm")
"""Networks that a benchmark scores where they are named (``learning.networks.presets``)."""


def architecture(name: str) -> Architecture:
    """``name`` as one of the families.

    Raises:
        ValueError: There is no such family.
    """
    for known in ARCHITECTURES:
        if name == known:
            return known
    msg = f"{name!r} is none of {', '.join(ARCHITECTURES)}"
    raise ValueError(msg)
