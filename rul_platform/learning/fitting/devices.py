"""Where a network is trained: on the processor, or on CUDA where there is a device.

On the processor nothing here changes any number. On CUDA sums run in another order, so that results
agree within a tolerance, not to the bit; mixed precision widens it.
"""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor

from rul_platform.core.recipe import FitConfig
from rul_platform.errors import DeviceError

CUBLAS_WORKSPACE = ":4096:8"
"""Without this cuBLAS gives other bits from run to run, and torch refuses to go on. Source: NVIDIA
cuBLAS documentation, section "Results Reproducibility"."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where and how to compute.

    Attributes:
        device: ``cpu`` or ``cuda``.
        mixed: Matrix products in bfloat16; on CUDA only.
        compiled: With ``torch.compile``; on CUDA only.
    """

    device: str
    mixed: bool = False
    compiled: bool = False

    def precision(self) -> AbstractContextManager[object]:
        """What to compute a loss in."""
        return torch.autocast("cuda", dtype=torch.bfloat16) if self.mixed else nullcontext()

    def prepared(self, ask: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
        """``ask``, compiled where that was asked for."""
        return torch.compile(ask) if self.compiled else ask


def place_of(config: FitConfig) -> Place:
    """Where ``config`` wants to train.

    Raises:
        DeviceError: CUDA was asked for and there is none.
    """
    has_cuda = config.device != "cpu" and torch.cuda.is_available()
    if not has_cuda:
        if config.device == "cuda":
            raise DeviceError
        return Place("cpu")
    os.environ.setdefault(  # noqa: TID251  cuBLAS reads it from nowhere else
        "CUBLAS_WORKSPACE_CONFIG", CUBLAS_WORKSPACE
    )
    is_capable = torch.cuda.is_bf16_supported(including_emulation=False)
    return Place("cuda", config.mixed_precision and is_capable, config.compiled)
