"""What the steps of the method stand on: known units, a plain recipe, and one way to train and to score.

Belongs here: training a recipe once, and its error on validation units. Does not belong here: which
recipes are tried (``method_steps``), how many (``method_budget``). Test units cannot come in: windows of
theirs are refused.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from rul_platform.core import splits
from rul_platform.core.architectures import Architecture
from rul_platform.core.folds import assign_folds
from rul_platform.core.method_log import MethodState
from rul_platform.core.metrics import rmse, unit_weights
from rul_platform.core.recipe import FitConfig
from rul_platform.core.windows import Windows, even_cuts
from rul_platform.learning.fitting.training import VALIDATION_CUTS, FitResult, fit, predict
from rul_platform.learning.networks import checkpoints, models
from rul_platform.learning.recipes.method_budget import Budget
from rul_platform.learning.recipes.objective import (
    Ground,
    fit_config,
    model_config,
    network_of,
    refuse_test_units,
)
from rul_platform.learning.transfer.finetuning import FinetuneConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """One training.

    Attributes:
        network: With the weights that it was left with.
        fitted: What training did.
        rmse: On the judging units, in life units, every unit counting once.
        cpu_seconds: Of training and scoring.
    """

    network: models.RulNetwork
    fitted: FitResult
    rmse: float
    cpu_seconds: float


@dataclass(frozen=True, kw_only=True)
class MethodGround:
    """What a method works on.

    Attributes:
        windows: Of training and validation units.
        channels: Names of the F channels.
        cap: Label cap, in life units.
        architecture: Of every network.
        budget: How much may be tried.
        seed: Of everything drawn.
        checkpoint: A pretrained network's bytes, where one is there.
        source: Other machines' windows to pretrain on, where no checkpoint is there.
        plain: How these machines' networks are trained by default; its steps stand instead of the
            budget's, but in the search's trials. None: as networks of turbofans are, within the budget.
        study: Name, URL and driver's arguments of the database that keeps the search's trials, and
            whether the search begins a new study there.
    """

    windows: Windows
    channels: tuple[str, ...]
    cap: float
    architecture: Architecture
    budget: Budget
    seed: int = 0
    checkpoint: bytes | None = None
    source: Windows | None = None
    plain: FinetuneConfig | None = None
    study: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Refuse windows of test units."""
        refuse_test_units(self.windows, "method")

    @cached_property
    def train(self) -> Windows:
        """Of the units that everything learns from."""
        return self.windows.select(splits.TRAIN)

    @cached_property
    def valid(self) -> Windows:
        """Of the units that choose."""
        return self.windows.select(splits.VALID).exact()

    @cached_property
    def halves(self) -> tuple[Windows, Windows] | None:
        """Validation units that stop a training early, and others that judge it; None with one unit."""
        units = self.valid.units().tolist()
        if len(set(units)) < 2:
            return None
        half = assign_folds(units, seed=self.seed, source="method", count=2)
        stop_on, judge = ([u for u, fold in half.items() if fold == at] for at in (0, 1))
        return self.valid.of_units(stop_on), self.valid.of_units(judge)

    @cached_property
    def model(self) -> models.ModelConfig | None:
        """Shape of the checkpoint's network: those that begin anew have it too."""
        if self.checkpoint is None:
            return None
        return checkpoints.load(self.checkpoint, source="the pretrained checkpoint").config

    @cached_property
    def start(self) -> bytes | None:
        """The pretrained network: one that is there, or made now; None without other machines."""
        if self.checkpoint is not None or self.source is None:
            return self.checkpoint
        model = models.default_config(self.architecture, len(self.channels))
        network = models.build(model, seed=self.seed)
        config = replace(self.plain_fit(), early_stopping=True)
        train, valid = self.source.select(splits.TRAIN), self.source.select(splits.VALID)
        fit(network, train, valid, config, cap=self.cap)
        return checkpoints.dump(network, model, self.channels)

    @property
    def default(self) -> FinetuneConfig:
        """How networks are trained before anything is changed."""
        if self.plain is not None:
            return replace(self.plain, fit=replace(self.plain.fit, seed=self.seed))
        fit = FitConfig(seed=self.seed, steps=self.budget.steps)
        return FinetuneConfig(fit=fit, scratch_rate=fit.learning_rate, scratch_steps=fit.steps)

    def plain_fit(self, *, is_pretrained: bool = False) -> FitConfig:
        """The plain recipe's loop, of a network that begins anew or goes on from a pretrained one."""
        return self.default.fit if is_pretrained else self.default.from_scratch

    def ground(self, *, is_pretrained: bool) -> Ground:
        """The ground of a search, and of building networks."""
        fit = self.plain_fit(is_pretrained=is_pretrained)
        return Ground(
            windows=self.windows,
            channels=self.channels,
            cap=self.cap,
            architecture=self.architecture,
            fit=replace(fit, steps=min(fit.steps, self.budget.trial_steps)),
            start=self.start if is_pretrained else None,
            pretrained_rate=self.default.pretrained_rate,
            model=self.model,
            folds=self.budget.folds,
            source="method",
        )

    def going_on(self, state: MethodState) -> MethodState:
        """The same recipe on the pretrained network; a plant's has a rate and batches of its own."""
        if self.plain is None:
            return replace(state, is_pretrained=True)
        own = {
            "learning_rate": self.plain.fit.learning_rate,
            "batch_size": self.plain.fit.batch_size,
            "pretrained_rate": self.plain.pretrained_rate,
        }
        return replace(state, is_pretrained=True, recipe={**state.recipe, **own})

    def plain_recipe(self) -> dict[str, Any]:
        """What the method begins with, by the names of a search space."""
        fit, sizes = self.plain_fit(), model_config(self.ground(is_pretrained=False), {})
        return {
            "learning_rate": fit.learning_rate,
            "weight_decay": fit.weight_decay,
            "batch_size": fit.batch_size,
            "hidden_size": sizes.hidden_size,
            "num_layers": sizes.num_layers,
            "dropout": sizes.dropout,
        }

    def trained(
        self,
        state: MethodState,
        *,
        seed: int | None = None,
        judge: Windows | None = None,
    ) -> Trained:
        """Train a state's recipe on the training units.

        One that stops early does so on one half of the validation units, and the other half judges.

        Args:
            state: Its recipe and whether it is pretrained and stops early.
            seed: Another one than the method's.
            judge: Windows of the units that score one that takes all steps; by default all that choose.
        """
        begin, seed = time.process_time(), self.seed if seed is None else seed
        ground = self.ground(is_pretrained=state.is_pretrained)
        plain = self.plain_fit(is_pretrained=state.is_pretrained)
        config = fit_config(replace(plain, seed=seed), state.recipe)
        network, rates = network_of(ground, state.recipe, seed=seed)
        stop_on, judge = self.valid, self.valid if judge is None else judge
        if state.stops_early and self.halves is not None:
            stop_on, judge = self.halves
        fitted = fit(
            network,
            self.train,
            stop_on,
            replace(config, early_stopping=state.stops_early),
            cap=self.cap,
            learning_rates=rates,
        )
        error = self.error(network, judge)
        took = time.process_time() - begin
        return Trained(network=network, fitted=fitted, rmse=error, cpu_seconds=took)

    def error(self, network: models.RulNetwork, windows: Windows) -> float:
        """A network's RMSE, in life units, labels capped; every unit counts once."""
        cuts = even_cuts(windows, VALIDATION_CUTS)
        return self.rmse(cuts, predict(network, cuts, self.cap))

    def rmse(self, windows: Windows, predicted: np.ndarray) -> float:
        """The same of predictions, shape ``(N,)`` of ``windows``."""
        truth = np.minimum(windows.rul(), self.cap)
        return float(rmse(truth, predicted, unit_weights(windows.units())))
