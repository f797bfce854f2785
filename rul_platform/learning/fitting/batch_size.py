"""Which batch fits into memory: the wanted one, or the largest half, quarter, … of it that does.

One forward and one backward pass with real windows, or with the longest histories, say so. On a CPU
the system rarely refuses memory: it kills who took too much. There a batch is tried only where twice
what its activations take, as measured on a few of them, is free.

Belongs here: the size. Does not belong here: training with it (``training``, ``full_history``).

Shape letters: B batch.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

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


def free_memory() -> int | None:
    """Bytes that this process may still take; None where the system does not say."""
    known = [room for room in (_of_the_machine(), _of_the_group()) if room is not None]
    return min(known) if known else None


@dataclass(frozen=True, slots=True)
class FittingBatch:
    """A batch size that was tried, and those that were refused.

    Attributes:
        wanted: Asked for, at most as many as there are.
        size: Fits.
        refused: Larger sizes that did not fit, with why, the largest first.
        of: What is counted.
    """

    wanted: int
    size: int
    refused: tuple[tuple[int, str], ...] = ()
    of: Literal["windows", "histories"] = "windows"

    @property
    def sentence(self) -> str:
        """What was found, for people and cards."""
        if not self.refused:
            return f"A batch of {self.size} {self.of} fits."
        return (
            f"A batch of {self.wanted} {self.of} does not fit into memory ({self.refused[0][1]}); "
            f"{self.size} {self.of} do, and were used."
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
    device = next(network.parameters()).device

    def lose(size: int) -> Tensor:
        return (network(_batch(windows, size).to(device)) ** 2).mean()

    trial = Trial(network, lose, free_bytes=free_bytes or free_memory)
    return trial.halved(FittingBatch(wanted := min(wanted, len(windows)), wanted))


@dataclass(frozen=True, slots=True)
class Trial:
    """Batches that are tried before training; weights are not changed.

    Attributes:
        network: On the device that it is to be trained on.
        lose: The loss of a batch of so many, computed as in training.
        measured: On so many the activations of one are measured; so many are always tried.
        free_bytes: How much memory a CPU may still take; None where that is not known.
    """

    network: nn.Module
    lose: Callable[[int], Tensor]
    measured: int = MEASURED
    free_bytes: Callable[[], int | None] = free_memory

    def halved(self, wanted: FittingBatch) -> FittingBatch:
        """``wanted``, halved until one forward and backward pass fits.

        Raises:
            BatchTooLargeError: Not even a single one fits.
        """
        size, refused = wanted.size, list[tuple[int, str]]()
        while why := self._refusal(size):
            refused.append((size, why))
            if size == 1:
                one = "window" if wanted.of == "windows" else "history"
                raise BatchTooLargeError(why, one=one)
            size //= 2
        return replace(wanted, size=size, refused=tuple(refused))

    def _refusal(self, size: int) -> str | None:
        """Why a batch of this size does not fit; None where it does."""
        device = next(self.network.parameters()).device
        is_foreseen = device.type == "cpu" and size > self.measured
        try:
            if is_foreseen and (room := self.free_bytes()) is not None:
                needed = GRADIENTS * size * self._bytes_for_one()
                if needed > room:
                    return f"it takes about {_gigabytes(needed)}, and {_gigabytes(room)} are free"
            self._pass(size)
        except (MemoryError, torch.OutOfMemoryError) as error:
            return _first_line(error)
        except RuntimeError as error:
            if not any(words in str(error).lower() for words in REFUSALS):
                raise
            return _first_line(error)
        finally:
            self.network.zero_grad(set_to_none=True)
            if device.type == "cuda":
                torch.cuda.empty_cache()
        return None

    def _pass(self, size: int) -> None:
        """Forward and backward once, as in training."""
        was_training = self.network.training
        self.network.train()
        try:
            self.lose(size).backward()
        finally:
            self.network.train(was_training)

    def _bytes_for_one(self) -> float:
        """What the forward pass keeps of one for the backward pass."""
        saved: dict[int, int] = {}

        def note(tensor: Tensor) -> Tensor:
            storage = tensor.untyped_storage()
            saved[storage.data_ptr()] = storage.nbytes()
            return tensor

        weights = {p.untyped_storage().data_ptr() for p in self.network.parameters()}
        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            kept: Any = self.lose(self.measured)
        total = sum(count for at, count in saved.items() if at not in weights)
        del kept
        return total / self.measured


def _batch(windows: Windows, size: int) -> Tensor:
    """The first ``size`` windows."""
    few = Windows(windows.table, windows.index.iloc[:size], windows.length)
    return torch.from_numpy(few.features())


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
