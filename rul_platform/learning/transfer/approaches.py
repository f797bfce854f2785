"""How each approach makes a plant's model from units whose failure is known.

Belongs here: what an approach trains, and what it needs. Does not belong here: which one is best
(``core.selection``), leaving units out (``cross_validation``).

Nothing here stops early: a fixed number of steps needs no unit to watch, so that the units left out of
a fold choose nothing and calibrate honestly.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from rul_platform.core.approaches import (
    BLENDS,
    BOOSTING,
    DISCRIMINATIVE,
    FROM_SCRATCH,
    FULL,
    HEAD_ONLY,
    POOLED,
    PROGRESSIVE,
    REPLAY,
    ZERO_SHOT,
)
from rul_platform.core.windows import Windows, even_cuts, pool
from rul_platform.errors import ApproachError
from rul_platform.learning.fitting import training
from rul_platform.learning.fitting.training import Progress
from rul_platform.learning.networks import models
from rul_platform.learning.trained.boosting import READINGS, fit_boosting
from rul_platform.learning.trained.learned import MeanModel, NetworkModel
from rul_platform.learning.transfer.finetuning import finetune, transfer
from rul_platform.learning.transfer.setting import (
    Setting,
    Trained,
    available,
    default_approaches,
    require_available,
)

__all__ = [
    "Setting", "Trained", "available", "blended", "default_approaches", "require_available",
    "train_approach",
]  # fmt: skip

POOLED_CUTS = 40
"""Pooled boosting looks at this many windows of each source unit: all of them would cost five times."""

PLANT_SHARE = 0.3
"""Part of what pooled boosting learns from that is the plant's own, however few units it has: its
windows are there several times. Weights would say the same, and make the fit six times as slow."""

BLEND_SHARES = (0.35, 0.65)
"""Of the network and of boosting in a blend: with few units a network errs more (docs/experiments.md,
section 15)."""

NETWORK_MODES: Mapping[str, dict[str, object]] = {
    HEAD_ONLY: {"freeze": "head_only", "discriminative": False},
    PROGRESSIVE: {"freeze": "progressive", "discriminative": False},
    DISCRIMINATIVE: {"freeze": "nothing", "discriminative": True},
    FULL: {},
    REPLAY: {},
}
"""What each approach that goes on from a network changes of the setting's fine-tuning; full fine-tuning
and source replay freeze what the setting says."""


def train_approach(
    name: str,
    known: Windows,
    setting: Setting,
    *,
    seed: int,
    fold: int | None = None,
    progress: Progress | None = None,
) -> Trained:
    """Train one approach.

    Args:
        name: One of :func:`available`.
        known: All windows of the units to learn from, and of no other.
        setting: What all approaches share.
        seed: Of weights, batches and trees.
        fold: Whose start is begun with, where the setting has starts.
        progress: Told how a training goes.

    Raises:
        ApproachError: This plant cannot be tried with it.
        TooFewUnitsError: There is nothing to learn from.
    """
    require_available((name,), setting)
    begin = time.process_time()
    if name in BLENDS:
        parts = [
            train_approach(part, known, setting, seed=seed, fold=fold, progress=progress)
            for part in BLENDS[name]
        ]
        return blended(parts)
    setting = replace(
        setting,
        config=replace(
            setting.config, fit=replace(setting.config.fit, seed=seed, early_stopping=False)
        ),
    )
    trained = _ways()[name](name, known, setting, fold, progress)
    return replace(trained, cpu_seconds=time.process_time() - begin)


def blended(parts: list[Trained]) -> Trained:
    """The mean of a network and of boosting; what its training did is what that of the network did."""
    return replace(
        parts[0],
        model=MeanModel(tuple(part.model for part in parts), BLEND_SHARES),
        cpu_seconds=sum(part.cpu_seconds for part in parts),
    )


Way = Callable[[str, Windows, Setting, int | None, Progress | None], Trained]


def _ways() -> dict[str, Way]:
    return {
        ZERO_SHOT: _zero_shot,
        FROM_SCRATCH: _from_scratch,
        BOOSTING: _boosting,
        POOLED: _pooled,
        **dict.fromkeys(NETWORK_MODES, _finetuned),
    }


def _zero_shot(
    _name: str, _known: Windows, setting: Setting, fold: int | None, _progress: Progress | None
) -> Trained:
    """The pretrained network as it is, on the plant's own scaling."""
    start = setting.start_of(fold)
    network, config, report = transfer(
        start, setting.channels, seed=setting.config.fit.seed, terms=setting.terms
    )
    return Trained(NetworkModel(network, config, setting.channels, setting.window), transfer=report)


def _from_scratch(
    _name: str, known: Windows, setting: Setting, _fold: int | None, progress: Progress | None
) -> Trained:
    """The same network with weights drawn anew."""
    fit = setting.config.from_scratch
    config = replace(setting.checkpoint.config, input_size=len(setting.channels))
    network = models.build(config, seed=fit.seed)
    seen = known.shorter(setting.window)
    fitted = training.fit(network, seen, None, fit, cap=setting.cap, progress=progress)
    model = NetworkModel(network, config, setting.channels, setting.window)
    return Trained(model, fitted.history, gradients=fitted.gradients)


def _finetuned(
    name: str, known: Windows, setting: Setting, fold: int | None, progress: Progress | None
) -> Trained:
    """A network that goes on learning on the plant."""
    config = replace(setting.config, **NETWORK_MODES[name])
    network, model, report = transfer(
        setting.start_of(fold),
        setting.channels,
        seed=config.fit.seed,
        freeze=config.freeze,
        terms=setting.terms,
    )
    replayed = setting.source if name == REPLAY else None
    fitted = finetune(
        network,
        known.shorter(setting.window),
        None,
        config,
        cap=setting.cap,
        own_input=report.has_own_input,
        replay=None if replayed is None else replayed.shorter(setting.window),
        progress=progress,
    )
    learned = NetworkModel(network, model, setting.channels, setting.window)
    return Trained(learned, fitted.history, report, gradients=fitted.gradients)


def _boosting(
    _name: str, known: Windows, setting: Setting, _fold: int | None, _progress: Progress | None
) -> Trained:
    fit, far = setting.config.fit, setting.checkpoint.config.far
    return Trained(fit_boosting(known.of_length(READINGS), cap=setting.cap, seed=fit.seed, far=far))


def _pooled(
    name: str, known: Windows, setting: Setting, _fold: int | None, _progress: Progress | None
) -> Trained:
    """Boosting on source and plant units together, the plant's own weighted up."""
    fit, far = setting.config.fit, setting.checkpoint.config.far
    if setting.source is None:
        raise ApproachError((name,), available=available(setting))
    known = known.of_length(READINGS)
    source = even_cuts(setting.source.of_length(READINGS), POOLED_CUTS)
    times = max(1, round(PLANT_SHARE / (1 - PLANT_SHARE) * len(source) / len(known)))
    counted = known.index.loc[known.index.index.repeat(times)]
    own = Windows(known.table, counted, known.length)
    together = pool({"source": source, "plant": own})
    return Trained(fit_boosting(together, cap=setting.cap, seed=fit.seed, far=far))
