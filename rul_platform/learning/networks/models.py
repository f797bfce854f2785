"""The three network families, behind one config (``model_config``) and one call.

Each network has three named parts. ``input_layer`` turns the machine's own channels into H features
and belongs to the machine type; ``encoder`` reads the sequence and is what a plant can inherit;
``head`` turns a state into RUL in units of the label cap.

Belongs here: what a network computes. Does not belong here: which sizes have a name (``presets``),
what encoders are made of (``encoders``), how weights change (``training``).

Shape letters: B batch, W window length in readings, L readings of the batch's longest history,
T readings of a whole history, F channels, H features of a state, O outputs of the head, K bins.
"""

import torch
from torch import Tensor, nn

from rul_platform.learning.networks.encoders import encoder_of
from rul_platform.learning.networks.model_config import ModelConfig as ModelConfig
from rul_platform.learning.networks.model_config import default_config as default_config


class RulNetwork(nn.Module):
    """Input layer, encoder, head.

    The head's outputs are the RUL, as one number or as the logits of K bins, and after them the RUL
    under the far cap where there is one.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        encoder = encoder_of(config)  # drawn first: a seed gives the weights that it always gave
        self.input_layer = nn.Linear(config.input_size, config.hidden_size)
        self.encoder = encoder
        self.dropout = nn.Dropout(config.dropout)
        outputs = (config.bins or 1) + (1 if config.far else 0)
        self.head = nn.Linear(config.hidden_size * (1 + config.bidirectional), outputs)

    def forward(self, x_BWF: Tensor) -> Tensor:
        """Map windows to ``(B,)`` remaining useful life, in units of the label cap."""
        return self.rul_of(self.answers(x_BWF))

    def far(self, x_BWF: Tensor) -> Tensor:
        """The same under the far cap, in units of the label cap; only with ``config.far``."""
        return self.far_of(self.answers(x_BWF))

    def answers(self, x_BWF: Tensor) -> Tensor:
        """All outputs of the head for each window, ``(B, O)``."""
        if self.config.reads == "history":
            return self._after_newest(x_BWF)
        return self.head(self.dropout(self.encoder(self.input_layer(x_BWF))))

    def every_answer(self, x_BTF: Tensor) -> Tensor:
        """All outputs of the head after each reading, ``(B, T, O)``; not of bidirectional networks."""
        return self.head(self.dropout(self.encoder.states(self.input_layer(x_BTF))))

    def every_reading(self, x_BTF: Tensor) -> Tensor:
        """RUL after each reading, ``(B, T)``, from that reading and the ones before it."""
        return self.rul_of(self.every_answer(x_BTF))

    def rul_of(self, answers: Tensor) -> Tensor:
        """RUL among the head's outputs: ``(…, O)`` to ``(…,)``."""
        if not self.config.bins:
            return answers[..., 0]
        share = torch.softmax(answers[..., : self.config.bins], dim=-1)
        return share @ bin_centres(self.config.bins).to(share)

    def far_of(self, answers: Tensor) -> Tensor:
        """RUL under the far cap among the head's outputs: ``(…, O)`` to ``(…,)``."""
        return answers[..., -1] * self.config.far

    def _after_newest(self, x_BWF: Tensor) -> Tensor:
        """Answers after the newest reading of histories that are filled up on the left, ``(B, O)``.

        Real readings move to the front; what then follows the longest history is left out, and what
        follows a shorter one does not touch a causal network.
        """
        rows = x_BWF.shape[1]
        is_later = x_BWF[:, 1:, -1] > x_BWF[:, :-1, -1]  # age grows with every reading
        newest_B = is_later.to(torch.int64).sum(dim=1)
        front_L = torch.arange(rows, device=x_BWF.device)[: newest_B.max() + 1]  # a graph cuts too
        moved_BL = front_L[None, :] + (rows - 1 - newest_B)[:, None]
        moved_BL1 = moved_BL.clamp(max=rows - 1)[:, :, None]
        real_BLF = torch.gather(x_BWF, 1, moved_BL1.expand(-1, -1, x_BWF.shape[2]))
        states_BLH = self.encoder.states(self.input_layer(real_BLF))
        at_B1H = newest_B[:, None, None].expand(-1, -1, states_BLH.shape[2])
        return self.head(self.dropout(torch.gather(states_BLH, 1, at_B1H).squeeze(1)))


HEALTHY = 1.0
"""What a network that reads whole histories says at first, in caps: it has seen no wear yet, and its
memory, made to be slow, would take long to learn that. A network that reads windows, at any age, begins
at 0.5, the middle of the target's range. Out of fold it saved 1 to 2 cycles (docs/experiments.md)."""


def bin_centres(bins: int) -> Tensor:
    """Middle of each bin, ``(K,)``, in units of the cap: the first is 0, the last 1."""
    return torch.linspace(0.0, 1.0, bins)


def build(config: ModelConfig, *, seed: int) -> RulNetwork:
    """Build the network that ``config`` describes, with weights drawn from ``seed``."""
    torch.manual_seed(seed)
    network = RulNetwork(config)
    if not config.bins:  # of bins, all are as likely at first
        nn.init.constant_(network.head.bias, HEALTHY if config.reads == "history" else 0.5)
    return network
