"""Which batch fits into memory: the wanted one, or the largest half, quarter, … of it that does.

One forward and one backward pass with real windows say so. On a CPU the system rarely refuses memory:
it kills who took too much. There a batch is tried only where twice what its activations take, as
measured on a few windows, is free.

Belongs here: the size. Does not belong here: training with it (``training``).

Shape letters: B batch.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from rul_platform.core.windows import Windows
from rul_platform.errors import BatchTooLargeError, TooFewUnitsError
from rul_platform.learning.networks.scoring import one_thread

REFUSALS = (
    "not enough memory",
    "can't allocate memory",
    "cannot allocate memory",
    "bad_alloc",
    "could not create a primitive",
)
"""What torch's CPU allocator, the system and oneDNN say, in a plain ``RuntimeError``, of memory that
they did not get."""
MEASURED = 8
"""Windows that the activations of one window are measured on."""
GRADIENTS = 2
"""A backward pass holds about as much again as the forward pass saved."""


@dataclass(frozen=True, slots=True)
class FittingBatch:
    """A batch size that was tried, and those that were refused.

    Attributes:
        wanted: Asked for, at most the number of windows.
        size: Fits.
        refused: Larger sizes that did not fit, with why, the largest first.
    """

    wanted: int
    size: int
    refused: tuple[tuple[int, str], ...] = ()

    @property
    def sentence(self) -> str:
        """What was found, for people and cards."""
        if not self.refused:
            return f"A batch of {self.size} windows fits."
        return (
            f"A batch of {self.wanted} windows does not fit into memory ({self.refused[0][1]}); "
            f"{self.size} windows do, and were used."
        )


def fitting_batch_size(
    network: nn.Module,
    windows: Windows,
    wanted: int,
    *,
    free_bytes: Callable[[], int | None] | None = None,
) -> FittingBatch:
    """Halve ``wanted`` until one forward and backward pass fits; weights are not changed.

    Args:
        network: On the device that it is to be trained on.
        windows: To learn from; none is larger than another.
        wanted: Windows in a batch; more than there are counts as all of them.
        free_bytes: Says how much memory a CPU may still take, None where that is not known; by default
            the system is asked.

    Raises:
        TooFewUnitsError: There is no window.
        BatchTooLargeError: Not even a single window fits.
    """
    if not len(windows):
        raise TooFewUnitsError("batch size", found=0, needed=1, what="windows to train on")
    one_thread()
    size = wanted = min(wanted, len(windows))
    refused: list[tuple[int, str]] = []
    while why := _refusal(network, windows, size, free_bytes or free_memory):
        refused.append((size, why))
        if size == 1:
            raise BatchTooLargeError(why)
        size //= 2
    return FittingBatch(wanted, size, tuple(refused))


def free_memory() -> int | None:
    """Bytes that this process may still take; None where the system does not say."""
    known = [room for room in (_of_the_machine(), _of_the_group()) if room is not None]
    return min(known) if known else None


def _refusal(
    network: nn.Module, windows: Windows, size: int, free_bytes: Callable[[], int | None]
) -> str | None:
    """Why a batch of this size does not fit; None where it does."""
    device = next(network.parameters()).device
    try:
        if device.type == "cpu" and size > MEASURED and (room := free_bytes()) is not None:
            needed = GRADIENTS * size * _bytes_for_one(network, windows)
            if needed > room:
                return f"it takes about {_gigabytes(needed)}, and {_gigabytes(room)} are free"
        _pass(network, windows, size, device)
    except (MemoryError, torch.OutOfMemoryError) as error:
        return _first_line(error)
    except RuntimeError as error:
        if not any(words in str(error).lower() for words in REFUSALS):
            raise
        return _first_line(error)
    finally:
        network.zero_grad(set_to_none=True)
        if device.type == "cuda":
            torch.cuda.empty_cache()
    return None


def _pass(network: nn.Module, windows: Windows, size: int, device: torch.device) -> None:
    """Forward and backward once, as in training."""
    was_training = network.training
    network.train()
    try:
        output_B = network(_batch(windows, size).to(device))
        (output_B**2).mean().backward()
    finally:
        network.train(was_training)


def _batch(windows: Windows, size: int) -> Tensor:
    """The first ``size`` windows."""
    few = Windows(windows.table, windows.index.iloc[:size], windows.length)
    return torch.from_numpy(few.features())


def _bytes_for_one(network: nn.Module, windows: Windows) -> float:
    """What the forward pass keeps of one window for the backward pass."""
    saved: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        saved[storage.data_ptr()] = storage.nbytes()
        return tensor

    weights = {p.untyped_storage().data_ptr() for p in network.parameters()}
    x_BWF = _batch(windows, MEASURED)
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        kept: Any = network(x_BWF)
    total = sum(count for at, count in saved.items() if at not in weights)
    del kept
    return (total + x_BWF.nbytes) / len(x_BWF)


def _of_the_machine() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    found = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(found[0]) * 1024 if found else None


def _of_the_group() -> int | None:
    """What a container leaves; control groups of version 2."""
    group = Path("/sys/fs/cgroup")
    try:
        most = (group / "memory.max").read_text(encoding="ascii").strip()
        used = int((group / "memory.current").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    return None if most == "max" else max(0, int(most) - used)


def _gigabytes(count: float) -> str:
    return f"{count / 1e9:.2g} GB"


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or ["the system refused it"])[0]
