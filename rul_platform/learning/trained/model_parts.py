"""What a model is made of: every weight of its networks, and its trees, with sizes and ranges.

Belongs here: counting and measuring. Does not belong here: what is wrong with it (``doctor``).
"""

from collections.abc import Iterator

import numpy as np
import onnx
import pandas as pd
import torch
from torch import Tensor

from rul_platform.learning.trained.learned import Learned, NetworkModel
from rul_platform.learning.trained.stored_models import networks_of

TREES = "trees"
"""What a tree ensemble is called among parts."""


def parts_of(model: Learned, *, channels: int) -> pd.DataFrame:
    """One row for each weight.

    Args:
        model: Trained.
        channels: F.

    Returns:
        Columns ``member`` (from 1), ``part``, ``shape``, ``parameters``, ``smallest``, ``largest``,
        ``is_finite``. A tree ensemble is one row, its nodes the parameters and its leaves the range.
    """
    networks = networks_of(model)
    rows = [
        _part(number, name, tensor.detach())
        for number, network in enumerate(networks, start=1)
        for name, tensor in network.network.named_parameters()
    ]
    columns = ["member", "part", "shape", "parameters", "smallest", "largest", "is_finite"]
    trees: list[dict[str, object]] = []
    if not isinstance(model, NetworkModel):
        trees += _trees(model.graph(channels=channels), first=len(networks) + 1)
    return pd.DataFrame([*rows, *trees], columns=columns)


def _part(member: int, name: str, tensor: Tensor) -> dict[str, object]:
    return {
        "member": member,
        "part": name,
        "shape": " x ".join(map(str, tensor.shape)) or "1",
        "parameters": tensor.numel(),
        "smallest": float(tensor.min()),
        "largest": float(tensor.max()),
        "is_finite": bool(torch.isfinite(tensor).all()),
    }


def _trees(graph: bytes, *, first: int) -> Iterator[dict[str, object]]:
    """The tree ensembles of a graph."""
    nodes = onnx.load_from_string(graph).graph.node
    ensembles = [node for node in nodes if node.op_type == "TreeEnsembleRegressor"]
    for member, node in enumerate(ensembles, start=first):
        held = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
        leaves = np.asarray(held["target_weights"], dtype=np.float64)
        yield {
            "member": member,
            "part": TREES,
            "shape": f"{len(set(held['nodes_treeids']))} trees",
            "parameters": len(held["nodes_treeids"]),
            "smallest": float(leaves.min()),
            "largest": float(leaves.max()),
            "is_finite": bool(np.isfinite(leaves).all()),
        }
