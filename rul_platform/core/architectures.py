"""The names of the network families; what they are stands in ``learning.models``.

Apart from it, so that the code location can offer the names without importing torch.
"""

from typing import Literal, get_args

Architecture = Literal["lstm", "gru", "tcn"]
ARCHITECTURES: tuple[Architecture, ...] = get_args(Architecture)
