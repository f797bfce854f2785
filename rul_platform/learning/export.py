"""Export a network to ONNX: what the service runs.

By torch's tracing exporter (``dynamo=False``): the networks have no branch that depends on data, and the
newer exporter needs two more packages. Every gate compares the result with torch on the evaluation set.
"""

import io
import warnings

import torch

from rul_platform.learning.models import RulNetwork
from rul_platform.learning.training import one_thread

OPSET = 17


def to_onnx(network: RulNetwork, *, window: int, channels: int) -> bytes:
    """The network as ONNX bytes: input ``x`` of shape ``(B, W, F)``, output ``rul`` of ``(B,)``.

    Args:
        network: Is put into evaluation mode.
        window: W.
        channels: F.
    """
    one_thread()
    network.eval()
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of itself being the older one
        torch.onnx.export(
            network,
            (torch.zeros(2, window, channels),),
            buffer,  # pyright: ignore[reportArgumentType]  a stream, where not dynamo
            input_names=["x"],
            output_names=["rul"],
            dynamic_axes={"x": {0: "batch"}, "rul": {0: "batch"}},
            opset_version=OPSET,
            dynamo=False,
        )
    return buffer.getvalue()
