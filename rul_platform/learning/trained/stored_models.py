"""A model as it was stored, once more as something that answers windows.

Its graph answers, as in service; its networks are rebuilt beside it for whoever wants to look into
them. Trees are in the graph alone: nothing is ever pickled.

Belongs here: from an artifact's files back to a model, and from any model to its networks. Does not
belong here: answering with intervals (``inference``), writing files (``packaging``).

Shape letters: B batch, W window length in readings, F channels, N windows.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from rul_platform.core.artifact_files import CARD_FILE, MODEL_FILE
from rul_platform.core.preparation import Preparation
from rul_platform.core.windows import Windows
from rul_platform.learning.networks import checkpoints
from rul_platform.learning.trained import graphs
from rul_platform.learning.trained.fidelity import TOLERANCE
from rul_platform.learning.trained.learned import Learned, MeanModel, NetworkModel, Outputs

CHECKPOINT = "checkpoint"

SHARES = "network_shares"
"""Entry of a card: what part of the answer each stored network has, in order."""


@dataclass(frozen=True)
class StoredModel:
    """A model of an artifact; one of :class:`~rul_platform.learning.trained.learned.Learned`.

    Attributes:
        onnx: Its graph.
        card: What it says of itself.
        stored: Its networks in the documented format; none where it has only trees.
    """

    onnx: bytes
    card: Mapping[str, Any]
    stored: tuple[bytes, ...]

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> "StoredModel":
        """From verified files, by name."""
        names = sorted(name for name in files if name.startswith(CHECKPOINT))
        names.sort(key=len)  # checkpoint_10.pt after checkpoint_9.pt
        return cls(
            files[MODEL_FILE], json.loads(files[CARD_FILE]), tuple(files[name] for name in names)
        )

    @cached_property
    def preparation(self) -> Preparation:
        """How its input was made."""
        return Preparation.from_json(self.card["preparation"])

    @property
    def architecture(self) -> str:
        """As of ``Learned``."""
        return str(self.card["architecture"])

    @property
    def window(self) -> int:
        """As of ``Learned``."""
        return self.preparation.window

    @cached_property
    def networks(self) -> tuple[NetworkModel, ...]:
        """Its networks, rebuilt; each looks at as many readings as its checkpoint says."""
        loaded = [checkpoints.load(data, source=f"checkpoint {n}") for n, data in self._numbered()]
        return tuple(
            NetworkModel(
                each.network(), each.config, each.channels, each.terms.window or self.window
            )
            for each in loaded
        )

    def outputs(self, windows: Windows) -> Outputs:
        """As of ``Learned``."""
        return graphs.run(self.onnx, windows.shorter(self.window))["rul"]

    def far_outputs(self, windows: Windows) -> Outputs | None:
        """As of ``Learned``."""
        return graphs.run(self.onnx, windows.shorter(self.window)).get("far")

    def graph(self, *, channels: int) -> bytes:  # noqa: ARG002  as of Learned
        """As of ``Learned``."""
        return self.onnx

    def checkpoints(self) -> tuple[bytes, ...]:
        """As of ``Learned``."""
        return self.stored

    def _numbered(self) -> list[tuple[int, bytes]]:
        return list(enumerate(self.stored, start=1))


def networks_of(model: Learned) -> tuple[NetworkModel, ...]:
    """The networks that a model holds, in order; none in trees."""
    if isinstance(model, NetworkModel):
        return (model,)
    if isinstance(model, StoredModel):
        return model.networks
    if isinstance(model, MeanModel):
        return tuple(network for member in model.members for network in networks_of(member))
    return ()


class MeanNetwork(nn.Module):
    """The weighted mean of networks; each sees the last readings that it looks at."""

    def __init__(self, networks: tuple[tuple[float, NetworkModel], ...]) -> None:
        super().__init__()
        self.weights = [weight for weight, _ in networks]
        self.windows = [model.window for _, model in networks]
        self.networks = nn.ModuleList(model.network for _, model in networks)

    def forward(self, x_BWF: Tensor) -> Tensor:
        """``(B, W, F)`` to ``(B,)``, in units of the cap."""
        said = [
            weight * network(x_BWF[:, -window:])
            for weight, window, network in zip(
                self.weights, self.windows, self.networks, strict=True
            )
        ]
        return torch.stack(said).sum(dim=0)


def as_network(model: Learned, windows: Windows) -> MeanNetwork | None:
    """One differentiable network that says what ``model`` says; None where there is none.

    Networks that were rebuilt are compared with the graph on ``windows``: a mean whose weights or
    windows are not the networks' own, or that has trees as well, is not taken for one.
    """
    shared = shares_of(model)
    if not shared or _trees_share(shared) > TOLERANCE:
        return None
    network = MeanNetwork(shared).eval()
    if isinstance(model, StoredModel):
        x_NWF = torch.from_numpy(windows.shorter(model.window).features())
        with torch.no_grad():
            said = network(x_NWF).numpy()
        if np.abs(said - model.outputs(windows)).max(initial=0.0) > TOLERANCE:
            return None
    return network


def network_part(model: Learned) -> MeanNetwork | None:
    """What the networks of a mean with trees add to its answer; None where that is not known."""
    shared = shares_of(model)
    is_part = bool(shared) and _trees_share(shared) > TOLERANCE
    return MeanNetwork(shared).eval() if is_part else None


def shares_of(model: Learned) -> tuple[tuple[float, NetworkModel], ...]:
    """Networks with their shares in the answer, in order; what is missing to 1 is the trees' share.

    A stored model has them from its card. Cards of before do not name them: there the networks are
    supposed to be all that answers, each as much as the others.
    """
    if isinstance(model, NetworkModel):
        return ((1.0, model),)
    if isinstance(model, StoredModel):
        found = model.networks
        told = model.card.get(SHARES) or [1 / len(found) for _ in found]
        return tuple(zip(map(float, told), found, strict=True))
    if not isinstance(model, MeanModel):
        return ()
    shares = model.weights or (1 / len(model.members),) * len(model.members)
    return tuple(
        (share * inner, network)
        for share, member in zip(shares, model.members, strict=True)
        for inner, network in shares_of(member)
    )


def _trees_share(shared: tuple[tuple[float, NetworkModel], ...]) -> float:
    return 1.0 - sum(share for share, _ in shared)
