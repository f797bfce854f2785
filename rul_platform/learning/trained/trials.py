"""One training of anything that a benchmark scores: learn from a subset's training engines, once.

Belongs here: which engines each kind of model learns from, and what is measured meanwhile. Does not
belong here: the test set, which nothing here sees.

Networks stop early on the engines of one fold, another one for each seed; to leave out one more fold, to
be validated by, would take a quarter of what they learn from. Boosting is fitted twice:
on all folds but one, to be validated, and then on all engines. The ensemble predicts every engine by
members that did not see it.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import pandas as pd

from rul_platform.core.labels import to_life
from rul_platform.core.metrics import unit_rmse
from rul_platform.core.recipe import FitConfig
from rul_platform.core.windows import CUTS_OF_A_LIFE, Windows, even_cuts
from rul_platform.learning.fitting import training
from rul_platform.learning.fitting.devices import place_of
from rul_platform.learning.fitting.training import Progress, Watch
from rul_platform.learning.networks import models, presets
from rul_platform.learning.trained.boosting import fit_boosting
from rul_platform.learning.trained.ensemble import BOOSTING, fit_ensemble
from rul_platform.learning.trained.ensemble_recipe import EnsembleRecipe
from rul_platform.learning.trained.learned import Learned, NetworkModel

ENSEMBLE = "ensemble"
ENSEMBLE_FAR = 1.6
"""Cap of the ensemble's second head, in label caps: 200 cycles when the cap is 125."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What there is to learn from, and how.

    Attributes:
        windows: Of all training engines, from the beginning of each on.
        channels: Names of the F channels.
        cap: Label cap, in life units.
        folds: Fold of each engine.
        fit: Settings of a network's training. The ensemble takes its seed and device, boosting the
            seed alone.
        hidden_size: Of a network.
        far: Cap of a second head, in units of ``cap``; 0: none. The ensemble always has one.
        recipe: Of the ensemble.
        layers: Of a network; None: as many as it has by its name.
        dropout: Of a network, likewise.
        bins: Of a network's label distribution; 0: it answers with a number.
        watch: Is told how a network learns.
    """

    windows: Windows
    channels: tuple[str, ...]
    cap: float
    folds: Mapping[str, int]
    fit: FitConfig
    hidden_size: int
    far: float
    recipe: EnsembleRecipe
    layers: int | None = None
    dropout: float | None = None
    bins: int = 0
    watch: Watch | None = None

    def held_out(self) -> tuple[Windows, Windows]:
        """Windows to learn from, and those of the fold that the seed holds out."""
        fold = self.fit.seed % (max(self.folds.values()) + 1)
        is_out = (self.windows.index["unit"].map(self.folds) == fold).to_numpy()
        return self.windows.only(~is_out), self.windows.only(is_out)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What one training gave.

    Attributes:
        model: Trained.
        left_out: Columns ``unit``, ``life``, ``rul`` and ``predicted``, in life units: predictions of
            engines by models that did not learn from them.
        cpu_seconds: Processor time of training ``model``; of boosting, without the fit that validates.
        device: Where it was trained: ``cpu`` or ``cuda``.
        stopped_on_left_out: Whether these very engines decided when the training stopped: the errors on
            them, and an interval from these, are then somewhat too small.
        tables: More to keep, by name.
    """

    model: Learned
    left_out: pd.DataFrame
    cpu_seconds: float
    device: str = "cpu"
    stopped_on_left_out: bool = False
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict[str, pd.DataFrame])

    def valid_rmse(self, cap: float) -> float:
        """On ``left_out``, in life units, truth limited to the cap, every engine counting once."""
        said = self.left_out
        return unit_rmse(said["unit"], said["rul"], said["predicted"], cap)


def train(name: str, lesson: Lesson, *, progress: Progress | None = None) -> Trial:
    """Train the architecture, or the named network, or the ensemble.

    Args:
        name: ``boosting``, ``ensemble``, or one of ``learning.networks.presets``.
        lesson: What to learn from.
        progress: Told how it goes.
    """
    if name == BOOSTING:
        return _boosting(lesson)
    if name == ENSEMBLE:
        return _ensemble(lesson, progress)
    return _network(name, lesson, progress)


def _network(name: str, lesson: Lesson, progress: Progress | None) -> Trial:
    usual = presets.preset(name, len(lesson.channels), hidden_size=lesson.hidden_size)
    config = replace(
        usual,
        far=lesson.far,
        num_layers=lesson.layers or usual.num_layers,
        dropout=usual.dropout if lesson.dropout is None else lesson.dropout,
        bins=lesson.bins,
    )
    network = models.build(config, seed=lesson.fit.seed)
    known, left_out = lesson.held_out()
    begin = time.process_time()
    fitted = training.fit(
        network,
        known,
        left_out,
        lesson.fit,
        cap=lesson.cap,
        watch=lesson.watch,
        progress=progress,
    )
    seconds = time.process_time() - begin
    model = NetworkModel(network, config, lesson.channels, known.length)
    said = _predicted(model, left_out, lesson.cap)
    return Trial(
        model=model,
        left_out=said,
        device=place_of(lesson.fit).device,
        stopped_on_left_out=True,
        cpu_seconds=seconds,
        tables={"history": fitted.history},
    )


def _boosting(lesson: Lesson) -> Trial:
    window, seed = lesson.recipe.boosting_window, lesson.fit.seed
    fit = partial(fit_boosting, cap=lesson.cap, seed=seed, leaves=lesson.recipe.boosting_leaves)
    known, left_out, every = (
        part.of_length(window) for part in (*lesson.held_out(), lesson.windows)
    )
    validated = fit(known)
    begin = time.process_time()
    model = fit(every, far=lesson.far)
    seconds = time.process_time() - begin
    said = _predicted(validated, left_out, lesson.cap)
    return Trial(model=model, left_out=said, cpu_seconds=seconds)


def _ensemble(lesson: Lesson, progress: Progress | None) -> Trial:
    done = fit_ensemble(
        lesson.windows,
        lesson.recipe,
        channels=lesson.channels,
        cap=lesson.cap,
        folds=lesson.folds,
        seed=lesson.fit.seed,
        far=ENSEMBLE_FAR,
        device=lesson.fit.device,
        progress=progress,
    )
    return Trial(
        model=done.model,
        left_out=done.out_of_fold,
        device=place_of(lesson.fit).device,
        cpu_seconds=done.cpu_seconds,
        tables={"members": done.members},
    )


def _predicted(model: Learned, left_out: Windows, cap: float) -> pd.DataFrame:
    cuts = even_cuts(left_out.exact(), CUTS_OF_A_LIFE)
    predicted = to_life(model.outputs(cuts), cap)
    return cuts.index[["unit", "life", "rul"]].assign(predicted=predicted)
