"""The training loop, on one screen.

Belongs here: how weights change. Does not belong here: which weights may change and where they come
from (``finetuning``), what a result is worth (``core.evaluation``).

Shape letters: B batch, N windows, W window length, F channels.
"""

import copy
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from rul_platform.core.labels import to_life, to_target
from rul_platform.core.recipe import FitConfig
from rul_platform.core.windows import Windows, even_cuts
from rul_platform.errors import TooFewUnitsError
from rul_platform.learning.steps import Batch, take_step

Progress = Callable[[int, int, float], None]
"""Called with (step, steps, validation RMSE in life units) after each validation."""

VALIDATION_CUTS = 40
"""Validation looks at this many windows of each unit, so that every unit weighs the same."""

SCORING_BATCH = 4096


@dataclass(frozen=True, slots=True)
class FitResult:
    """What training did.

    Attributes:
        history: One row per validation, the first before any training: ``step``, ``train_loss`` (mean
            squared error in units of the cap), ``valid_rmse`` (in life units, labels capped),
            ``learning_rate``.
        best_step: The step whose weights were kept; 0 for those that the network came with.
        best_valid_rmse: In life units.
        cpu_seconds: Processor time.
    """

    history: pd.DataFrame
    best_step: int
    best_valid_rmse: float
    cpu_seconds: float


def one_thread() -> None:
    """Keep torch to one thread and to one result per input.

    Two threads on a busy two-core machine were 4 to 8 times slower, and the order of a parallel sum
    is not fixed.
    """
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)


def fit(
    network: nn.Module,
    train: Windows,
    valid: Windows,
    config: FitConfig,
    *,
    cap: float,
    learning_rates: dict[str, float] | None = None,
    progress: Progress | None = None,
) -> FitResult:
    """Train ``network`` in place and leave it with the weights that validated best.

    The weights that it came with are among them: training that does not help is undone.

    Args:
        network: Its parameters with ``requires_grad=False`` stay as they are.
        train: Windows to learn from; some may have lower bounds for labels.
        valid: Windows of other units, for early stopping.
        config: How to train.
        cap: Label cap, in life units.
        learning_rates: Part of the network to a factor on the learning rate; 1 where absent.
        progress: Told after each validation.

    Raises:
        TooFewUnitsError: There is nothing to train or to validate on.
    """
    _refuse_empty(train, valid)
    one_thread()
    begin = time.process_time()
    torch.manual_seed(config.seed)
    table = torch.from_numpy(train.table)
    target_N = torch.from_numpy(to_target(train.rul(), cap))
    at_least_N = torch.from_numpy(train.at_least()) if train.at_least().any() else None
    rows_NW = torch.from_numpy(train.rows())
    checks = even_cuts(valid, VALIDATION_CUTS)
    optimizer, schedule = _optimizer(network, config, learning_rates or {})
    best = _Best(network, validation_rmse(network, checks, cap))
    losses: list[float] = []
    for step, batch_B in enumerate(_batches(len(train), config), start=1):
        is_bound = None if at_least_N is None else at_least_N[batch_B]
        batch = Batch(table[rows_NW[batch_B]], target_N[batch_B], is_bound)
        losses.append(take_step(network, optimizer, batch, config.clip_norm))
        schedule.step()
        if step % config.validate_every and step != config.steps:
            continue
        rmse = validation_rmse(network, checks, cap)
        best.look(step, float(np.mean(losses)), rmse, float(schedule.get_last_lr()[-1]))
        losses.clear()
        if progress:
            progress(step, config.steps, rmse)
        if best.waited >= config.patience:
            break
    return best.restored(time.process_time() - begin)


class _Best:
    """The best weights so far, and the history of looking for better ones."""

    def __init__(self, network: nn.Module, rmse: float) -> None:
        self._network, self._weights = network, copy.deepcopy(network.state_dict())
        self._rmse, self._step, self.waited = rmse, 0, 0
        self._rows = [(0, float("nan"), rmse, 0.0)]

    def look(self, step: int, train_loss: float, rmse: float, learning_rate: float) -> None:
        """Note a validation, and keep the weights if it is the best."""
        self._rows.append((step, train_loss, rmse, learning_rate))
        if rmse < self._rmse:
            self._rmse, self._step, self.waited = rmse, step, 0
            self._weights = copy.deepcopy(self._network.state_dict())
        else:
            self.waited += 1

    def restored(self, cpu_seconds: float) -> FitResult:
        """Give the network its best weights back."""
        self._network.load_state_dict(self._weights)
        columns = ["step", "train_loss", "valid_rmse", "learning_rate"]
        history = pd.DataFrame(self._rows, columns=columns)
        return FitResult(history, self._step, self._rmse, cpu_seconds)


def predict(network: nn.Module, windows: Windows, cap: float) -> NDArray[np.float64]:
    """Predicted RUL of every window, shape ``(N,)``, in life units. Dropout is off."""
    return to_life(outputs(network, windows), cap)


def outputs(network: nn.Module, windows: Windows) -> NDArray[np.float32]:
    """What the network itself says of every window, shape ``(N,)``, in units of the cap."""
    one_thread()
    was_training = network.training
    network.eval()
    rows_NW = windows.rows()
    with torch.no_grad():
        parts = [
            network(torch.from_numpy(windows.table[rows_NW[at : at + SCORING_BATCH]])).numpy()
            for at in range(0, len(rows_NW), SCORING_BATCH)
        ]
    network.train(was_training)
    return np.concatenate(parts)


def validation_rmse(network: nn.Module, windows: Windows, cap: float) -> float:
    """Root mean squared error in life units, labels capped."""
    error = predict(network, windows, cap) - np.minimum(windows.rul(), cap)
    return float(np.sqrt(np.mean(error**2)))


def overfit_one_batch(network: nn.Module, windows: Windows, *, cap: float, seed: int) -> float:
    """Train on 32 windows only and return how much of the loss is left, 0 to 1.

    A network that cannot learn 32 examples by heart is wired wrongly, whatever its other scores say.
    """
    one_thread()
    chosen = np.random.default_rng(seed).permutation(len(windows))[:32]
    x_BWF = torch.from_numpy(windows.table[windows.rows()[chosen]])
    y_B = torch.from_numpy(to_target(windows.rul()[chosen], cap))
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    torch.manual_seed(seed)
    network.train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=5e-3)
    spread = float(((y_B - y_B.mean()) ** 2).mean())
    loss = spread
    for _ in range(200):
        loss = take_step(network, optimizer, Batch(x_BWF, y_B), clip_norm=1.0)
    return loss / max(spread, 1e-12)


def _batches(count: int, config: FitConfig) -> Iterator[Tensor]:
    """Shuffled batches, epoch after epoch, until the steps are used up."""
    generator = torch.Generator().manual_seed(config.seed)
    size = min(config.batch_size, count)
    step = 0
    while step < config.steps:
        order = torch.randperm(count, generator=generator)
        for at in range(0, count - size + 1, size):
            if step == config.steps:
                return
            yield order[at : at + size]
            step += 1


def _optimizer(
    network: nn.Module, config: FitConfig, factors: dict[str, float]
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """AdamW with a one-cycle schedule; one group of parameters for each part of the network."""
    groups, peaks = [], []
    for name, part in network.named_children():
        parameters = [p for p in part.parameters() if p.requires_grad]
        if parameters:
            groups.append({"params": parameters})
            peaks.append(config.learning_rate * factors.get(name, 1.0))
    optimizer = torch.optim.AdamW(groups, lr=peaks[0], weight_decay=config.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=peaks, total_steps=config.steps
    )
    return optimizer, schedule


def _refuse_empty(train: Windows, valid: Windows) -> None:
    for windows, what in ((train, "windows to train on"), (valid, "windows to validate on")):
        if not len(windows):
            raise TooFewUnitsError("training", found=0, needed=1, what=what)
