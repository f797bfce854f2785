"""Models whose answers, weights and attributions are known beforehand."""

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from rul_platform.core.windows import Windows
from rul_platform.learning.networks.models import ModelConfig, RulNetwork, build
from rul_platform.learning.trained.learned import NetworkModel

CHANNELS = ("heat", "flow", "heat_dev", "flow_dev", "age")


class Weighted(nn.Module):
    """The sum of every input times its own weight, of shape ``(W, F)``."""

    def __init__(self, weights: list[list[float]]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(weights, dtype=torch.float32))

    def forward(self, x_BWF: Tensor) -> Tensor:
        """``(B, W, F)`` to ``(B,)``."""
        return (x_BWF * self.weight).sum(dim=(1, 2))


def model_of(network: nn.Module, *, window: int = 10, channels: int = 5) -> NetworkModel:
    """Any network as a model; its config is only a name here."""
    config = ModelConfig(name="gru", input_size=channels, hidden_size=4)
    return NetworkModel(network, config, CHANNELS[:channels], window)  # type: ignore[arg-type]


def built(name: str, *, seed: int = 0) -> tuple[RulNetwork, NetworkModel]:
    """A small network of a family, and as a model."""
    config = ModelConfig(name=name, input_size=5, hidden_size=4, num_layers=2)  # type: ignore[arg-type]
    network = build(config, seed=seed).eval()
    return network, NetworkModel(network, config, CHANNELS, 10)


def windows_of(features: np.ndarray, rul: list[float] | None = None) -> Windows:
    """Windows with these features, of shape ``(N, W, F)``, each of a unit of its own."""
    count, length, channels = features.shape
    last = np.arange(1, count + 1) * length - 1
    index = pd.DataFrame(
        {
            "unit": [f"u{n}" for n in range(count)],
            "life": np.arange(count, dtype=float),
            "first_row": last - length + 1,
            "last_row": last,
            "rul": np.zeros(count) if rul is None else rul,
            "split": "train",
            "at_least": False,
        }
    )
    return Windows(features.reshape(-1, channels).astype(np.float32), index, length)
