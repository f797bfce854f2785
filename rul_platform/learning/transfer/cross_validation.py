"""Every approach judged on units that it never saw, and the models of the folds as one.

Belongs here: leaving a fold out, training on the rest, predicting what was left out. Does not belong
here: how an approach trains (``approaches``), what the errors say (``core.selection``).
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from rul_platform.core.approaches import BLENDS, ZERO_SHOT
from rul_platform.core.windows import Windows, even_cuts
from rul_platform.errors import (
    LeakError,
    TooFewUnitsError,
    TrainingDivergedError,
    TrainingError,
)
from rul_platform.learning.fitting.training import Progress
from rul_platform.learning.trained.learned import Learned, MeanModel, predictions
from rul_platform.learning.transfer.approaches import (
    Setting,
    Trained,
    blended,
    readings_for,
    require_available,
    train_approach,
)
from rul_platform.learning.transfer.finetuning import TransferReport

CUTS = 20
"""Points of each unit's life at which it is predicted; every unit weighs the same."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What each approach did.

    Attributes:
        out_of_fold: Name to N rows ``unit``, ``life``, ``rul`` (as it is) and ``predicted``, in life
            units; of each row the model that predicted it never saw the unit.
        members: Name to the models of the folds, in the order of the folds.
        cpu_seconds: Name to processor time of all folds; a blend costs what its parts cost.
        histories: Name to the trainings: ``fold`` and the columns of a training's history.
        gradients: Name to the lengths of the gradients: ``fold``, ``step``, ``layer``, ``norm``; no row
            where nobody looked.
        transfers: Name to what became of the weights that it began with, where it began with some.
        diverged: Name of each approach that has no model, because a training of it diverged, to where
            that was; it is in none of the others but ``cpu_seconds``.
    """

    out_of_fold: Mapping[str, pd.DataFrame]
    members: Mapping[str, tuple[Learned, ...]]
    cpu_seconds: Mapping[str, float]
    histories: Mapping[str, pd.DataFrame]
    gradients: Mapping[str, pd.DataFrame]
    transfers: Mapping[str, TransferReport]
    diverged: Mapping[str, str]

    def model(self, name: str) -> Learned:
        """The mean of the folds' models: what the plant gets when ``name`` is chosen.

        Raises:
            TrainingError: It diverged, so there is none.
        """
        if name in self.diverged:
            msg = (
                f"There is no model by {name}: its training diverged {self.diverged[name]}. Lower "
            )
            msg += "its learning rate, or take another approach."
            raise TrainingError(msg)
        members = self.members[name]
        return members[0] if len(members) == 1 else MeanModel(members)


def cross_validate(
    names: tuple[str, ...],
    windows: Windows,
    folds: Mapping[str, int],
    setting: Setting,
    *,
    seed: int,
    progress: Progress | None = None,
) -> Tried:
    """Try approaches on a plant's known units; one that diverges takes no other with it.

    Args:
        names: Approaches, each one of :func:`~rul_platform.learning.transfer.approaches.available`.
        windows: All windows of the units that may be learned from.
        folds: Fold of each unit; folds without a unit here are left out.
        setting: What all approaches share.
        seed: Fold f's models get ``seed + f``.
        progress: Told how a training goes.

    Raises:
        ApproachError: An approach cannot be tried on this plant.
        LeakError: A unit has no fold.
        TooFewUnitsError: The units are all in one fold.
    """
    require_available(names, setting)
    present = _present(windows, folds)
    windows = windows.longer(
        readings_for(names, windows)
    )  # each model looks at as many as it knows
    fold_of_row = windows.index["unit"].map(folds)
    trained: dict[str, list[Trained]] = defaultdict(list)
    rows: dict[str, list[pd.DataFrame]] = defaultdict(list)
    diverged: dict[str, str] = {}
    for fold in present:
        known, left_out = windows.only(fold_of_row != fold), windows.only(fold_of_row == fold)
        left_out = left_out.exact()
        judged = even_cuts(left_out, CUTS)
        done: dict[str, Trained] = {}
        for name in sorted(names, key=lambda each: each in BLENDS):
            if lost := next((part for part in _parts(name) if part in diverged), None):
                diverged[name] = diverged[lost]
                continue
            try:
                each = _train(name, done, known, left_out, setting, seed, fold, progress)
            except TrainingDivergedError as error:
                diverged[name] = _where(error, fold)
                continue
            trained[name].append(each)
            if len(judged):
                rows[name].append(_predicted(each.model, judged, setting.cap))
    whole = {name: trained[name] for name in names if name not in diverged}
    return Tried(
        out_of_fold={name: pd.concat(rows[name], ignore_index=True) for name in whole},
        members={name: _distinct(name, of, setting) for name, of in whole.items()},
        cpu_seconds={name: sum(each.cpu_seconds for each in trained[name]) for name in names},
        histories={n: _by_fold([e.history for e in of], present) for n, of in whole.items()},
        gradients={n: _by_fold([e.gradients for e in of], present) for n, of in whole.items()},
        transfers={n: of[0].transfer for n, of in whole.items() if of[0].transfer is not None},
        diverged=diverged,
    )


def _parts(name: str) -> tuple[str, ...]:
    """An approach, and what it is a mean of."""
    return (name, *BLENDS.get(name, ()))


def _where(error: TrainingDivergedError, fold: int) -> str:
    return (
        f"in fold {fold} at step {error.step} (loss {error.loss:.3g} at a learning rate of "
        f"{error.learning_rate:.3g})"
    )


def _present(windows: Windows, folds: Mapping[str, int]) -> list[int]:
    """The folds that have a unit, in order."""
    units = sorted(set(windows.units().tolist()))
    homeless = [unit for unit in units if unit not in folds]
    if homeless:
        msg = (
            f"Units {', '.join(homeless)} have no fold, so nothing could judge what they taught. "
            f"Give every unit a fold (core.folds.assign_folds) before it teaches."
        )
        raise LeakError(msg)
    present = sorted({folds[unit] for unit in units})
    if len(present) < 2:
        raise TooFewUnitsError(
            "cross-validation", found=len(present), needed=2, what="folds with units in them"
        )
    return present


def _train(
    name: str,
    done: dict[str, Trained],
    known: Windows,
    left_out: Windows,
    setting: Setting,
    seed: int,
    fold: int,
    progress: Progress | None,
) -> Trained:
    """One approach on one fold; a blend reuses its parts where they are trained already."""
    if name in BLENDS:
        parts = [
            _train(part, done, known, left_out, setting, seed, fold, progress)
            for part in BLENDS[name]
        ]
        return blended(name, parts)
    if name not in done:
        done[name] = train_approach(
            name,
            known,
            setting,
            seed=seed + fold,
            fold=fold,
            left_out=left_out,
            progress=progress,
        )
    return done[name]


def _predicted(model: Learned, judged: Windows, cap: float) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "unit": judged.units(),
            "life": judged.index["life"].to_numpy(),
            "rul": judged.rul(),
            "predicted": predictions(model, judged, cap=cap),
        }
    )


def _distinct(name: str, trained: list[Trained], setting: Setting) -> tuple[Learned, ...]:
    """The folds' models; the one that no fold changes is there once."""
    members = tuple(each.model for each in trained)
    return members[:1] if name == ZERO_SHOT and setting.start is None else members


def _by_fold(tables: list[pd.DataFrame], folds: list[int]) -> pd.DataFrame:
    parts = [
        table.assign(fold=fold) for table, fold in zip(tables, folds, strict=True) if len(table)
    ]
    return pd.concat(parts, ignore_index=True) if parts else tables[0].assign(fold=0)
