"""A model doctor: what a model is made of, and what in it is broken, dead or unused.

Belongs here: looking into a model that is trained. Does not belong here: how training went
(``core.diagnosis``), how good it is (``core.evaluation``).

Shape letters: N windows, W window length in readings, F channels.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from rul_platform.core.findings import Finding
from rul_platform.core.labels import to_target
from rul_platform.core.windows import Windows
from rul_platform.learning.fitting.training import one_thread
from rul_platform.learning.trained.learned import Learned, NetworkModel, Outputs
from rul_platform.learning.trained.model_parts import parts_of
from rul_platform.learning.trained.stored_models import networks_of

WINDOWS = 256
"""Looked at, evenly taken from those given: enough for a unit that is alive to show it."""

STILL = 1e-6
"""A recurrent unit lives between -1 and 1; one that moves by less than this over all windows is dead."""

SAME = 1e-4
"""Answers closer than this part of the cap are the same: 0.01 of 125 cycles."""

NARROW = 0.5
"""A model whose answers span less than this share of the labels' span does not follow wear."""

OUTSIDE = 0.25
"""Answers so far below 0 or above the cap, in units of the cap, are no rounding of a trained model."""


@dataclass(frozen=True, slots=True)
class Examination:
    """What the doctor saw.

    Attributes:
        parts: As of :func:`~rul_platform.learning.trained.model_parts.parts_of`.
        influence: One row for each channel: ``channel``, ``is_constant``, and ``largest_change`` of the
            answer, in units of the cap, where the channel is held at its mean.
        findings: What is wrong; ``sound`` alone where nothing is.
    """

    parts: pd.DataFrame
    influence: pd.DataFrame
    findings: tuple[Finding, ...]

    @property
    def parameters(self) -> int:
        """Weights and nodes of trees together."""
        return int(self.parts["parameters"].sum())

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "parameters": self.parameters,
            "parts": self.parts.to_dict("records"),
            "influence": self.influence.to_dict("records"),
            "findings": [finding.to_json() for finding in self.findings],
        }


def examine(
    model: Learned, windows: Windows, channels: tuple[str, ...], *, cap: float
) -> Examination:
    """Look into a model and see how it answers.

    Args:
        model: Trained.
        windows: Of machines that it is meant for; some hundred are looked at, none is needed: then
            only the weights are looked at.
        channels: Names of the F channels.
        cap: Label cap, in life units.
    """
    one_thread()
    networks = networks_of(model)
    parts = parts_of(model, channels=len(channels))
    found = _not_finite(parts)
    influence = pd.DataFrame(columns=["channel", "is_constant", "largest_change"])
    if len(windows) and not found:
        some = _some(windows)
        said = model.outputs(some)
        for number, network in enumerate(networks, start=1):
            found += _dead_units(network, some, member=number)
        found += _answers(said, to_target(some.rul(), cap))
        influence = _influence(model, some, channels, said)
        found += _unused(influence)
    return Examination(parts, influence, tuple(found) or (SOUND,))


SOUND = Finding(
    "sound", "good", "every weight is finite, every unit lives and every channel counts"
)


def _some(windows: Windows) -> Windows:
    """At most ``WINDOWS`` of them, evenly taken, in a table of their own: small to change."""
    at = np.unique(np.linspace(0, len(windows) - 1, WINDOWS).astype(np.intp))
    chosen = Windows(windows.table, windows.index.iloc[at], windows.length)
    last = np.arange(1, len(at) + 1) * windows.length - 1
    index = chosen.index.assign(first_row=last - windows.length + 1, last_row=last)
    table = chosen.features().reshape(-1, windows.table.shape[1])
    return Windows(table, index, windows.length)


def _not_finite(parts: pd.DataFrame) -> list[Finding]:
    broken = parts[~parts["is_finite"].astype(bool)]
    if broken.empty:
        return []
    names = ", ".join(f"{m}: {p}" for m, p in zip(broken["member"], broken["part"], strict=True))
    what = f"weights that are no finite number, in {names}"
    remedy = "Training diverged: do not use this model; train again with a lower learning rate."
    return [Finding("nan_weights", "error", what, remedy, {"parts": float(len(broken))})]


def _dead_units(model: NetworkModel, windows: Windows, *, member: int) -> list[Finding]:
    """Recurrent units that never move, and filters that ReLU always cuts to 0."""
    dead: dict[str, tuple[int, int]] = {}

    def look(name: str) -> Any:
        def hook(module: nn.Module, _: object, output: Any) -> None:
            is_dead = _is_dead(module, output)
            dead[name] = (int(is_dead.sum()), len(is_dead))

        return hook

    watched = [
        module.register_forward_hook(look(name))
        for name, module in model.network.named_modules()
        if isinstance(module, nn.LSTM | nn.GRU | nn.Conv1d)
    ]
    model.network.eval()
    with torch.no_grad():
        model.network(torch.from_numpy(windows.shorter(model.window).features()))
    for handle in watched:
        handle.remove()
    remedy = "They cost time and learn nothing: fewer hidden units, or a lower rate at the start."
    return [
        Finding(
            "dead_units",
            "warning",
            f"{count} of {units} units of {member}: {name} are dead",
            remedy,
            {"dead": float(count), "units": float(units)},
        )
        for name, (count, units) in dead.items()
        if count
    ]


def _is_dead(module: nn.Module, output: Any) -> Tensor:
    """Which units are dead, shape ``(H,)``."""
    if isinstance(module, nn.Conv1d):
        return output.amax(dim=(0, 2)) <= 0
    states_BWH = output[0]
    return states_BWH.amax(dim=(0, 1)) - states_BWH.amin(dim=(0, 1)) < STILL


def _answers(said: Outputs, target: Outputs) -> list[Finding]:
    """Whether the answers are numbers, move, and cover what the labels cover."""
    if not np.isfinite(said).all():
        share = float((~np.isfinite(said)).mean())
        what = f"{share:.0%} of its answers are no finite number"
        remedy = "Do not use this model; see whether the readings hold values that are not finite."
        return [Finding("nan_answers", "error", what, remedy, {"share": share})]
    low, high, span = float(said.min()), float(said.max()), float(np.ptp(target))
    numbers = {"lowest": low, "highest": high, "labels_span": span}
    between = f"its answers lie between {low:.2f} and {high:.2f} of the cap"
    if high - low < SAME and len(said) > 1:
        remedy = "It says the same of every machine: train for longer or with another rate."
        return [Finding("constant_answer", "error", between, remedy, numbers)]
    found = []
    if high - low < NARROW * span:
        what = f"{between}, the labels span {span:.2f}"
        remedy = "It hardly follows wear: train for longer, or look for better sensors."
        found.append(Finding("narrow_answers", "warning", what, remedy, numbers))
    if low < -OUTSIDE or high > 1 + OUTSIDE:
        remedy = "They are cut off at 0 and the cap; look for readings unlike those of training."
        found.append(Finding("answers_outside", "warning", between, remedy, numbers))
    return found


def _influence(
    model: Learned, windows: Windows, channels: tuple[str, ...], said: Outputs
) -> pd.DataFrame:
    """How far the answer moves at most where one channel is held at its mean."""
    rows = []
    for column, channel in enumerate(channels):
        values = windows.table[:, column]
        held = windows.table.copy()
        held[:, column] = values.mean()
        other = model.outputs(Windows(held, windows.index, windows.length))
        rows.append((channel, bool(np.ptp(values) == 0), float(np.abs(other - said).max())))
    return pd.DataFrame(rows, columns=["channel", "is_constant", "largest_change"])


def _unused(influence: pd.DataFrame) -> list[Finding]:
    constant = influence[influence["is_constant"]]
    silent = influence[~influence["is_constant"] & (influence["largest_change"] < SAME)]
    kinds = {
        "constant_channels": (constant, "never move in these windows", "Leave them out."),
        "channels_without_influence": (
            silent,
            "change no answer",
            "Leaving them out costs nothing.",
        ),
    }
    return [
        Finding(
            kind, "note", f"{', '.join(rows['channel'])} {what}", remedy, {"channels": len(rows)}
        )
        for kind, (rows, what, remedy) in kinds.items()
        if len(rows)
    ]
