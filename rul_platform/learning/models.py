"""The three network families, behind one config and one call.

Each network has three named parts. ``input_layer`` turns the machine's own channels into H features
and belongs to the machine type; ``encoder`` reads the sequence and is what a plant can inherit;
``head`` turns the last state into RUL in units of the label cap.

Shape letters: B batch, W window length in readings, F channels, H hidden units.
"""

from dataclasses import asdict, dataclass
from typing import Any, assert_never

import torch
from torch import Tensor, nn

from rul_platform.core.architectures import Architecture


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig:
    """Everything that :func:`build` needs to know.

    Attributes:
        name: Network family.
        input_size: F.
        hidden_size: H.
        num_layers: Recurrent layers, or convolutions of a TCN.
        dropout: Probability, before the head and between layers.
        kernel_size: Readings that one convolution of a TCN looks at.
    """

    name: Architecture
    input_size: int
    hidden_size: int = 64
    num_layers: int = 1
    dropout: float = 0.1
    kernel_size: int = 3

    def to_json(self) -> dict[str, Any]:
        """Plain values, without the name (a checkpoint states it beside the config)."""
        return {key: value for key, value in asdict(self).items() if key != "name"}


def default_config(name: Architecture, input_size: int, *, hidden_size: int = 64) -> ModelConfig:
    """The sizes that we train by default; a TCN needs four convolutions to see 31 readings."""
    layers = 4 if name == "tcn" else 1
    return ModelConfig(name=name, input_size=input_size, hidden_size=hidden_size, num_layers=layers)


class RulNetwork(nn.Module):
    """Input layer, encoder, head."""

    def __init__(self, config: ModelConfig, encoder: nn.Module) -> None:
        super().__init__()
        self.input_layer = nn.Linear(config.input_size, config.hidden_size)
        self.encoder = encoder
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(config.hidden_size, 1)

    def forward(self, x_BWF: Tensor) -> Tensor:
        """Map windows to ``(B,)`` remaining useful life, in units of the label cap."""
        h_BWH = self.input_layer(x_BWF)
        last_BH = self.encoder(h_BWH)
        return self.head(self.dropout(last_BH)).squeeze(-1)


class RecurrentEncoder(nn.Module):
    """LSTM or GRU; the state after the newest reading."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        family = nn.LSTM if config.name == "lstm" else nn.GRU
        self.layers = family(
            config.hidden_size,
            config.hidden_size,
            config.num_layers,
            batch_first=True,
            dropout=config.dropout if config.num_layers > 1 else 0.0,
        )

    def forward(self, h_BWH: Tensor) -> Tensor:
        """``(B, W, H)`` to ``(B, H)``."""
        states_BWH, _ = self.layers(h_BWH)
        return states_BWH[:, -1]


class TcnEncoder(nn.Module):
    """Residual causal convolutions that double their reach at each layer."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.reach = [(config.kernel_size - 1) * 2**layer for layer in range(config.num_layers)]
        self.convs = nn.ModuleList(
            nn.Conv1d(config.hidden_size, config.hidden_size, config.kernel_size, dilation=2**layer)
            for layer in range(config.num_layers)
        )
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, h_BWH: Tensor) -> Tensor:
        """``(B, W, H)`` to ``(B, H)``."""
        h_BHW = h_BWH.transpose(1, 2)
        for conv, reach in zip(self.convs, self.reach, strict=True):
            padded = nn.functional.pad(h_BHW, (reach, 0))  # left only: no look at the future
            h_BHW = h_BHW + self.dropout(torch.relu(conv(padded)))
        return h_BHW[:, :, -1]


def build(config: ModelConfig, *, seed: int) -> RulNetwork:
    """Build the network that ``config`` describes, with weights drawn from ``seed``."""
    torch.manual_seed(seed)
    match config.name:
        case "lstm" | "gru":
            encoder: nn.Module = RecurrentEncoder(config)
        case "tcn":
            encoder = TcnEncoder(config)
        case unknown:
            assert_never(unknown)
    network = RulNetwork(config, encoder)
    nn.init.constant_(network.head.bias, 0.5)  # the middle of the target's range
    return network
