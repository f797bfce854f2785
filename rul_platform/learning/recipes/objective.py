"""How good is a recipe? Its error on units that it did not learn from, every known unit once.

What a search and a grid compare recipes by: the units are divided into folds, a network is trained for
each fold on all others, for all steps and without early stopping, and scored on the fold. The fold has
no part in the training: it reports, and by these reports a search gives up what falls behind, so the
best score is chosen by the folds, like any search's. Where there is only one unit whose every label is
exact, its life is divided in time, and units with lower bounds teach beside it. Test units cannot come
in: windows of theirs are refused.

Belongs here: one recipe's score. Does not belong here: which recipes are tried (``search``, ``grid``).
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from rul_platform.core.architectures import Architecture
from rul_platform.core.folds import assign_folds, expanding_splits
from rul_platform.core.metrics import rmse, unit_weights
from rul_platform.core.plant_recipe import PRETRAINED_RATE
from rul_platform.core.recipe import FitConfig
from rul_platform.core.search_space import OF_THE_NETWORK, Chosen, SearchSpace, Value
from rul_platform.core.splits import TEST
from rul_platform.core.windows import Windows, even_cuts
from rul_platform.errors import LeakError
from rul_platform.learning.fitting.training import VALIDATION_CUTS, fit, predict
from rul_platform.learning.networks import checkpoints, models
from rul_platform.learning.networks.models import ModelConfig, RulNetwork
from rul_platform.learning.transfer import finetuning

Report = Callable[[int, float], None]
"""Told (number of the validation over all folds, RMSE in life units); may raise to end the trial."""

FOLDS = 3
"""Fewer than an ensemble has: a search trains each recipe so many times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What recipes are compared on; plain values, so that another process can be given it.

    Attributes:
        windows: Of training and validation units.
        channels: Names of the F channels.
        cap: Label cap, in life units.
        architecture: Of every network that is tried.
        fit: What is not chosen stays as it is here; its ``steps`` are those of each fold.
        start: Bytes of a checkpoint to train on from; None: every network begins anew.
        pretrained_rate: Factor on the learning rate of its encoder, where it is not chosen.
        model: Shape of a network that begins anew; None: the architecture's own.
        folds: How many; a single unit's life is divided in time into as many.
        source: What to name in an error.
    """

    windows: Windows
    channels: tuple[str, ...]
    cap: float
    architecture: Architecture
    fit: FitConfig
    start: bytes | None = None
    pretrained_rate: float = PRETRAINED_RATE
    model: ModelConfig | None = None
    folds: int = FOLDS
    source: str = "search"

    def __post_init__(self) -> None:
        """Refuse windows of test units."""
        refuse_test_units(self.windows, self.source)


def refuse_test_units(windows: Windows, source: str) -> None:
    """Refuse windows of units that judge.

    Raises:
        LeakError: Windows of test units are among those given.
    """
    roles = windows.index["split"]
    found = sorted(set(windows.index["unit"][roles == TEST].astype(str)))
    if found:
        msg = (
            f"{source}: windows of test units {', '.join(found[:8])} were given. Nothing is chosen on "
            f"units that judge; give training and validation windows only."
        )
        raise LeakError(msg)


def score(ground: Ground, chosen: Chosen, report: Report | None = None) -> float:
    """RMSE of a recipe over all held-out units, in life units, labels capped; every unit counts once.

    NaN where a network's answers are no numbers.
    """
    config, window = (
        fit_config(ground.fit, chosen),
        int(chosen.get("window", ground.windows.length)),
    )
    windows = ground.windows.shorter(window)
    truth, found, units = list[Any](), list[Any](), list[Any]()
    done = 0
    for train, held in parts(windows, count=ground.folds, seed=config.seed, source=ground.source):
        network, rates = network_of(ground, chosen, seed=config.seed)

        def tell(step: int, _steps: int, rmse: float, before: int = done) -> None:
            if report is not None:
                report(before + -(-step // config.validate_every), rmse)

        fit(network, train, held, config, cap=ground.cap, learning_rates=rates, progress=tell)
        done += -(-config.steps // config.validate_every)
        cuts = even_cuts(held, VALIDATION_CUTS)
        found.append(predict(network, cuts, ground.cap))
        truth.append(np.minimum(cuts.rul(), ground.cap))
        units.append(cuts.units())
    weights = unit_weights(np.concatenate(units))
    return float(rmse(np.concatenate(truth), np.concatenate(found), weights))


def parts(
    windows: Windows, *, count: int, seed: int, source: str
) -> Iterator[tuple[Windows, Windows]]:
    """Pairs of windows to learn from and windows of other units; of a single unit: of its later life.

    Labels that are only lower bounds teach, and judge nothing. With one unit that has none of them only
    its own rows, in the order of time, are divided; all other units teach each time.

    Raises:
        TooFewUnitsError: Too few units, or too short a life of a single one.
    """
    whole = np.setdiff1d(windows.units(), windows.only(windows.at_least()).units())
    if len(whole) == 1:
        yield from _in_time(windows, whole[0], count=count, source=source)
        return
    units = windows.exact().units().tolist()
    folds = assign_folds(units, seed=seed, source=source, count=count)
    fold_N = windows.index["unit"].map(folds).to_numpy()
    for fold in sorted(set(folds.values())):
        yield windows.only(fold_N != fold), windows.only(fold_N == fold).exact()


def _in_time(
    windows: Windows, unit: str, *, count: int, source: str
) -> Iterator[tuple[Windows, Windows]]:
    """All other units and the beginning of this one's life, and what comes next of it."""
    is_own = windows.units() == unit
    own, gap = np.flatnonzero(is_own), windows.length - 1
    for each in expanding_splits(len(own), count=count, gap=gap, source=source):
        learned, held = ~is_own, np.zeros_like(is_own)
        learned[own[np.asarray(each.train)]] = True
        held[own[np.asarray(each.test)]] = True
        yield windows.only(learned), windows.only(held)


def fit_config(plain: FitConfig, chosen: Chosen) -> FitConfig:
    """``plain`` with what was chosen, for all steps."""
    names = {"learning_rate", "weight_decay", "batch_size", "loss", "schedule", "averaging"}
    values: dict[str, Any] = {name: value for name, value in chosen.items() if name in names}
    return replace(plain, **values, early_stopping=False)


def network_of(ground: Ground, chosen: Chosen, *, seed: int) -> tuple[RulNetwork, dict[str, float]]:
    """A network to train, and factors on the rate of its parts."""
    if ground.start is None:
        return models.build(model_config(ground, chosen), seed=seed), {}
    checkpoint = checkpoints.load(
        ground.start, source="the pretrained checkpoint", architecture=ground.architecture
    )
    network, _, _ = finetuning.transfer(checkpoint, ground.channels, seed=seed)
    return network, {"encoder": float(chosen.get("pretrained_rate", ground.pretrained_rate))}


def plain_choice(ground: Ground, space: SearchSpace) -> dict[str, Value] | None:
    """What we train by default, as a choice of ``space``; None where the space does not hold it."""
    known: dict[str, Any] = {**asdict(ground.fit), "window": ground.windows.length}
    known |= model_config(ground, {}).to_json()
    known["pretrained_rate"] = ground.pretrained_rate
    plain = {name: known[name] for name in space.names}
    return plain if all(each.holds(plain[each.name]) for each in space.dimensions) else None


def problems_of(space: SearchSpace, ground: Ground) -> list[str]:
    """What of a space cannot be searched on this ground, in words."""
    names, found = set(space.names), list[str]()
    if ground.start is not None:
        found += [
            f"{name}: a pretrained network keeps its own; leave it out, or search from scratch"
            for name in OF_THE_NETWORK
            if name in names
        ]
    elif "pretrained_rate" in names:
        found.append("pretrained_rate: no pretrained network is trained on here; leave it out")
    longest = max((max(e.choices) for e in space.dimensions if e.name == "window"), default=0)
    if int(longest) > ground.windows.length:
        found.append(
            f"window reaches to {longest}, but the stored windows have {ground.windows.length} readings"
        )
    return found


def model_config(ground: Ground, chosen: Chosen) -> ModelConfig:
    """The sizes of a network that begins anew."""
    names = {"hidden_size", "num_layers", "dropout"}
    values: dict[str, Any] = {name: value for name, value in chosen.items() if name in names}
    plain = ground.model or models.default_config(ground.architecture, len(ground.channels))
    return replace(plain, input_size=len(ground.channels), **values)
