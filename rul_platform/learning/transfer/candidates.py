"""A plant's candidate: several approaches tried on the same folds, and the best of them.

Belongs here: what is tried beside what, and what becomes of the winner and of those that it is measured
against. Does not belong here: how an approach is trained (``approaches``), how folds are gone through
(``cross_validation``), who wins (``core.selection``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from rul_platform.core.approaches import FROM_CHAMPION, REFERENCES, approach_of
from rul_platform.core.selection import DIVERGED, Choice, all_diverged, choose
from rul_platform.core.windows import Windows
from rul_platform.errors import TrainingError
from rul_platform.learning.fitting.training import Progress
from rul_platform.learning.trained.learned import Learned
from rul_platform.learning.transfer.approaches import Setting
from rul_platform.learning.transfer.cross_validation import cross_validate
from rul_platform.learning.transfer.finetuning import TransferReport

Folds = Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """The best approach's model, and how it came to be the best.

    Attributes:
        model: The mean of the models of its folds.
        choice: What was compared, and why this one.
        out_of_fold: Of the chosen: ``unit``, ``life``, ``rul`` and ``predicted``, in life units.
        history: Of its networks: ``fold``, ``step``, ``train_loss``, ...; empty where none was trained.
        gradients: Lengths of the gradients of its networks: ``fold``, ``step``, ``layer``, ``norm``;
            empty where nobody looked.
        diverged: Name of each approach that has no model, because its training diverged, to where.
        transfer: What became of the weights that it began with; None where it began with none.
        rivals: The models that it is measured against (``REFERENCES``), by approach.
    """

    model: Learned
    choice: Choice
    out_of_fold: pd.DataFrame
    history: pd.DataFrame
    gradients: pd.DataFrame
    diverged: Mapping[str, str]
    transfer: TransferReport | None
    rivals: Mapping[str, Learned]

    @property
    def approach(self) -> str:
        """Of the chosen, wherever its networks began."""
        return approach_of(self.choice.name)

    @property
    def is_from_champion(self) -> bool:
        """Whether its networks went on learning from those of the model in charge."""
        return self.choice.name.endswith(FROM_CHAMPION)


def best_candidate(
    known: Windows,
    folds: Folds,
    setting: Setting,
    *,
    names: tuple[str, ...],
    from_champion: tuple[str, ...] = (),
    only: tuple[str, ...] = (),
    seed: int,
    life_unit: str,
    progress: Progress | None = None,
) -> Candidate:
    """Try approaches by leaving folds out, and make the best one's model.

    Args:
        known: Windows of all units that may teach.
        folds: Of each of these units.
        setting: What they are trained with; its ``start`` counts for ``from_champion`` alone.
        names: Approaches that begin with the pretrained network, or with nothing.
        from_champion: Approaches that begin with the champion's networks.
        only: Names that may be chosen; the others are measured beside them. Empty: all.
        seed: Of the trainings and of the bootstrap.
        life_unit: For the words.
        progress: Told how the trainings go.

    Raises:
        TrainingError: All that may be chosen diverged.
    """
    fresh = replace(setting, start=None)
    tried = cross_validate(names, known, folds, fresh, seed=seed, progress=progress)
    found = {name: (tried, name) for name in names}
    if from_champion:
        on = cross_validate(from_champion, known, folds, setting, seed=seed, progress=progress)
        found |= {name + FROM_CHAMPION: (on, name) for name in from_champion}
    diverged = {
        name: of.diverged[plain] for name, (of, plain) in found.items() if plain in of.diverged
    }
    if only and set(only) <= set(diverged):
        raise TrainingError(all_diverged({name: diverged[name] for name in only}))
    choice = choose(
        {n: of.out_of_fold[plain] for n, (of, plain) in found.items() if n not in diverged},
        cap=setting.cap,
        seed=seed,
        cpu_seconds={name: of.cpu_seconds[plain] for name, (of, plain) in found.items()},
        life_unit=life_unit,
        diverged=diverged,
    )
    if only and choice.name not in only:
        choice = _asked_for(choice, only)
    of, plain = found[choice.name]
    return Candidate(
        model=of.model(plain),
        choice=choice,
        out_of_fold=of.out_of_fold[plain],
        history=of.histories[plain],
        gradients=of.gradients[plain],
        diverged=diverged,
        transfer=of.transfers.get(plain),
        rivals={name: tried.model(name) for name in REFERENCES if name in tried.members},
    )


def _asked_for(choice: Choice, only: tuple[str, ...]) -> Choice:
    """The best of those that a person left to choose from, whatever else would have been better."""
    table = choice.table
    has_model = table["approach"].isin(only) & (table["outcome"] != DIVERGED)
    name = str(table.loc[has_model, "approach"].iloc[0])
    outcome = table["outcome"].where(table["approach"] != choice.name, "the best, not asked for")
    outcome = outcome.where(table["approach"] != name, "asked for")
    first = f"{name} was asked for; by itself the platform would have chosen {choice.name}."
    harm = [f"{name} would not have been chosen: {choice.refused[name]}."]
    reasons = (first, *choice.reasons[1:2], *(harm if name in choice.refused else ()))
    return replace(choice, name=name, reasons=reasons, table=table.assign(outcome=outcome))
