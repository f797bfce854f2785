"""What reads the sequence: recurrent layers or causal convolutions.

Every encoder gives the state after the newest row, and :meth:`states` the state after each row.

Shape letters: B batch, W rows, H features of a state.
"""

import math

import torch
from torch import Tensor, nn

from rul_platform.learning.networks.model_config import ModelConfig

CHRONO_READINGS = 100.0
"""Longest memory, in readings, that an LSTM which reads histories begins with."""


class RecurrentEncoder(nn.Module):
    """LSTM or GRU; where it also reads backwards, the two last states side by side."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.hidden_size, self.bidirectional = config.hidden_size, config.bidirectional
        family = nn.LSTM if config.name == "lstm" else nn.GRU
        self.layers = family(
            config.hidden_size,
            config.hidden_size,
            config.num_layers,
            batch_first=True,
            dropout=config.dropout if config.num_layers > 1 else 0.0,
            bidirectional=config.bidirectional,
        )
        size = config.hidden_size * (1 + config.bidirectional)
        self.norm = nn.LayerNorm(size) if config.normalise else nn.Identity()
        is_real = (
            not self.layers.weight_ih_l0.is_meta
        )  # where only shapes are wanted, it takes seconds
        if config.reads == "history" and isinstance(self.layers, nn.LSTM) and is_real:
            chrono(self.layers)

    def forward(self, h_BWH: Tensor) -> Tensor:
        """``(B, W, H)`` to ``(B, H)``, or to ``(B, 2 H)``."""
        states_BWH, _ = self.layers(h_BWH)
        last_BH = states_BWH[:, -1]
        if self.bidirectional:  # the backward layer has seen all rows at the first one
            size = self.hidden_size
            last_BH = torch.cat([last_BH[:, :size], states_BWH[:, 0, size:]], dim=1)
        return self.norm(last_BH)

    def states(self, h_BWH: Tensor) -> Tensor:
        """``(B, W, H)`` to ``(B, W, H)``; not of a bidirectional one, which looks ahead."""
        return self.norm(self.layers(h_BWH)[0])


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
        self.norm = nn.LayerNorm(config.hidden_size) if config.normalise else nn.Identity()

    def forward(self, h_BWH: Tensor) -> Tensor:
        """``(B, W, H)`` to ``(B, H)``."""
        return self.norm(self._convolved(h_BWH)[:, :, -1])

    def states(self, h_BWH: Tensor) -> Tensor:
        """``(B, W, H)`` to ``(B, W, H)``."""
        return self.norm(self._convolved(h_BWH).transpose(1, 2))

    def _convolved(self, h_BWH: Tensor) -> Tensor:
        h_BHW = h_BWH.transpose(1, 2)
        for conv, reach in zip(self.convs, self.reach, strict=True):
            padded = nn.functional.pad(h_BHW, (reach, 0))  # left only: no look at the future
            h_BHW = h_BHW + self.dropout(torch.relu(conv(padded)))
        return h_BHW


def encoder_of(config: ModelConfig) -> RecurrentEncoder | TcnEncoder:
    """The encoder that ``config`` describes."""
    return TcnEncoder(config) if config.name == "tcn" else RecurrentEncoder(config)


def chrono(layers: nn.LSTM, longest: float = CHRONO_READINGS) -> None:
    """Let an LSTM begin with memories of 1 to ``longest`` readings.

    Biases of the forget gates are log U(1, longest), those of the input gates their negatives.
    Source: C. Tallec, Y. Ollivier, "Can recurrent neural networks warp time?", ICLR 2018, section 3;
    torch orders the gates input, forget, cell, output.
    """
    size = layers.hidden_size
    for layer in range(layers.num_layers):
        given: Tensor = getattr(layers, f"bias_ih_l{layer}")
        recurrent: Tensor = getattr(layers, f"bias_hh_l{layer}")
        with torch.no_grad():
            recurrent.zero_()
            given.zero_()
            given[size : 2 * size].uniform_(1.0, max(longest, 1.0 + math.ulp(1.0))).log_()
            given[:size] = -given[size : 2 * size]
