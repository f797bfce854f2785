"""Building one ONNX graph out of operations, constants and other graphs.

Belongs here: names, slices, and what all graphs of the platform have in common. Does not belong here:
what a graph means (``graphs``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, compose, helper, numpy_helper

OPSET, TREES_OPSET, IR_VERSION = 17, 1, 8
"""What all graphs are written in, so that they can be joined; IR 8 is opset 17's own."""

END = np.iinfo(np.int64).max
"""Of a slice that goes to the end."""


@dataclass(frozen=True, slots=True)
class Joined:
    """A graph in the making: nodes and constants with names of their own, all fed by ``x``."""

    nodes: list[Any] = field(default_factory=list[Any])
    constants: dict[str, Any] = field(default_factory=dict[str, Any])

    def constant(self, name: str, value: NDArray[Any]) -> str:
        """Add a constant; adding it again changes nothing."""
        self.constants[name] = numpy_helper.from_array(value, name)
        return name

    def node(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        """Add one operation."""
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def last_readings(self, window: int) -> str:
        """The last ``window`` readings of ``x``; one slice for all who look at as many."""
        name = f"last_{window}"
        if not any(name in node.output for node in self.nodes):
            self.part("x", name, begin=(-window,), end=(END,), axes=(1,))
        return name

    def whole(self, name: str, *values: int) -> str:
        """Add a constant of whole numbers, shape ``(len(values),)``."""
        return self.constant(name, np.array(values, dtype=np.int64))

    def part(
        self,
        given: str,
        output: str,
        *,
        begin: Sequence[int],
        end: Sequence[int],
        axes: Sequence[int],
    ) -> str:
        """Add a slice of ``given`` along ``axes``."""
        bounds = {"begin": begin, "end": end, "axes": axes}
        names = [self.whole(f"{output}_{name}", *values) for name, values in bounds.items()]
        return self.node("Slice", [given, *names], output)

    def graph(self, part: Any, *, prefix: str, given: str) -> dict[str, str]:
        """Add a whole graph whose input is ``given``.

        Returns:
            Names of its outputs, by what they were called.
        """
        outputs = {value.name: prefix + value.name for value in part.graph.output}
        renamed = compose.add_prefix(part, prefix).graph
        self.node("Identity", [given], renamed.input[0].name)
        self.nodes.extend(renamed.node)
        self.constants.update({each.name: each for each in renamed.initializer})
        return outputs

    def written(self, outputs: Sequence[str], *, window: int, channels: int) -> bytes:
        """The whole as checked bytes."""
        graph = helper.make_graph(
            self.nodes,
            "rul",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", window, channels])],
            [helper.make_tensor_value_info(each, TensorProto.FLOAT, ["batch"]) for each in outputs],
            list(self.constants.values()),
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", TREES_OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
        onnx.checker.check_model(model)
        return model.SerializeToString(deterministic=True)
