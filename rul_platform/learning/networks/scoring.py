"""What a network says of windows, and how far that is from the truth.

Belongs here: running a network without changing it. Does not belong here: how weights change
(``training``), what a result is worth (``core.evaluation``).

Shape letters: N windows.
"""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from rul_platform.core.labels import to_life
from rul_platform.core.windows import Windows
from rul_platform.learning.networks.models import RulNetwork

VALIDATION_CUTS = 40
"""Validation looks at this many windows of each unit, so that every unit weighs the same."""

SCORING_BATCH = 4096


def one_thread() -> None:
    """Keep torch to one thread and to one result per input.

    Two threads on a busy two-core machine were 4 to 8 times slower, and the order of a parallel sum
    is not fixed.
    """
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)


def predict(network: nn.Module, windows: Windows, cap: float) -> NDArray[np.float64]:
    """Predicted RUL of every window, shape ``(N,)``, in life units. Dropout is off."""
    return to_life(outputs(network, windows), cap)


def outputs(network: nn.Module, windows: Windows) -> NDArray[np.float32]:
    """What the network itself says of every window, shape ``(N,)``, in units of the cap."""
    return _answered(network, network, windows)


def far_outputs(network: RulNetwork, windows: Windows) -> NDArray[np.float32]:
    """The same of its output under the far cap; only of a network that has one."""
    return _answered(network, network.far, windows)


def validation_rmse(network: nn.Module, windows: Windows, cap: float) -> float:
    """Root mean squared error in life units, labels capped."""
    error = predict(network, windows, cap) - np.minimum(windows.rul(), cap)
    return float(np.sqrt(np.mean(error**2)))


def _answered(
    network: nn.Module, ask: Callable[[Tensor], Tensor], windows: Windows
) -> NDArray[np.float32]:
    """``ask`` of every window, on the device that ``network`` is on, with dropout off."""
    one_thread()
    was_training, device = network.training, next(network.parameters()).device
    network.eval()
    rows_NW = windows.rows()
    with torch.no_grad():
        parts = [
            ask(torch.from_numpy(windows.table[rows_NW[at : at + SCORING_BATCH]]).to(device))
            for at in range(0, len(rows_NW), SCORING_BATCH)
        ]
    network.train(was_training)
    return np.concatenate([part.float().cpu().numpy() for part in parts])
