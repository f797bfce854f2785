"""How long the gradients of each layer are, while training goes on.

Belongs here: measuring. Does not belong here: what the lengths mean (``core.diagnosis``), clipping
(``steps``).
"""

import re

import pandas as pd
import torch
from torch import nn

from rul_platform.core.diagnosis import EXPLODING, VANISHING
from rul_platform.learning.fitting.best_weights import GRADIENTS

_LAYER = re.compile(r"^encoder\.(?:layers\.\w+_l(?P<recurrent>\d+)|convs\.(?P<conv>\d+))")


class GradientMonitor:
    """Lengths of gradients by layer, noted now and then.

    Args:
        network: Whose gradients.
    """

    def __init__(self, network: nn.Module) -> None:
        self._layers: dict[str, list[nn.Parameter]] = {}
        for name, parameter in network.named_parameters():
            self._layers.setdefault(layer_of(name), []).append(parameter)
        self._rows: list[tuple[int, str, float]] = []

    def note(self, step: int) -> None:
        """Measure the gradients that are there now, before they are clipped."""
        for layer, parameters in self._layers.items():
            found = [p.grad for p in parameters if p.grad is not None]
            if found:
                self._rows.append((step, layer, float(torch.nn.utils.get_total_norm(found))))

    def newest(self) -> dict[str, float]:
        """Layer to the length that was noted last."""
        newest = self._rows[-len(self._layers) :]
        return {layer: norm for step, layer, norm in newest if step == newest[-1][0]}

    def table(self) -> pd.DataFrame:
        """Everything that was noted: ``step``, ``layer``, ``norm``."""
        return pd.DataFrame(self._rows, columns=pd.Index(GRADIENTS))


def layer_of(name: str) -> str:
    """The layer that a weight belongs to.

    >>> layer_of("encoder.layers.weight_ih_l1"), layer_of("encoder.convs.2.bias")
    ('encoder.1', 'encoder.2')
    >>> layer_of("head.weight"), layer_of("encoder.norm.weight")
    ('head', 'encoder.norm')
    """
    found = _LAYER.match(name)
    if found:
        return f"encoder.{found['recurrent'] or found['conv']}"
    return name.rpartition(".")[0]


def worst(gradients: pd.DataFrame) -> dict[str, int]:
    """How many of the noted lengths were vanishing, and how many exploding."""
    norm = gradients["norm"]
    return {
        "gradients_vanishing": int((norm < VANISHING).sum()),
        "gradients_exploding": int((norm > EXPLODING).sum()),
    }
