"""What training makes, whatever it is: something that answers windows, and is one ONNX graph.

Belongs here: what all learned models have in common, a network as one of them, and the mean of
several. Does not belong here: boosting (``boosting``), how graphs are written (``graphs``).

Shape letters: N windows, W window length in readings, F channels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rul_platform.core.labels import to_life
from rul_platform.core.terms import Terms
from rul_platform.core.windows import Windows
from rul_platform.learning.fitting.training import far_outputs, outputs
from rul_platform.learning.networks import checkpoints
from rul_platform.learning.networks.models import ModelConfig, RulNetwork
from rul_platform.learning.trained import graphs

Outputs = NDArray[np.float32]


class Learned(Protocol):
    """A trained model.

    Attributes:
        architecture: ``lstm``, ``gru``, ``tcn``, ``boosting`` or ``ensemble``.
        window: Readings that it looks at; of longer windows only the last ones.
    """

    @property
    def architecture(self) -> str: ...  # noqa: D102

    @property
    def window(self) -> int: ...  # noqa: D102

    def outputs(self, windows: Windows) -> Outputs:
        """What it says of each window, before any limit, shape ``(N,)``, in units of the cap."""
        ...

    def far_outputs(self, windows: Windows) -> Outputs | None:
        """The same of its head with the higher cap; None without one."""
        ...

    def graph(self, *, channels: int) -> bytes:
        """ONNX: input ``x`` of shape ``(B, window, F)``, outputs ``rul``, perhaps ``far``, ``(B,)``."""
        ...

    def checkpoints(self) -> tuple[bytes, ...]:
        """Its networks in the documented format, none where it has no network."""
        ...


def predictions(model: Learned, windows: Windows, *, cap: float) -> NDArray[np.float64]:
    """Predicted RUL of every window, shape ``(N,)``, in life units, between 0 and the cap."""
    return to_life(model.outputs(windows), cap)


@dataclass(frozen=True, slots=True)
class NetworkModel:
    """One network.

    Attributes:
        network: Trained.
        config: What it was built from.
        channels: Names of the F input channels, in order.
        window: As of :class:`Learned`.
    """

    network: RulNetwork
    config: ModelConfig
    channels: tuple[str, ...]
    window: int

    @property
    def architecture(self) -> str:
        """The network's family."""
        return self.config.name

    def outputs(self, windows: Windows) -> Outputs:
        """As of :class:`Learned`."""
        return outputs(self.network, windows.shorter(self.window))

    def far_outputs(self, windows: Windows) -> Outputs | None:
        """As of :class:`Learned`."""
        return far_outputs(self.network, windows.shorter(self.window)) if self.config.far else None

    def graph(self, *, channels: int) -> bytes:
        """As of :class:`Learned`."""
        return graphs.network_graph(
            self.network, window=self.window, channels=channels, far=bool(self.config.far)
        )

    def checkpoints(self) -> tuple[bytes, ...]:
        """As of :class:`Learned`."""
        terms = Terms(window=self.window)
        return (checkpoints.dump(self.network, self.config, self.channels, terms),)


@dataclass(frozen=True, slots=True)
class MeanModel:
    """The mean of several models: an ensemble, or the models of several folds.

    Attributes:
        members: At least one. With the higher cap, those answer that have a head for it.
        weights: Of each member, sum 1; None: all the same.
    """

    members: Sequence[Learned]
    weights: tuple[float, ...] | None = None

    @property
    def architecture(self) -> str:
        """Of its members, where they have one in common."""
        kinds = {member.architecture for member in self.members}
        return kinds.pop() if len(kinds) == 1 else "ensemble"

    @property
    def window(self) -> int:
        """The longest of its members."""
        return max(member.window for member in self.members)

    def outputs(self, windows: Windows) -> Outputs:
        """As of :class:`Learned`."""
        parts = [member.outputs(windows) for member in self.members]
        return np.average(parts, axis=0, weights=self.weights).astype(np.float32)

    def far_outputs(self, windows: Windows) -> Outputs | None:
        """As of :class:`Learned`."""
        weights = self.weights or (1.0,) * len(self.members)
        parts = [
            (member.far_outputs(windows), each)
            for member, each in zip(self.members, weights, strict=True)
        ]
        known = [(part, weight) for part, weight in parts if part is not None and weight > 0]
        if not known:
            return None
        said, shares = zip(*known, strict=True)
        return np.average(said, axis=0, weights=shares).astype(np.float32)

    def graph(self, *, channels: int) -> bytes:
        """As of :class:`Learned`."""
        parts = [member.graph(channels=channels) for member in self.members]
        weights = self.weights or (1 / len(parts),) * len(parts)
        windows = tuple(member.window for member in self.members)
        return graphs.mean_graph(parts, weights=weights, windows=windows, channels=channels)

    def checkpoints(self) -> tuple[bytes, ...]:
        """As of :class:`Learned`."""
        return tuple(data for member in self.members for data in member.checkpoints())
