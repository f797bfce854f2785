"""Start a plant's network from a pretrained one: what is loaded, what is left out, what is frozen.

The encoder is shared between machine types. The input layer belongs to the machine's own channels:
its columns are loaded by channel *name*, so that a plant that measures some of the turbofan's sensors
inherits just those. Whatever does not fit is left out and reported, never forced.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import pandas as pd
import torch

from rul_platform.core import splits
from rul_platform.core.recipe import FitConfig
from rul_platform.core.windows import Windows
from rul_platform.learning.checkpoints import Checkpoint
from rul_platform.learning.models import ModelConfig, RulNetwork, build
from rul_platform.learning.training import FitResult, Progress, fit

Freeze = Literal["nothing", "encoder", "encoder_at_first"]
"""``encoder``: feature extraction; ``encoder_at_first``: the plant's own parts learn alone for the
first third of the steps, then everything learns together; ``nothing``: full fine-tuning."""

WARM_UP_SHARE = 1 / 3


@dataclass(frozen=True, slots=True)
class Skipped:
    """A weight of the checkpoint that was not used, or a part of one."""

    name: str
    found: str
    expected: str
    why: str


@dataclass(frozen=True, slots=True)
class TransferReport:
    """What became of every weight of the checkpoint."""

    loaded: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    frozen: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values for the model's card."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class FinetuneConfig:
    """How to fine-tune.

    Attributes:
        fit: The loop's settings; ``fit.learning_rate`` is what the plant's own parts learn with.
        freeze: Which pretrained weights stay as they are.
        pretrained_rate: Factor on the learning rate of pretrained parts.
    """

    fit: FitConfig
    freeze: Freeze = "encoder_at_first"
    pretrained_rate: float = 0.2


def transfer(
    checkpoint: Checkpoint, channels: tuple[str, ...], *, seed: int, freeze: Freeze = "nothing"
) -> tuple[RulNetwork, ModelConfig, TransferReport]:
    """Build a network for ``channels`` and load into it what fits of ``checkpoint``.

    Returns:
        The network, its config, and what became of every weight.
    """
    config = ModelConfig(
        name=checkpoint.config.name,
        **(checkpoint.config.to_json() | {"input_size": len(channels)}),
    )
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
    frozen = tuple(n for n in state if n.startswith("encoder.")) if freeze == "encoder" else ()
    return network, config, TransferReport(tuple(loaded), tuple(skipped), frozen)


def finetune(
    network: RulNetwork,
    train: Windows,
    valid: Windows,
    config: FinetuneConfig,
    *,
    cap: float,
    progress: Progress | None = None,
) -> FitResult:
    """Train a transferred network in place, freezing as ``config`` says.

    Raises:
        TooFewUnitsError: There is nothing to train or to validate on.
    """
    rates = {"encoder": config.pretrained_rate}
    if config.freeze == "encoder":
        network.encoder.requires_grad_(requires_grad=False)
    if config.freeze != "encoder_at_first":
        return fit(
            network, train, valid, config.fit, cap=cap, learning_rates=rates, progress=progress
        )
    network.encoder.requires_grad_(requires_grad=False)
    alone = _steps(config.fit, WARM_UP_SHARE)
    first = fit(network, train, valid, alone, cap=cap, progress=progress)
    network.encoder.requires_grad_(requires_grad=True)
    together = _steps(config.fit, 1 - WARM_UP_SHARE)
    second = fit(network, train, valid, together, cap=cap, learning_rates=rates, progress=progress)
    return _joined(first, second)


@dataclass(frozen=True, slots=True)
class Finetuned:
    """A network that was fine-tuned.

    Attributes:
        start: Name of what it began with.
        network: Trained.
        model: What it was built from.
        transfer: What became of every weight of the start.
        fitted: What training did.
    """

    start: str
    network: RulNetwork
    model: ModelConfig
    transfer: TransferReport
    fitted: FitResult


def finetune_from(
    starts: Mapping[str, Checkpoint],
    channels: tuple[str, ...],
    windows: Windows,
    config: FinetuneConfig,
    *,
    cap: float,
    progress: Progress | None = None,
) -> tuple[Finetuned, dict[str, float]]:
    """Fine-tune from each start and keep what validates best, of equals the first.

    Args:
        starts: One checkpoint or more by name.
        channels: Names of the plant's channels.
        windows: All windows of the plant; training and validation units are used.
        config: How to fine-tune, the same from each start.
        cap: Label cap, in life units.
        progress: Told after each validation.

    Returns:
        The best, and of each start how its fine-tuning validated, in life units.

    Raises:
        TooFewUnitsError: There is nothing to train or to validate on.
    """
    train, valid = windows.select(splits.TRAIN), windows.select(splits.VALID)
    results: list[Finetuned] = []
    for name, checkpoint in starts.items():
        network, model, report = transfer(
            checkpoint, channels, seed=config.fit.seed, freeze=config.freeze
        )
        fitted = finetune(network, train, valid, config, cap=cap, progress=progress)
        results.append(Finetuned(name, network, model, report, fitted))
    best = min(results, key=lambda result: result.fitted.best_valid_rmse)
    return best, {result.start: result.fitted.best_valid_rmse for result in results}


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
    return [_skip("input_layer.weight", source, target, why)]


def _skip(name: str, found: torch.Tensor, expected: torch.Tensor, why: str) -> Skipped:
    return Skipped(name, str(list(found.shape)), str(list(expected.shape)), why)


def _steps(config: FitConfig, share: float) -> FitConfig:
    values = asdict(config) | {"steps": max(1, round(config.steps * share))}
    return FitConfig(**values)


def _joined(first: FitResult, second: FitResult) -> FitResult:
    """Two phases as one history; the second began with the best of the first."""
    offset = int(first.history["step"].iloc[-1])
    later = second.history.iloc[1:].assign(step=lambda rows: rows["step"] + offset)
    return FitResult(
        history=pd.concat([first.history, later], ignore_index=True),
        best_step=second.best_step + offset if second.best_step else first.best_step,
        best_valid_rmse=second.best_valid_rmse,
        cpu_seconds=first.cpu_seconds + second.cpu_seconds,
    )
