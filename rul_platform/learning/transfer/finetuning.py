"""Start a plant's network from a pretrained one: what is loaded, what is left out, what is frozen.

The encoder is shared between machine types. The input layer belongs to the machine's own channels:
its columns are loaded by channel *name*, so that a plant that measures some of the turbofan's sensors
inherits just those. Whatever does not fit is left out and reported, never forced.
"""

import functools
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import pandas as pd
import torch

from rul_platform.core.plant_recipe import SCRATCH_RATE, SCRATCH_TIMES
from rul_platform.core.recipe import FitConfig
from rul_platform.core.terms import UNKNOWN, Terms
from rul_platform.core.windows import Windows
from rul_platform.learning.fitting.training import FitResult, Progress, fit
from rul_platform.learning.networks.checkpoints import Checkpoint
from rul_platform.learning.networks.models import ModelConfig, RulNetwork, build
from rul_platform.learning.transfer.freezing import Freeze, never_learning, phases


@dataclass(frozen=True, slots=True)
class Skipped:
    """A weight of the checkpoint that was not used, or a part of one.

    Attributes:
        name: Of the weight.
        found: Its shape in the checkpoint.
        expected: Its shape in the plant's network.
        why: In plain words.
        is_new: Whether the plant's network has to learn this weight, or a part of it, anew.
    """

    name: str
    found: str
    expected: str
    why: str
    is_new: bool = True


@dataclass(frozen=True, slots=True)
class TransferReport:
    """What became of every weight of the checkpoint.

    Attributes:
        loaded: Weights that were taken over, whole or in part.
        skipped: Weights that were not, or not whole.
        frozen: Weights that never learn.
        phases: Name of each phase of the fine-tuning to the weights that are frozen in it.
        remarks: What was different where the checkpoint learned (``cap``, ``life_unit``, ``window``,
            ``scaler``), in words; what is not known of both is not there.
    """

    loaded: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    frozen: tuple[str, ...]
    phases: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    remarks: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def has_own_input(self) -> bool:
        """Whether the input layer, or a part of it, is learned anew."""
        return any(each.name == "input_layer.weight" and each.is_new for each in self.skipped)

    def to_json(self) -> dict[str, Any]:
        """Plain values for the model's card."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class FinetuneConfig:
    """How to fine-tune, and how a network learns that is measured beside and begins with nothing.

    Attributes:
        fit: The loop's settings; ``fit.learning_rate`` is what the plant's own parts learn with.
        freeze: Which pretrained weights stay as they are.
        pretrained_rate: Factor on the learning rate of pretrained parts.
        discriminative: Lower the rate from layer to layer instead, the deeper the lower.
        scratch_rate: Peak learning rate of a network that begins with nothing.
        scratch_steps: Its batches; None: ``SCRATCH_TIMES`` as many as of the others.
    """

    fit: FitConfig
    freeze: Freeze = "nothing"
    pretrained_rate: float = 0.2
    discriminative: bool = False
    scratch_rate: float = SCRATCH_RATE
    scratch_steps: int | None = None

    @property
    def from_scratch(self) -> FitConfig:
        """The loop's settings of a network that begins with nothing."""
        steps = self.scratch_steps or SCRATCH_TIMES * self.fit.steps
        return replace(self.fit, steps=steps, learning_rate=self.scratch_rate)


def transfer(
    checkpoint: Checkpoint,
    channels: tuple[str, ...],
    *,
    seed: int,
    freeze: Freeze = "nothing",
    terms: Terms = UNKNOWN,
) -> tuple[RulNetwork, ModelConfig, TransferReport]:
    """Build a network for ``channels`` and load into it what fits of ``checkpoint``.

    Args:
        checkpoint: The pretrained network.
        channels: Names of the F channels, in order.
        seed: Of the weights that are drawn anew.
        freeze: Which weights will stay as they are, for the report.
        terms: What numbers mean here, as far as it is known; changes no weight.

    Returns:
        The network, its config, and what became of every weight.
    """
    config = replace(checkpoint.config, input_size=len(channels))
    network = build(config, seed=seed)
    state = network.state_dict()
    skipped: list[Skipped] = []
    loaded: list[str] = []
    for name, tensor in checkpoint.state.items():
        if name == "input_layer.weight":
            note = _copy_columns(state[name], tensor, channels, checkpoint.channels)
            skipped += note
            if any(channel in checkpoint.channels for channel in channels):
                loaded.append(name)
        elif name == "input_layer.bias" and set(channels).isdisjoint(checkpoint.channels):
            skipped.append(
                _skip(name, tensor, state[name], "it belongs to channels that are absent")
            )
        else:
            state[name].copy_(tensor)
            loaded.append(name)
    remarks = checkpoint.differences(terms)
    report = TransferReport(tuple(loaded), tuple(skipped), (), remarks=remarks)
    planned = phases(state, freeze, rate=1.0, own_input=report.has_own_input)
    frozen = {phase.name: phase.frozen for phase in planned}
    return network, config, replace(report, frozen=never_learning(planned), phases=frozen)


def finetune(
    network: RulNetwork,
    train: Windows,
    valid: Windows | None,
    config: FinetuneConfig,
    *,
    cap: float,
    own_input: bool = False,
    replay: Windows | None = None,
    progress: Progress | None = None,
) -> FitResult:
    """Train a transferred network in place, phase after phase, freezing as ``config`` says.

    Args:
        network: From :func:`transfer`.
        train: Windows to learn from.
        valid: Windows of other units, for early stopping; None where ``config.fit`` stops at no sign.
        config: How to fine-tune.
        cap: Label cap, in life units.
        own_input: The input layer is the plant's own, and always learns.
        replay: Windows of source units; half of each batch then comes from them.
        progress: Told after each validation.

    Raises:
        TooFewUnitsError: There is nothing to train or to validate on.
    """
    names = network.state_dict()
    planned = phases(
        names,
        config.freeze,
        rate=config.pretrained_rate,
        discriminative=config.discriminative,
        own_input=own_input,
    )
    results: list[FitResult] = []
    for phase in planned:
        for name, weight in network.named_parameters():
            weight.requires_grad_(name not in phase.frozen)
        results.append(
            fit(
                network,
                train,
                valid,
                _steps(config.fit, phase.share),
                cap=cap,
                learning_rates=dict(phase.rates),
                replay=replay,
                progress=progress,
            )
        )
    network.requires_grad_(requires_grad=True)
    return functools.reduce(_joined, results)


def _copy_columns(
    target: torch.Tensor,
    source: torch.Tensor,
    channels: tuple[str, ...],
    known: tuple[str, ...],
) -> list[Skipped]:
    """Copy the input weights of channels that both machines have; say which were left out."""
    for column, channel in enumerate(channels):
        if channel in known:
            target[:, column].copy_(source[:, known.index(channel)])
    unused = [channel for channel in known if channel not in channels]
    new = [channel for channel in channels if channel not in known]
    if not unused and not new:
        return []
    why = "; ".join(
        f"{what}: {', '.join(names)}"
        for what, names in (("channels that this plant lacks", unused), ("learned anew", new))
        if names
    )
    return [_skip("input_layer.weight", source, target, why, is_new=bool(new))]


def _skip(
    name: str, found: torch.Tensor, expected: torch.Tensor, why: str, *, is_new: bool = True
) -> Skipped:
    return Skipped(name, str(list(found.shape)), str(list(expected.shape)), why, is_new)


def _steps(config: FitConfig, share: float) -> FitConfig:
    return replace(config, steps=max(1, round(config.steps * share)))


def _joined(first: FitResult, second: FitResult) -> FitResult:
    """Two phases as one training; the second began with the best of the first."""
    offset = int(first.history["step"].iloc[-1])
    later = second.history.iloc[1:].assign(step=lambda rows: rows["step"] + offset)
    looked = second.gradients.assign(step=lambda rows: rows["step"] + offset)
    kept = [each for each in (first.gradients, looked) if len(each)]
    return FitResult(
        history=pd.concat([first.history, later], ignore_index=True),
        gradients=pd.concat(kept, ignore_index=True) if kept else first.gradients,
        best_step=second.best_step + offset if second.best_step else first.best_step,
        best_valid_rmse=second.best_valid_rmse,
        cpu_seconds=first.cpu_seconds + second.cpu_seconds,
        batch=min(filter(None, (first.batch, second.batch)), key=lambda b: b.size, default=None),
        notes=first.notes + second.notes,
    )
