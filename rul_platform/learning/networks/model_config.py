"""What a network is made of: its family, its sizes, and what it reads and answers.

Belongs here: the config, and the sizes that we train by default. Does not belong here: what a network
computes (``models``), which sizes have a name (``presets``).

Shape letters: F channels, H features of a state, K bins.
"""

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from rul_platform.core.architectures import Architecture
from rul_platform.errors import NetworkError

Reads = Literal["window", "history"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig:
    """Everything that :func:`~.models.build` needs to know.

    Attributes:
        name: Network family.
        input_size: F.
        hidden_size: H.
        num_layers: Recurrent layers, or convolutions of a TCN.
        dropout: Probability, before the head and between layers.
        kernel_size: Readings that one convolution of a TCN looks at.
        normalise: Normalise the encoder's state (layer normalisation).
        bidirectional: Read the window backwards too; of recurrent networks only.
        far: Cap of a second output, in units of the label cap; 0: there is none.
        bins: K of a label distribution, whose expectation is the answer; 0: a plain number.
        reads: ``window``: all rows of what it is given are readings. ``history``: rows that fill a
            short history up on the left are left out; it can answer at every reading.

    Raises:
        NetworkError: Two of these do not go together.
    """

    name: Architecture
    input_size: int
    hidden_size: int = 64
    num_layers: int = 1
    dropout: float = 0.1
    kernel_size: int = 3
    normalise: bool = False
    bidirectional: bool = False
    far: float = 0.0
    bins: int = 0
    reads: Reads = "window"

    def __post_init__(self) -> None:
        is_tcn, is_history = self.name == "tcn", self.reads == "history"
        found = {
            "a tcn cannot be bidirectional": self.bidirectional and is_tcn,
            "a bidirectional network cannot read histories, because it looks at later readings": (
                self.bidirectional and is_history
            ),
            f"far is {self.far:g}, expected 0 or more than 1": self.far != 0 and self.far <= 1,
            f"bins is {self.bins}, expected 0 or 2 and more": self.bins != 0 and self.bins < 2,
            f"reads is {self.reads!r}, expected 'window' or 'history'": (
                self.reads not in get_args(Reads)
            ),
        }
        problems = [problem for problem, is_so in found.items() if is_so]
        if problems:
            raise NetworkError(problems)

    def to_json(self) -> dict[str, Any]:
        """Plain values, without the name (a checkpoint states it beside the config)."""
        return {key: value for key, value in asdict(self).items() if key != "name"}


def default_config(name: Architecture, input_size: int, *, hidden_size: int = 64) -> ModelConfig:
    """The sizes that we train by default; a TCN needs four convolutions to see 31 readings."""
    layers = 4 if name == "tcn" else 1
    return ModelConfig(name=name, input_size=input_size, hidden_size=hidden_size, num_layers=layers)
