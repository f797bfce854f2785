"""Networks that have a name: sizes and the loss that goes with them.

Belongs here: choices that a person can make in a word. Does not belong here: what a network computes
(``models``).
"""

from dataclasses import dataclass, replace
from typing import Any

from rul_platform.core.architectures import Architecture
from rul_platform.core.recipe import Loss
from rul_platform.errors import NetworkError
from rul_platform.learning.networks.models import ModelConfig, default_config


@dataclass(frozen=True, slots=True)
class Preset:
    """A network with a name.

    Attributes:
        architecture: Its family.
        sizes: Fields of the config that differ from the family's default.
        loss: What it is trained with.
    """

    architecture: Architecture
    sizes: dict[str, Any]
    loss: Loss = "mse"


PRESETS: dict[str, Preset] = {
    "lstm": Preset("lstm", {}),
    "stacked_lstm": Preset("lstm", {"num_layers": 2, "dropout": 0.2, "normalise": True}),
    "advanced_lstm": Preset(
        "lstm", {"bidirectional": True, "normalise": True, "dropout": 0.2}, loss="huber"
    ),
    "gru": Preset("gru", {}),
    "tcn": Preset("tcn", {}),
}


def preset(name: str, input_size: int, *, hidden_size: int = 64) -> ModelConfig:
    """The config of a network with this name, for ``input_size`` channels.

    Raises:
        NetworkError: No network has this name.
    """
    if name not in PRESETS:
        raise NetworkError([f"no network is called {name!r}, expected {', '.join(PRESETS)}"])
    chosen = PRESETS[name]
    base = default_config(chosen.architecture, input_size, hidden_size=hidden_size)
    return replace(base, **chosen.sizes)
