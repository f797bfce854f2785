"""One cell of the k-shot study: a plant of k units, every approach, and the choice among them.

The official test set is opened by the last call of a cell, after the choice is made.

Belongs here: what is trained and scored in one cell, and the network that all cells begin from. Does
not belong here: who is drawn and what the cells say together (``core.transfer_study``).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rul_platform.core import splits
from rul_platform.core.approaches import BLENDS, FOR_FEW_UNITS
from rul_platform.core.fleet import Fleet
from rul_platform.core.folds import assign_folds
from rul_platform.core.metrics import rmse, unit_rmse
from rul_platform.core.plant_recipe import BATCH_SIZE, LEARNING_RATE, PRETRAINED_RATE
from rul_platform.core.preparation import Preparation
from rul_platform.core.recipe import FitConfig
from rul_platform.core.selection import Choice, choose
from rul_platform.core.terms import Terms
from rul_platform.core.transfer_study import CHOSEN
from rul_platform.core.windows import Windows, last_of_each_unit
from rul_platform.learning.fitting import training
from rul_platform.learning.fitting.training import Progress
from rul_platform.learning.networks import checkpoints, models
from rul_platform.learning.networks.checkpoints import Checkpoint
from rul_platform.learning.trained.learned import predictions
from rul_platform.learning.transfer.approaches import (
    Setting,
    available,
    default_approaches,
    readings_for,
)
from rul_platform.learning.transfer.cross_validation import Tried, cross_validate
from rul_platform.learning.transfer.finetuning import FinetuneConfig

NOT_OFFERED = "measured only"
"""Outcome of an approach that a plant does not try by default."""

Opener = Callable[[], Fleet]
"""Opens the official test set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a study learns from first.

    Attributes:
        checkpoint: A network that was trained on the source units.
        windows: Windows of the source units, replayed and pooled.
        sensors: Columns that the channels are made of.
        cap: Label cap, in cycles.
    """

    checkpoint: Checkpoint
    windows: Windows
    sensors: Sequence[str]
    cap: float


def pretrain(
    windows: Windows, channels: tuple[str, ...], config: FitConfig, *, cap: float
) -> bytes:
    """Train the network that all cells begin from, on source units alone; gives its checkpoint.

    Args:
        windows: Of the source units; their validation units stop it early.
        channels: Names of the F channels, in order.
        config: How to train.
        cap: Label cap, in cycles.
    """
    model = models.default_config("lstm", len(channels))
    network = models.build(model, seed=config.seed)
    train, valid = windows.select(splits.TRAIN), windows.select(splits.VALID)
    training.fit(network, train, valid, config, cap=cap)
    terms = Terms(cap=float(cap), life_unit="cycles", window=windows.length)
    return checkpoints.dump(network, model, channels, terms)


def plant_config(*, seed: int, steps: int) -> FinetuneConfig:
    """How networks learn from few units: as a plant's do (``core.plant_recipe``).

    Args:
        seed: Of the batches and of weights that are drawn anew.
        steps: Of each network that goes on from the pretrained one.
    """
    fit = FitConfig(seed=seed, steps=steps, batch_size=BATCH_SIZE, learning_rate=LEARNING_RATE)
    return FinetuneConfig(fit=fit, pretrained_rate=PRETRAINED_RATE)


def one_cell(
    plant: Fleet,
    source: Source,
    open_test: Opener,
    *,
    config: FinetuneConfig,
    approaches: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Try every approach on the k units of ``plant``, choose, and only then score the test set.

    Args:
        plant: The k units, each with its failure.
        source: What was learned before.
        open_test: Opens the official test set.
        config: How to fine-tune; its seed is the cell's.
        approaches: To be tried and chosen from; none: all that suit few units are tried, and the
            choice is among those that a plant tries by default, so that it is what would be deployed.
        progress: Told how trainings go.

    Returns:
        A row for each approach and one for ``chosen``: ``approach``, ``rmse_clipped`` and
        ``rmse_out_of_fold`` in cycles, ``cpu_seconds``, ``outcome`` (of ``chosen``: which it is). An
        approach that diverged has no row.

    Raises:
        DataError: A test unit worked in a condition that none of the k units knows.
        TrainingError: Every approach diverged.
    """
    preparation = Preparation.fit(
        plant,
        source.sensors,
        window=source.windows.length,
        cap=source.cap,
        life_unit="cycles",
    )
    setting = Setting(
        checkpoint=source.checkpoint,
        channels=preparation.channels,
        window=preparation.window,
        cap=source.cap,
        config=config,
        source=source.windows,
    )
    names = approaches or tuple(n for n in available(setting) if n in FOR_FEW_UNITS)
    offered = approaches or default_approaches(setting)
    folds = assign_folds(plant.units["unit"], seed=config.fit.seed, source="the drawn units")
    windows = preparation.windows(plant, splits.TRAIN)
    tried = cross_validate(names, windows, folds, setting, seed=config.fit.seed, progress=progress)
    choice = choose(
        {name: found for name, found in tried.out_of_fold.items() if name in offered},
        cap=source.cap,
        seed=config.fit.seed,
        diverged={name: where for name, where in tried.diverged.items() if name in offered},
    )
    reach = readings_for(names, windows)
    test = last_of_each_unit(preparation.windows(open_test(), splits.TEST).longer(reach))
    cost = sum(tried.cpu_seconds[name] for name in offered if name not in BLENDS)
    return _scored(tried, choice, test, source.cap, cost)


def _scored(
    tried: Tried, choice: Choice, test: Windows, cap: float, cpu_seconds: float
) -> pd.DataFrame:
    """Every test engine once, at its last reading; the choice cost what all that it is among cost."""
    truth, once = np.minimum(test.rul(), cap), np.ones(len(test))
    outcomes = dict(zip(choice.table["approach"], choice.table["outcome"], strict=True))
    rows = [
        {
            "approach": name,
            "rmse_clipped": float(rmse(truth, predictions(tried.model(name), test, cap=cap), once)),
            "rmse_out_of_fold": unit_rmse(left["unit"], left["rul"], left["predicted"], cap),
            "cpu_seconds": tried.cpu_seconds[name],
            "outcome": outcomes.get(name, NOT_OFFERED),
        }
        for name, left in tried.out_of_fold.items()
    ]
    table = pd.DataFrame(rows)
    chosen = table[table["approach"] == choice.name].assign(
        approach=CHOSEN, outcome=choice.name, cpu_seconds=cpu_seconds
    )
    return pd.concat([table, chosen], ignore_index=True)
