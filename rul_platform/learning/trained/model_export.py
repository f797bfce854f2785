"""A trained model for other programs: weights alone, its architecture and who it is, as plain files.

    weights.pt           a plain ``state_dict``: ``torch.load(file, weights_only=True)``
    architecture.json    family, sizes, and name and shape of every weight
    model_info.json      what it is, what it was made with, and the sha256 of each file beside it

Belongs here: what the files hold. Does not belong here: writing them (``storage.plain_files``).
"""

import io
import json
import platform
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import onnx
import torch

from rul_platform.core.artifact_files import MODEL_FILE
from rul_platform.core.canonical import sha256
from rul_platform.learning.networks import checkpoints
from rul_platform.learning.networks.checkpoints import Checkpoint

WEIGHTS, ARCHITECTURE, INFO = "weights.pt", "architecture.json", "model_info.json"
CHECKPOINT_SUFFIX = ".pt"


def network_files(checkpoint: Checkpoint, about: Mapping[str, Any]) -> dict[str, bytes]:
    """One network as files.

    Args:
        checkpoint: Its weights and what to build.
        about: Goes into ``model_info.json`` as it is.
    """
    files = {
        WEIGHTS: _state_dict(checkpoint),
        ARCHITECTURE: _json(described(checkpoint)),
    }
    return files | {INFO: _info(files, about)}


def deployed_files(stored: Mapping[str, bytes], about: Mapping[str, Any]) -> dict[str, bytes]:
    """A platform's model as files: all that is stored of it, and the three beside it.

    Args:
        stored: The artifact's files, whose hashes were verified. ``NAME.pt`` is a checkpoint, whose
            weights alone go into ``NAME.weights.pt``.
        about: Goes into ``model_info.json`` as it is.
    """
    networks = {
        name.removesuffix(CHECKPOINT_SUFFIX): checkpoints.load(data, source=name)
        for name, data in stored.items()
        if name.endswith(CHECKPOINT_SUFFIX)
    }
    files = dict(stored)
    files |= {f"{name}.{WEIGHTS}": _state_dict(each) for name, each in networks.items()}
    files[ARCHITECTURE] = _json(
        {
            "graph": graph_of(stored[MODEL_FILE]),
            "networks": {name: described(each) for name, each in networks.items()},
        }
    )
    return files | {INFO: _info(files, about)}


def described(checkpoint: Checkpoint) -> dict[str, Any]:
    """Family, sizes, channels, and name and shape of every weight."""
    shapes = {name: list(tensor.shape) for name, tensor in checkpoint.state.items()}
    return {
        "model_name": checkpoint.config.name,
        "config": checkpoint.config.to_json()
        | {"channels": list(checkpoint.channels)}
        | checkpoint.terms.to_json(),
        "weights": shapes,
        "parameters": sum(tensor.numel() for tensor in checkpoint.state.values()),
    }


def graph_of(model: bytes) -> dict[str, Any]:
    """Inputs, outputs and operations of an ONNX graph, by name and shape."""
    parsed = onnx.load_from_string(model)
    kinds = [node.op_type for node in parsed.graph.node]
    return {
        "inputs": {value.name: _shape(value) for value in parsed.graph.input},
        "outputs": {value.name: _shape(value) for value in parsed.graph.output},
        "operations": {kind: kinds.count(kind) for kind in sorted(set(kinds))},
        "opset": {each.domain or "ai.onnx": each.version for each in parsed.opset_import},
    }


def _shape(value: onnx.ValueInfoProto) -> list[int | str]:
    """Sizes, and names of those that may vary."""
    dimensions = value.type.tensor_type.shape.dim
    return [each.dim_param or each.dim_value for each in dimensions]


def _state_dict(checkpoint: Checkpoint) -> bytes:
    buffer = io.BytesIO()  # into a name, torch.save would write the name
    torch.save(checkpoint.state, buffer)
    return buffer.getvalue()


def _info(files: Mapping[str, bytes], about: Mapping[str, Any]) -> bytes:
    listed = {
        name: {"sha256": sha256(data), "bytes": len(data)} for name, data in sorted(files.items())
    }
    made_with = {name: version(name) for name in ("rul-platform", "torch", "onnx", "onnxruntime")}
    return _json(
        {
            **about,
            "files": listed,
            "exported_with": made_with | {"python": platform.python_version()},
        }
    )


def _json(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, indent=2, sort_keys=True, allow_nan=False) + "\n").encode()
