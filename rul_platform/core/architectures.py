"""The names of the network families; what they are stands in ``learning.models``.

Apart from it, so that the code location can offer the names without importing torch.
"""

from typing import Literal, get_args

Architecture = Literal["lstm", "gru", "tcn"]
ARCHITECTURES: tuple[Architecture, ...] = get_args(Architecture)


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
