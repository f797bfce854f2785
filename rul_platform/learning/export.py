"""Export a network to ONNX: what the service runs.

torch's tracing exporter (``dynamo=False``) is exact to 3e-8 on these networks in 0.1 s; the newer one
takes 5 s and keeps a wrong static length in the output's shape (docs/experiments.md).
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
