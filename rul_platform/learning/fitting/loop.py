"""The training loop, on one screen.

Belongs here: steps, validations, and when to end. Does not belong here: what a step is given
(``batches``, ``full_history``), what it costs (``losses``), what it changes (``steps``).
"""

import math
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from rul_platform.core.recipe import FitConfig
from rul_platform.core.windows import Windows
from rul_platform.errors import TrainingDivergedError
from rul_platform.learning.fitting.averaging import Average
from rul_platform.learning.fitting.batch import Batch
from rul_platform.learning.fitting.batch_size import FittingBatch
from rul_platform.learning.fitting.best_weights import FitResult, Kept, is_useful
from rul_platform.learning.fitting.gradients import GradientMonitor
from rul_platform.learning.fitting.schedules import optimizer_of, schedule_of
from rul_platform.learning.fitting.steps import Objective, Stepper
from rul_platform.learning.networks.scoring import validation_rmse

Progress = Callable[[int, int, float], None]
"""Called with (step, steps, validation RMSE in life units) after each validation."""

LOST = 10.0
"""A loss above this, in squared label caps, is that of a network that will not come back. It ends a
training that keeps its last weights; one that keeps its best is not hurt by it."""


UNWATCHED = (
    "Live figures ended at step {step}, because they could not be written: {error}. The training went "
    "on, and its own history is whole. Make room, or switch them off."
)


class Watch(Protocol):
    """Is told how training goes, and decides nothing. Once it raises ``OSError``, it is told no more."""

    def validated(self, row: Mapping[str, float]) -> None:
        """A validation: a row of the history, and ``gradient/<layer>`` for each layer."""
        ...

    def finished(self, result: FitResult) -> None:
        """Training is over."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """One training.

    Attributes:
        network: Is trained in place.
        batches: As many as ``config`` has steps.
        objective: What to lower.
        checks: Windows to validate on, or None.
        config: How to train.
        cap: Label cap, in life units.
        factors: Beginning of a weight's name to a factor on the learning rate.
        precision: What the objective is computed in.
        batch: Which batch fitted into memory; None where that was not tried.
        watch: Is told of each validation and of the end.
        progress: Told after each validation.
    """

    network: nn.Module
    batches: Iterable[Batch]
    objective: Objective
    checks: Windows | None
    config: FitConfig
    cap: float
    factors: Mapping[str, float]
    precision: Callable[[], AbstractContextManager[object]]
    batch: FittingBatch | None = None
    watch: Watch | None = None
    progress: Progress | None = None


def run(training: Training) -> FitResult:
    """Train to the end.

    Raises:
        TrainingDivergedError: The loss is lost, or answers to validation windows are no numbers; the
            network has its last good weights back.
    """
    begin = time.process_time()
    config, under_way = training.config, _UnderWay(training)
    training.network.train()
    for step, batch in enumerate(training.batches, start=1):
        is_look = step % config.validate_every == 0 or step == config.steps
        under_way.step(step, batch, is_look=is_look)
        if is_look and under_way.validate(step) >= config.patience and config.early_stopping:
            break
    return under_way.ended(time.process_time() - begin)


class _UnderWay:
    """Everything that changes from step to step."""

    def __init__(self, training: Training) -> None:
        network, config = training.network, training.config
        optimizer = optimizer_of(network, config, training.factors)
        self._training, self._watch, self._step = training, training.watch, 0
        self._notes: list[str] = []
        self._schedule, self._average = schedule_of(optimizer, config), Average(network, config)
        self._kept = Kept(network, self._rmse(network, 0), keeps_best=config.early_stopping)
        self._gradients = GradientMonitor(network)
        self._losses: list[Tensor] = []
        self._stepper = Stepper(
            [p for group in optimizer.param_groups for p in group["params"]],
            optimizer,
            training.objective,
            config.clip_norm,
            config.l1,
            training.precision,
        )

    def step(self, step: int, batch: Batch, *, is_look: bool) -> None:
        """Change the weights once; where ``is_look``, note the gradients too."""
        self._step = step
        look = (lambda: self._gradients.note(step)) if is_look else None
        self._losses.append(self._stepper.take(batch, look))
        self._schedule.stepped()
        self._average.stepped(step)

    def validate(self, step: int) -> int:
        """Look at the weights; gives how many looks in a row were no better than the best."""
        training = self._training
        loss = self._mean_loss(step)
        rmse = self._rmse(self._average.network, step)
        self._schedule.validated(rmse if training.config.early_stopping else loss)
        row = self._kept.look((step, loss, rmse, self._schedule.rate), self._average.network)
        row |= {f"gradient/{name}": norm for name, norm in self._gradients.newest().items()}
        self._tell(lambda watch: watch.validated(row))
        if training.progress:
            training.progress(step, training.config.steps, rmse)
        return self._kept.waited

    def ended(self, cpu_seconds: float) -> FitResult:
        """Put the weights to end with into the network."""
        self._kept.restore()
        result = self._kept.result(cpu_seconds, self._gradients.table())
        result = replace(result, batch=self._training.batch)
        if missing := self._average.missing(self._step):
            self._notes.append(missing)
        self._tell(lambda watch: watch.finished(result))
        return replace(result, notes=tuple(self._notes)) if self._notes else result

    def _tell(self, say: Callable[[Watch], None]) -> None:
        """Tell who watches; a disk that is full costs the live figures, and not the training."""
        if self._watch is None:
            return
        try:
            say(self._watch)
        except OSError as error:
            self._watch = None
            self._notes.append(UNWATCHED.format(step=self._step, error=error))

    def _mean_loss(self, step: int) -> float:
        """Mean over the steps since the last look.

        Raises:
            TrainingDivergedError: One of them is lost, or a weight is no number.
        """
        losses = torch.stack(self._losses).tolist()
        limit = float("inf") if self._training.config.early_stopping else LOST
        lost = [at for at, loss in enumerate(losses) if not is_useful(loss, limit=limit)]
        if not lost and not all(bool(w.isfinite().all()) for w in self._stepper.parameters):
            lost, losses[-1] = [len(losses) - 1], float("nan")
        if lost:
            self._kept.restore()
            raise TrainingDivergedError(
                step=step - len(losses) + 1 + lost[0],
                loss=losses[lost[0]],
                learning_rate=self._schedule.rate,
            )
        self._losses.clear()
        return float(np.mean(losses))

    def _rmse(self, network: nn.Module, step: int) -> float:
        """In life units; NaN where there is nothing to validate on.

        Raises:
            TrainingDivergedError: Answers are no numbers, though all that was asked about is one: such
                weights are not "no better", they are ruined.
        """
        training = self._training
        if training.checks is None:
            return float("nan")
        rmse = validation_rmse(network, training.checks, training.cap)
        if math.isfinite(rmse):
            return rmse
        if step:
            self._kept.restore()
        raise TrainingDivergedError(
            step=step, loss=rmse, learning_rate=self._schedule.rate, what="validation RMSE"
        )
