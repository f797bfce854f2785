"""Which sensors, and which readings, made this RUL.

What a model says of a window is compared with what it says of a healthy machine, and the difference is
shared out. For networks by integrated gradients (Sundararajan, Taly and Yan, "Axiomatic attribution for
deep networks", ICML 2017): the shares add up to the difference, and what is missing is reported. Trees
have no gradient: with them each sensor in turn is set to its healthy values and the answer's change
counts (occlusion; Zeiler and Fergus, ECCV 2014); those shares need not add up. The answer of a blend is
the sum of what its networks and its trees add to it, so each part is shared out in its own way and the
shares are added.

Belongs here: attributions. Does not belong here: drawing them (``reports``).

Shape letters: B batch, N windows, W window length in readings, F channels, G sensors.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from rul_platform.core.windows import Windows, even_cuts
from rul_platform.errors import MissingExtraError
from rul_platform.learning.fitting.training import one_thread
from rul_platform.learning.inspection.answers import answering, without
from rul_platform.learning.trained.learned import Learned
from rul_platform.learning.trained.stored_models import as_network, network_part

Array = NDArray[np.float64]

GRADIENTS, OCCLUSION = "integrated gradients", "occlusion"
BOTH = f"{GRADIENTS} of its networks, {OCCLUSION} of its trees"

HEALTHY_SHARE = 0.2
"""The first fifth of a training unit's known life counts as healthy: wear shows later on C-MAPSS."""

STEPS, FLEET_STEPS = 64, 16
"""Points on the way from the healthy window to this one; for a fleet fewer, its mean evens out more."""

FLEET_CUTS, FLEET_WINDOWS = 8, 160
"""Of each unit, and of all units together: what a report looks at."""

AT_ONCE = 1024
"""Windows in one call of a network."""


@dataclass(frozen=True, slots=True)
class Attribution:
    """Shares of N answers; all in units of the label cap, before any limit.

    Attributes:
        sensors: G names; the channels of one sensor belong together, ``age`` stands alone.
        by_sensor: Shape ``(N, G)``; positive: it made the answer longer.
        by_reading: Shape ``(N, W)``, oldest reading first.
        output: Shape ``(N,)``, what the model says.
        healthy: What it says of the healthy window.
        method: ``integrated gradients``, ``occlusion``, or ``BOTH``.
    """

    sensors: tuple[str, ...]
    by_sensor: Array
    by_reading: Array
    output: Array
    healthy: float
    method: str

    @property
    def missing(self) -> Array:
        """What the shares of the sensors fail to explain, shape ``(N,)``; 0 where they are complete."""
        return self.output - self.healthy - self.by_sensor.sum(axis=1)


def sensor_groups(channels: tuple[str, ...]) -> dict[str, list[int]]:
    """Numbers of the channels of each sensor, in the order of the channels.

    >>> sensor_groups(("T24", "T24_dev", "age"))
    {'T24': [0, 1], 'age': [2]}
    """
    groups: dict[str, list[int]] = {}
    for number, channel in enumerate(channels):
        sensor = channel.removesuffix("_dev")
        groups.setdefault(sensor if sensor in channels else channel, []).append(number)
    return groups


def healthy_window(training: Windows) -> NDArray[np.float32]:
    """The mean window of training units at the beginning of their lives, shape ``(W, F)``.

    Every unit counts once, with its windows from the first fifth of its life as far as it is known.
    """
    span = training.index.groupby("unit")["life"].agg(["min", "max"])
    begin, end = (training.index["unit"].map(span[name]) for name in ("min", "max"))
    early = training.only(training.index["life"] <= begin + HEALTHY_SHARE * (end - begin))
    features, units = early.features(), early.units()
    means = [features[units == unit].mean(axis=0) for unit in np.unique(units)]
    return np.stack(means).mean(axis=0).astype(np.float32)


def attribute(
    model: Learned,
    windows: Windows,
    healthy: NDArray[np.float32],
    channels: tuple[str, ...],
    *,
    steps: int = STEPS,
) -> Attribution:
    """Share out what a model says of each window.

    Args:
        model: Trained.
        windows: N windows.
        healthy: Shape ``(W, F)``, of :func:`healthy_window`.
        channels: Names of the F channels.
        steps: Points of the integration; more make it more exact.

    Raises:
        MissingExtraError: Captum is not installed.
    """
    captum = _captum()
    one_thread()
    groups = sensor_groups(channels)
    x_NWF, healthy_1WF = torch.from_numpy(windows.features()), torch.from_numpy(healthy[None])
    whole = as_network(model, windows)
    network = whole or network_part(model)
    answer = whole or answering(model)
    found: list[tuple[Array, Array]] = []
    if network is not None:
        gradients = captum.IntegratedGradients(network)
        found.append(_integrated(gradients, x_NWF, healthy_1WF, groups, steps))
    if whole is None:
        trees = captum.FeatureAblation(without(answer, network))
        found.append(_occluded(trees, x_NWF, healthy_1WF, groups))
    by_sensor, by_reading = (np.sum(parts, axis=0) for parts in zip(*found, strict=True))
    with torch.no_grad():
        output, base = answer(x_NWF).numpy(), float(answer(healthy_1WF)[0])
    method = GRADIENTS if whole else BOTH if network else OCCLUSION
    return Attribution(
        tuple(groups), by_sensor, by_reading, output.astype(np.float64), base, method
    )


def explain_fleet(
    model: Learned, windows: Windows, background: Windows, channels: tuple[str, ...]
) -> pd.DataFrame:
    """What a model looks at, over many machines.

    Args:
        model: Trained.
        windows: Of the machines to explain, as of the evaluation; a few hundred are taken.
        background: Windows of training units, of which the healthy window is made.
        channels: Names of the F channels.

    Returns:
        One row for each sensor, the weightiest first: ``sensor``; ``share``, its part of all absolute
        attributions, sum 1; ``direction``, correlation of its newest reading with its attribution, from
        -1 (a higher reading means a shorter life) to 1; 0 where either never moves. ``attrs`` has
        ``method``, number of ``windows`` and mean absolute ``missing`` part, in units of the cap.

    Raises:
        MissingExtraError: Captum is not installed.
    """
    some = even_cuts(windows, FLEET_CUTS)
    at = np.unique(np.linspace(0, len(some) - 1, min(len(some), FLEET_WINDOWS)).astype(np.intp))
    chosen = Windows(some.table, some.index.iloc[at], some.length)
    found = attribute(model, chosen, healthy_window(background), channels, steps=FLEET_STEPS)
    weight = np.abs(found.by_sensor).mean(axis=0)
    first = [group[0] for group in sensor_groups(channels).values()]
    readings = chosen.newest()[:, first].astype(np.float64)
    table = pd.DataFrame(
        {
            "sensor": found.sensors,
            "share": weight / max(weight.sum(), np.finfo(np.float64).tiny),
            "direction": [
                _correlation(readings[:, g], found.by_sensor[:, g]) for g in range(len(weight))
            ],
        }
    ).sort_values("share", ascending=False, kind="stable", ignore_index=True)
    table.attrs = {
        "method": found.method,
        "windows": len(chosen),
        "missing": float(np.abs(found.missing).mean()),
    }
    return table


def _captum() -> ModuleType:
    try:
        from captum import attr
    except ImportError:
        raise MissingExtraError("An explanation", package="captum", extra="explain") from None
    return attr


def _integrated(
    gradients: Any, x_NWF: Tensor, healthy_1WF: Tensor, groups: Mapping[str, list[int]], steps: int
) -> tuple[Array, Array]:
    """Shares by sensor and by reading; both add up to the same."""
    shares_NWF = gradients.attribute(
        x_NWF, healthy_1WF, n_steps=steps, internal_batch_size=max(AT_ONCE, len(x_NWF))
    )
    shares = shares_NWF.detach().numpy().astype(np.float64)
    by_sensor = [shares[:, :, group].sum(axis=(1, 2)) for group in groups.values()]
    return np.stack(by_sensor, axis=1), shares.sum(axis=2)


def _occluded(
    ablation: Any, x_NWF: Tensor, healthy_1WF: Tensor, groups: Mapping[str, list[int]]
) -> tuple[Array, Array]:
    """How the answer changes with each sensor, then with each reading, at its healthy values."""
    _, rows, columns = x_NWF.shape
    sensor_F = torch.zeros(columns, dtype=torch.int64)
    for number, group in enumerate(groups.values()):
        sensor_F[group] = number
    masks = (sensor_F.expand(1, rows, columns), torch.arange(rows)[None, :, None])
    found = []
    for mask in masks:
        shares_NWF = ablation.attribute(
            x_NWF,
            healthy_1WF,
            feature_mask=mask.expand(1, rows, columns).contiguous(),
            perturbations_per_eval=max(1, AT_ONCE // len(x_NWF)),
        )
        found.append(shares_NWF.numpy().astype(np.float64))
    first = [group[0] for group in groups.values()]
    return found[0][:, 0, first], found[1][:, :, 0]


def _correlation(a: Array, b: Array) -> float:
    """Pearson's; 0 where either does not move."""
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])
