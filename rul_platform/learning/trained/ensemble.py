"""What we recommend to deploy: the mean of networks and boosting, each trained once for every fold.

Belongs here: which members, with which weights, and their errors on units that they never saw. Does not
belong here: choosing among approaches for a plant (``cross_validation``).

Shape letter: N windows.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rul_platform.core.labels import to_life
from rul_platform.core.metrics import unit_rmse, unit_weights
from rul_platform.core.recipe import Device
from rul_platform.core.windows import CUTS_OF_A_LIFE, Windows, even_cuts
from rul_platform.learning.trained.boosting import BoostingModel, fit_boosting
from rul_platform.learning.trained.ensemble_recipe import EnsembleRecipe
from rul_platform.learning.trained.history_network import fit_history_network
from rul_platform.learning.trained.learned import Learned, MeanModel, NetworkModel, Outputs

NETWORK, BOOSTING = "network", "boosting"
"""Kinds of members."""

Train = Callable[[Windows, int], Learned]
"""From windows to learn from and a seed to a member."""

Progress = Callable[..., None]
"""Called with (members trained, members to train)."""


NETWORK_SHARES = (0.3, 0.7)
"""Limits to the weight of the networks, so that both kinds always have a say."""


@dataclass(frozen=True, slots=True)
class Ensembled:
    """A trained ensemble.

    Attributes:
        model: Serves.
        out_of_fold: Columns ``unit``, ``life``, ``rul`` and ``predicted``, in life units: what the
            members that did not see a unit said of it. What each kind said is in a column of its name.
        members: A row for each kind: ``member``, ``weight``, ``rmse`` (out of fold, in life units) and
            ``cpu_seconds``.
        cpu_seconds: Processor time of all trainings.
    """

    model: MeanModel
    out_of_fold: pd.DataFrame
    members: pd.DataFrame
    cpu_seconds: float


def fit_ensemble(
    windows: Windows,
    recipe: EnsembleRecipe,
    *,
    channels: tuple[str, ...],
    cap: float,
    folds: Mapping[str, int],
    seed: int,
    far: float = 0.0,
    device: Device = "auto",
    progress: Progress | None = None,
) -> Ensembled:
    """Train every member once for each fold, on the units of all other folds.

    Args:
        windows: Of all known units, from the beginning of each on; the ensemble looks at as much of
            a history as the longest of them has.
        recipe: Which members.
        channels: Names of the F channels.
        cap: Label cap, in life units.
        folds: Fold of each unit of ``windows``.
        seed: Of weights, batches and columns.
        far: Cap of a second fit of boosting, in units of ``cap``; 0: none. Networks have no such head:
            it cost them accuracy below the cap (docs/experiments.md).
        device: Where networks are trained; boosting knows the processor alone.
        progress: Told after each member.
    """
    kinds: dict[str, Train] = {
        NETWORK: _Networks(recipe, channels, windows.longest_history(), cap, device),
        BOOSTING: _Trees(recipe, cap, far),
    }
    windows = windows.longer(max(windows.longest_history(), recipe.boosting_window))
    members, seconds, outputs = _trained(kinds, windows, folds, seed, progress)
    share = network_share(outputs, cap=cap)
    weights = {NETWORK: share, BOOSTING: 1 - share}
    outputs["predicted"] = sum(weights[kind] * outputs[kind] for kind in kinds)
    limited = {name: to_life(outputs[name].to_numpy(), cap) for name in (*kinds, "predicted")}
    out_of_fold = outputs.assign(**limited)
    members_table = _told(out_of_fold, weights, seconds, cap=cap)
    return Ensembled(_joined(members, weights), out_of_fold, members_table, sum(seconds.values()))


def _trained(
    kinds: Mapping[str, Train],
    windows: Windows,
    folds: Mapping[str, int],
    seed: int,
    progress: Progress | None,
) -> tuple[dict[str, list[Learned]], dict[str, float], pd.DataFrame]:
    """The members by kind, what each kind took in CPU seconds, and what they say of units left out."""
    fold_of = windows.index["unit"].map(folds).to_numpy()
    numbers = sorted(set(folds.values()))
    members: dict[str, list[Learned]] = {kind: [] for kind in kinds}
    seconds = dict.fromkeys(kinds, 0.0)
    parts: list[pd.DataFrame] = []
    for fold in numbers:
        known, left_out = windows.only(fold_of != fold), windows.only(fold_of == fold)
        cuts = even_cuts(left_out.exact(), CUTS_OF_A_LIFE)
        said: dict[str, Outputs] = {}
        for kind, train in kinds.items():
            begin = time.process_time()
            members[kind].append(train(known, seed * len(numbers) + fold))
            seconds[kind] += time.process_time() - begin
            said[kind] = members[kind][-1].outputs(cuts)
            if progress:
                progress(sum(map(len, members.values())), len(kinds) * len(numbers))
        parts.append(cuts.index[["unit", "life", "rul"]].assign(**said))
    return members, seconds, pd.concat(parts, ignore_index=True)


def network_share(outputs: pd.DataFrame, *, cap: float) -> float:
    """The weight of the networks with the least squared error out of fold, every unit counting once.

    One number that all units choose together: each of them hardly moves it.

    Args:
        outputs: ``unit``, ``rul`` in life units, and what each kind says, in units of the cap.
        cap: Label cap, in life units.

    Returns:
        In hundredths, within ``NETWORK_SHARES``.
    """
    network, boosting = (to_life(outputs[kind].to_numpy(), cap) for kind in (NETWORK, BOOSTING))
    truth, weights = np.minimum(outputs["rul"], cap), unit_weights(outputs["unit"].to_numpy(str))
    apart, lacking = network - boosting, truth - boosting
    spread = float(np.sum(weights * apart**2))
    share = float(np.sum(weights * apart * lacking)) / spread if spread > 0 else 0.5
    return round(float(np.clip(share, *NETWORK_SHARES)), 2)


def _told(
    out_of_fold: pd.DataFrame,
    weights: Mapping[str, float],
    seconds: Mapping[str, float],
    *,
    cap: float,
) -> pd.DataFrame:
    """The table of members."""
    units, truth = out_of_fold["unit"], out_of_fold["rul"]
    rows = [
        (kind, weight, unit_rmse(units, truth, out_of_fold[kind], cap), seconds[kind])
        for kind, weight in weights.items()
    ]
    return pd.DataFrame(rows, columns=["member", "weight", "rmse", "cpu_seconds"])


def _joined(members: Mapping[str, Sequence[Learned]], weights: Mapping[str, float]) -> MeanModel:
    """All members as one, those of a kind with equal weights."""
    flat = [(model, weights[kind] / len(of)) for kind, of in members.items() for model in of]
    return MeanModel(tuple(model for model, _ in flat), tuple(weight for _, weight in flat))


@dataclass(frozen=True, slots=True)
class _Networks:
    """Trains a network on whole histories."""

    recipe: EnsembleRecipe
    channels: tuple[str, ...]
    window: int
    cap: float
    device: Device

    def __call__(self, known: Windows, seed: int) -> NetworkModel:
        model, _ = fit_history_network(
            known,
            self.recipe,
            self.channels,
            window=self.window,
            cap=self.cap,
            seed=seed,
            device=self.device,
        )
        return model


@dataclass(frozen=True, slots=True)
class _Trees:
    """Fits boosting."""

    recipe: EnsembleRecipe
    cap: float
    far: float

    def __call__(self, known: Windows, seed: int) -> BoostingModel:
        seen, leaves = known.shorter(self.recipe.boosting_window), self.recipe.boosting_leaves
        return fit_boosting(seen, cap=self.cap, seed=seed, far=self.far, leaves=leaves)
