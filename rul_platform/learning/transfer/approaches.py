"""How each approach makes a plant's model from units whose failure is known.

Belongs here: what an approach trains, and what it needs. Does not belong here: which one is best
(``core.selection``), leaving units out (``cross_validation``).

Nothing here stops early: a training takes all its steps, so that the units left out of a fold, on which
it is watched, choose nothing and calibrate honestly.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from rul_platform.core.approaches import (
    BLEND,
    BLENDS,
    BOOSTING,
    DISCRIMINATIVE,
    ENSEMBLE,
    FROM_SCRATCH,
    FULL,
    HEAD_ONLY,
    POOLED,
    PROGRESSIVE,
    REPLAY,
    SCRATCH_BLEND,
    WHOLE_HISTORIES,
    ZERO_SHOT,
)
from rul_platform.core.windows import Windows, even_cuts, pool
from rul_platform.errors import ApproachError
from rul_platform.learning.fitting import training
from rul_platform.learning.fitting.training import Progress
from rul_platform.learning.networks import models
from rul_platform.learning.trained.boosting import READINGS, fit_boosting
from rul_platform.learning.trained.ensemble_recipe import EnsembleRecipe
from rul_platform.learning.trained.history_network import fit_history_network
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
    "Setting", "Trained", "available", "blended", "default_approaches", "readings_for",
    "require_available", "train_approach",
]  # fmt: skip

POOLED_CUTS = 40
"""Pooled boosting looks at this many windows of each source unit: all of them would cost five times."""

PLANT_SHARE = 0.3
"""Part of what pooled boosting learns from that is the plant's own, however few units it has: its
windows are there several times. Weights would say the same, and make the fit six times as slow."""

BLEND_SHARES = {BLEND: (0.35, 0.65), SCRATCH_BLEND: (0.35, 0.65), ENSEMBLE: (0.5, 0.5)}
"""Of the network and of boosting: with few units a network errs more (docs/experiments.md, sections 13
and 15)."""

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
    left_out: Windows | None = None,
    progress: Progress | None = None,
) -> Trained:
    """Train one approach.

    Args:
        name: One of :func:`available`.
        known: All windows of the units to learn from, and of no other.
        setting: What all approaches share.
        seed: Of weights, batches and trees.
        fold: Whose start is begun with, where the setting has starts.
        left_out: All windows of other units, with exact labels: how a network errs on them is noted
            while it learns, and changes nothing.
        progress: Told how a training goes.

    Raises:
        ApproachError: This plant cannot be tried with it.
        TooFewUnitsError: There is nothing to learn from.
    """
    require_available((name,), setting)
    begin = time.process_time()
    if name in BLENDS:
        parts = [
            train_approach(
                part, known, setting, seed=seed, fold=fold, left_out=left_out, progress=progress
            )
            for part in BLENDS[name]
        ]
        return blended(name, parts)
    setting = replace(
        setting,
        config=replace(
            setting.config, fit=replace(setting.config.fit, seed=seed, early_stopping=False)
        ),
    )
    watched = left_out if left_out is not None and len(left_out) else None
    trained = _ways()[name](_Lesson(name, known, setting, fold, watched, progress))
    return replace(trained, cpu_seconds=time.process_time() - begin)


def readings_for(names: tuple[str, ...], windows: Windows) -> int:
    """How many readings the models of these approaches look at, at most."""
    is_whole = any(WHOLE_HISTORIES in (name, *BLENDS.get(name, ())) for name in names)
    return max(READINGS, windows.longest_history()) if is_whole else READINGS


def blended(name: str, parts: list[Trained]) -> Trained:
    """The mean of a network and of boosting; what its training did is what that of the network did."""
    return replace(
        parts[0],
        model=MeanModel(tuple(part.model for part in parts), BLEND_SHARES[name]),
        cpu_seconds=sum(part.cpu_seconds for part in parts),
    )


@dataclass(frozen=True, slots=True)
class _Lesson:
    """What one training is given."""

    name: str
    known: Windows
    setting: Setting
    fold: int | None
    left_out: Windows | None
    progress: Progress | None

    @property
    def watched(self) -> Windows | None:
        """What is left out, as a network sees it that looks at windows."""
        left_out = self.left_out
        return None if left_out is None else left_out.shorter(self.setting.window)


def _ways() -> dict[str, Callable[[_Lesson], Trained]]:
    return {
        ZERO_SHOT: _zero_shot,
        FROM_SCRATCH: _from_scratch,
        BOOSTING: _boosting,
        POOLED: _pooled,
        WHOLE_HISTORIES: _whole_histories,
        **dict.fromkeys(NETWORK_MODES, _finetuned),
    }


def _zero_shot(given: _Lesson) -> Trained:
    """The pretrained network as it is, on the plant's own scaling."""
    setting = given.setting
    start = setting.start_of(given.fold)
    network, config, report = transfer(
        start, setting.channels, seed=setting.config.fit.seed, terms=setting.terms
    )
    return Trained(NetworkModel(network, config, setting.channels, setting.window), transfer=report)


def _from_scratch(given: _Lesson) -> Trained:
    """The same network with weights drawn anew."""
    setting, fit = given.setting, given.setting.config.from_scratch
    config = replace(setting.checkpoint.config, input_size=len(setting.channels))
    network = models.build(config, seed=fit.seed)
    fitted = training.fit(
        network,
        given.known.shorter(setting.window),
        given.watched,
        fit,
        cap=setting.cap,
        progress=given.progress,
    )
    model = NetworkModel(network, config, setting.channels, setting.window)
    return Trained(model, fitted.history, gradients=fitted.gradients)


def _whole_histories(given: _Lesson) -> Trained:
    """A network of the ensemble (``trained.ensemble``): begun with nothing, it sees all of a life."""
    setting, known = given.setting, given.known
    model, fitted = fit_history_network(
        known,
        EnsembleRecipe(),
        setting.channels,
        window=max(known.length, known.longest_history()),
        cap=setting.cap,
        seed=setting.config.fit.seed,
        device=setting.config.fit.device,
        watched=given.left_out,
        progress=given.progress,
    )
    return Trained(model, fitted.history, gradients=fitted.gradients)


def _finetuned(given: _Lesson) -> Trained:
    """A network that goes on learning on the plant."""
    setting = given.setting
    config = replace(setting.config, **NETWORK_MODES[given.name])
    network, model, report = transfer(
        setting.start_of(given.fold),
        setting.channels,
        seed=config.fit.seed,
        freeze=config.freeze,
        terms=setting.terms,
    )
    replayed = setting.source if given.name == REPLAY else None
    fitted = finetune(
        network,
        given.known.shorter(setting.window),
        given.watched,
        config,
        cap=setting.cap,
        own_input=report.has_own_input,
        replay=None if replayed is None else replayed.shorter(setting.window),
        progress=given.progress,
    )
    learned = NetworkModel(network, model, setting.channels, setting.window)
    return Trained(learned, fitted.history, report, gradients=fitted.gradients)


def _boosting(given: _Lesson) -> Trained:
    setting, known = given.setting, given.known.of_length(READINGS)
    fit, far = setting.config.fit, setting.checkpoint.config.far
    return Trained(fit_boosting(known, cap=setting.cap, seed=fit.seed, far=far))


def _pooled(given: _Lesson) -> Trained:
    """Boosting on source and plant units together, the plant's own weighted up."""
    setting, known = given.setting, given.known.of_length(READINGS)
    fit, far = setting.config.fit, setting.checkpoint.config.far
    if setting.source is None:
        raise ApproachError((given.name,), available=available(setting))
    source = even_cuts(setting.source.of_length(READINGS), POOLED_CUTS)
    times = max(1, round(PLANT_SHARE / (1 - PLANT_SHARE) * len(source) / len(known)))
    counted = known.index.loc[known.index.index.repeat(times)]
    own = Windows(known.table, counted, known.length)
    together = pool({"source": source, "plant": own})
    return Trained(fit_boosting(together, cap=setting.cap, seed=fit.seed, far=far))
