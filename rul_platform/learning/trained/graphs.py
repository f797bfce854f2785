"""Trained models as ONNX graphs: what the service runs, one graph for each model.

Every graph maps ``x`` of shape ``(B, W, F)`` to ``rul`` of ``(B,)``, and to ``far`` of ``(B,)`` where
the model has a head with a higher cap; both in units of the label cap, before any limit.

Belongs here: writing graphs, joining them, and what they say of windows. Does not belong here: models
(``learned``), the comparison of both (``fidelity``), answering with a graph (``inference``).

Networks are written by torch's tracing exporter (``dynamo=False``): they have no branch that depends
on data, and the newer exporter needs two more packages and many times as long.

Shape letters: B batch, W window length in readings, F channels, N windows.
"""

import io
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

import numpy as np
import onnx
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from onnx import TensorProto
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from torch import Tensor, nn

from rul_platform.core.windows import Windows
from rul_platform.learning.fitting.training import one_thread
from rul_platform.learning.trained.graph_building import END, OPSET, TREES_OPSET, Joined

if TYPE_CHECKING:  # heavy, and needed by the type checker alone
    from sklearn.ensemble import HistGradientBoostingRegressor

    from rul_platform.learning.networks.models import RulNetwork

DRIFT_GRID, DRIFT_LIMIT = 1024.0, 64.0
"""Drifts are sums of sensors in steps of 1 / grid, each within the limit, in spreads. Of at most 256
readings such a sum is a whole number that float32 holds exactly, in whatever order it is taken: a tree
that is fitted in one library and asked in another sees the same number."""

SCORING_BATCH = 1024


def network_graph(network: "RulNetwork", *, window: int, channels: int, far: bool = False) -> bytes:
    """A network as a graph.

    Args:
        network: Is put into evaluation mode.
        window: W.
        channels: F.
        far: Whether it has a head with a higher cap.
    """
    one_thread()
    network.eval()
    names = ["rul", "far"] if far else ["rul"]
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of itself being the older one
        torch.onnx.export(
            _BothHeads(network) if far else network,
            (torch.zeros(2, window, channels),),
            buffer,  # pyright: ignore[reportArgumentType]  a stream, where not dynamo
            input_names=["x"],
            output_names=names,
            dynamic_axes={name: {0: "batch"} for name in ("x", *names)},
            opset_version=OPSET,
            dynamo=False,
        )
    return buffer.getvalue()


class _BothHeads(nn.Module):
    """A network's two answers, in the order of a graph's outputs."""

    def __init__(self, network: "RulNetwork") -> None:
        super().__init__()
        self.network = network

    def forward(self, x_BWF: Tensor) -> tuple[Tensor, Tensor]:
        """``(B, W, F)`` to twice ``(B,)``."""
        answers_BO = self.network.answers(x_BWF)
        return self.network.rul_of(answers_BO), self.network.far_of(answers_BO)


def boosting_graph(
    trees: Sequence["HistGradientBoostingRegressor"], *, window: int, channels: int
) -> bytes:
    """Gradient boosting on :func:`~rul_platform.learning.trained.boosting.inputs`, as a graph.

    Args:
        trees: The first answers ``rul``, a second one ``far``.
        window: W.
        channels: F.
    """
    joined = Joined()
    last_row = joined.constant("last_row", np.array(-1, dtype=np.int64))
    seen = joined.node("Gather", ["x", last_row], "newest", axis=1)
    if window > 1:
        drift = _drift(joined, window // 2, sensors=channels // 2)
        seen = joined.node("Concat", [seen, drift], "seen", axis=1)
    column_axis = joined.whole("column_axis", 1)
    names = ("rul", "far")[: len(trees)]
    for name, fitted in zip(names, trees, strict=True):
        (column,) = joined.graph(_trees_graph(fitted), prefix=f"{name}_trees_", given=seen).values()
        joined.node("Squeeze", [column, column_axis], name)
    return joined.written(names, window=window, channels=channels)


def _trees_graph(fitted: "HistGradientBoostingRegressor") -> onnx.ModelProto:
    """One fit as its converter writes it: ``x`` of all inputs to one column."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the converter hands protobuf numpy's integers
        made = to_onnx(
            fitted,
            # The package's own type of a column's type is another one than it asks for.
            initial_types=[("x", FloatTensorType([None, fitted.n_features_in_]))],  # pyright: ignore[reportArgumentType]
            target_opset={"": OPSET, "ai.onnx.ml": TREES_OPSET},
        )
    return cast("onnx.ModelProto", made)


def _drift(joined: Joined, half: int, *, sensors: int) -> str:
    """What :func:`~rul_platform.learning.trained.boosting.drift` computes, to the last bit."""
    limits = [
        joined.constant(name, np.array(value, dtype=np.float32))
        for name, value in (("lowest", -DRIFT_LIMIT), ("highest", DRIFT_LIMIT))
    ]
    grid = joined.constant("grid", np.array(DRIFT_GRID, dtype=np.float32))
    time_axis = joined.whole("time_axis", 1)
    sums = []
    for part, begin, end in (("newer", -half, END), ("older", -2 * half, -half)):
        rows = joined.part("x", f"{part}_rows", begin=(begin, 0), end=(end, sensors), axes=(1, 2))
        held = joined.node("Clip", [rows, *limits], f"{part}_held")
        scaled = joined.node("Mul", [held, grid], f"{part}_scaled")
        steps = joined.node("Round", [scaled], f"{part}_steps")
        sums.append(joined.node("ReduceSum", [steps, time_axis], f"{part}_sum", keepdims=0))
    return joined.node("Sub", sums, "drift")


def mean_graph(
    parts: Sequence[bytes], *, weights: Sequence[float], windows: Sequence[int], channels: int
) -> bytes:
    """The weighted mean of several graphs, as one graph; ``far`` is the mean of those that have it.

    Args:
        parts: Graphs of this module.
        weights: Of each, sum 1.
        windows: W of each; the mean's is the longest, and each part sees the last of its readings.
        channels: F of all.
    """
    joined, longest = Joined(), max(windows)
    answers: list[Mapping[str, str]] = []
    for at, (part, window) in enumerate(zip(parts, windows, strict=True)):
        given = joined.last_readings(window) if window < longest else "x"
        answers.append(joined.graph(onnx.load_from_string(part), prefix=f"m{at}_", given=given))
    names = tuple(name for name in ("rul", "far") if any(name in found for found in answers))
    for name in names:
        known = [(f[name], w) for f, w in zip(answers, weights, strict=True) if name in f and w > 0]
        whole = sum(weight for _, weight in known)
        weighted = []
        for at, (found, weight) in enumerate(known):
            share = joined.constant(
                f"{name}_{at}_share", np.array(weight / whole, dtype=np.float32)
            )
            weighted.append(joined.node("Mul", [found, share], f"{name}_{at}_part"))
        joined.node("Sum", weighted, name)
    return joined.written(names, window=longest, channels=channels)


def learned_numbers(graph: bytes) -> int:
    """How many numbers of a graph were learned: weights of networks, thresholds and leaves of trees."""
    found = onnx.load_from_string(graph).graph
    weights = sum(
        int(np.prod(each.dims)) for each in found.initializer if each.data_type == TensorProto.FLOAT
    )
    trees = [node for node in found.node if node.op_type == "TreeEnsembleRegressor"]
    return weights + sum(
        len(attribute.floats)
        for node in trees
        for attribute in node.attribute
        if attribute.name == "nodes_values"
    )


def run(graph: bytes, windows: Windows) -> dict[str, NDArray[np.float32]]:
    """What a graph says of every window, each output of shape ``(N,)``, in units of the cap."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    names, rows_NW = [output.name for output in session.get_outputs()], windows.rows()
    parts = [
        session.run(names, {"x": windows.table[rows_NW[at : at + SCORING_BATCH]]})
        for at in range(0, len(rows_NW), SCORING_BATCH)
    ]
    columns = zip(*parts, strict=True)
    return {
        name: np.concatenate([np.asarray(part) for part in column])
        for name, column in zip(names, columns, strict=True)
    }
