"""Training on whole histories: one loss at every reading of every unit.

A window of W readings costs W steps of a recurrent network for one label. A history of T readings
costs T steps for T labels, and the network may remember the machine's beginning.

Belongs here: batches of whole histories. Does not belong here: windows (``training``), the loop
(``loop``).

Shape letters: B units of a batch, T readings of the longest of them, F channels, U units.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from rul_platform.core.recipe import FitConfig
from rul_platform.core.windows import Windows
from rul_platform.errors import NetworkError, TrainingError
from rul_platform.learning.fitting import losses
from rul_platform.learning.fitting.batch import Batch, Labels
from rul_platform.learning.fitting.batch_size import FittingBatch, Trial, free_memory
from rul_platform.learning.fitting.batches import labels_of, refuse_empty, refuse_no_numbers
from rul_platform.learning.fitting.best_weights import FitResult
from rul_platform.learning.fitting.devices import place_of
from rul_platform.learning.fitting.loop import Progress, Training, Watch, run
from rul_platform.learning.fitting.training import checks_of
from rul_platform.learning.networks.models import RulNetwork
from rul_platform.learning.networks.scoring import one_thread

NO_AUGMENTS = (
    "Whole histories are learned from as they are, but augment asks for {names}, which alter windows. "
    "Nothing was trained. Leave augment empty, or train a network that reads windows."
)


def fit_histories(
    network: RulNetwork,
    train: Windows,
    config: FitConfig,
    *,
    cap: float,
    valid: Windows | None = None,
    watch: Watch | None = None,
    progress: Progress | None = None,
) -> FitResult:
    """Train ``network`` in place on whole histories; otherwise as :func:`~.training.fit`.

    A batch that does not fit into memory is halved until it does; the longest histories say so.

    A unit's history goes from the first row of its first window to its newest reading; only readings
    that have a window have a label.

    Args:
        network: With ``config.reads == "history"``.
        train: Windows that name the histories; how long they are plays no part.
        config: How to train; ``batch_size`` counts units, 8 to 16 are good.
        cap: Label cap, in life units.
        valid: Windows of other units; None only without early stopping. They must be at least as long
            as what the network is to be judged on.
        watch: Is told of each validation and of the end.
        progress: Told after each validation.

    Raises:
        NetworkError: The network reads windows, or has no outputs for this loss.
        TrainingError: Augmentations are asked for; or as of :func:`~.training.fit`.
        BatchTooLargeError: Not even the longest history fits into memory.
    """
    if network.config.reads != "history":
        raise NetworkError(["whole histories need a network with reads='history'"])
    if config.augment:
        raise TrainingError(NO_AUGMENTS.format(names=", ".join(config.augment)))
    refuse_empty(train, "windows to train on")
    one_thread()
    place = place_of(config)
    losses.refuse_misfit(network, config.loss)
    histories = Histories.of(train, cap=cap, far=network.config.far, device=place.device)
    checks = checks_of(valid, config)
    network.to(place.device)
    ask = place.prepared(network.every_answer)
    try:
        batch = histories.fitting(network, config)
        config = replace(config, batch_size=batch.size) if batch.refused else config
        torch.manual_seed(config.seed)
        return run(
            Training(
                network=network,
                batches=histories.batches(config),
                objective=losses.of_answers(network, ask, config.loss),
                checks=checks,
                config=config,
                cap=cap,
                factors={},
                precision=place.precision,
                batch=batch,
                watch=watch,
                progress=progress,
            )
        )
    finally:
        network.to("cpu")


@dataclass(frozen=True, slots=True)
class Histories:
    """Whole histories with a label at every reading.

    Attributes:
        table: Shape ``(R + 1, F)``; the last row is zero, and fills short histories up on the right.
        labels: Of all R readings, and of the filling.
        weight: Shape ``(R + 1,)``: 1 where a reading has a label, else 0.
        first_U: First row of each unit.
        length_U: Readings of each unit.
    """

    table: torch.Tensor
    labels: Labels
    weight: torch.Tensor
    first_U: NDArray[np.int64]  # noqa: N815  shape letters
    length_U: NDArray[np.int64]  # noqa: N815

    @classmethod
    def of(
        cls, windows: Windows, *, cap: float, far: float = 0.0, device: str = "cpu"
    ) -> "Histories":
        """Every unit that has a window.

        Raises:
            TrainingDataError: A feature or a label is no finite number.
        """
        refuse_no_numbers(windows)
        rows = len(windows.table)
        at = torch.from_numpy(windows.index["last_row"].to_numpy(dtype=np.int64, copy=True))
        weight = torch.zeros(rows + 1)
        weight[at] = 1.0
        units = windows.index.groupby("unit", sort=False)
        first = units["first_row"].min().to_numpy(dtype=np.int64)
        last = units["last_row"].max().to_numpy(dtype=np.int64)
        filling = np.zeros((1, windows.table.shape[1]), dtype=np.float32)
        table = torch.from_numpy(np.concatenate([windows.table, filling]))
        labels = _spread(labels_of(windows, cap=cap, far=far), at, rows + 1)
        return cls(table.to(device), labels.to(device), weight.to(device), first, last - first + 1)

    def fitting(
        self,
        network: RulNetwork,
        config: FitConfig,
        *,
        free_bytes: Callable[[], int | None] = free_memory,
    ) -> FittingBatch:
        """How many histories of a batch fit into memory, if the longest of all meet in one.

        Args:
            network: On the device that it is to be trained on.
            config: Its ``batch_size`` and ``loss``.
            free_bytes: How much memory a CPU may still take; None where that is not known.

        Raises:
            BatchTooLargeError: Not even a single one fits.
        """
        longest_U = np.argsort(-self.length_U, kind="stable")
        objective = losses.of_answers(network, network.every_answer, config.loss)

        def lose(size: int) -> torch.Tensor:
            return objective(self.batch(longest_U[:size]))

        wanted = min(config.batch_size, len(longest_U))
        trial = Trial(network, lose, measured=1, free_bytes=free_bytes)
        return trial.halved(FittingBatch(wanted, wanted, of="histories"))

    def batches(self, config: FitConfig) -> Iterator[Batch]:
        """Batches of units in random order, epoch after epoch, as many as ``config`` has steps.

        Units of like length together would leave less to fill up, and learn worse: units that always
        meet teach the same (docs/experiments.md).
        """
        random = np.random.default_rng(config.seed)
        size, step = min(config.batch_size, len(self.first_U)), 0
        while True:
            order = random.permutation(len(self.first_U))[: len(self.first_U) // size * size]
            for group in order.reshape(-1, size):
                if step == config.steps:
                    return
                yield self.batch(group)
                step += 1

    def batch(self, units_B: NDArray[np.int64]) -> Batch:
        """These units, filled up on the right to the longest of them."""
        first, length = self.first_U[units_B], self.length_U[units_B]
        position = np.arange(length.max())
        filling = len(self.table) - 1
        rows = np.where(position < length[:, None], first[:, None] + position, filling)
        rows_BT = torch.from_numpy(rows).to(self.table.device)
        return Batch(self.table[rows_BT], *self.labels.take(rows_BT), self.weight[rows_BT])


def _spread(labels: Labels, at: torch.Tensor, rows: int) -> Labels:
    """Labels of windows, laid out by the row of their newest reading; zero elsewhere."""

    def spread(each: torch.Tensor) -> torch.Tensor:
        return torch.zeros(rows, dtype=each.dtype).index_copy(0, at, each)

    return labels.changed(spread)
