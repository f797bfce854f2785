"""Altered copies of training windows: more variety than there are machines.

Each augmentation is one small function on a batch. What a label means must stay true:

- The label belongs to the newest reading. Nothing here moves another reading into its place.
- ``age``, the last channel, is a fact and no measurement: it is never disturbed. Only ``mixup`` mixes
  it, because it mixes everything, the label included.
- The channels before it are S sensors and, for each, its ``_dev`` from the unit's own beginning.
  ``_dev`` is linear in the sensor and smoothed: what scales a sensor scales its ``_dev`` too; the noise
  of one reading hardly reaches it.
- Where labels are mixed, a mixture with a lower bound is a lower bound.

Belongs here: what is altered. Does not belong here: whether it helps (docs/experiments.md).

Shape letters: B batch, W window length, F channels, S sensors.
"""

from collections.abc import Callable, Iterator, Mapping

import torch
from torch import Generator, Tensor

from rul_platform.core.recipe import FitConfig
from rul_platform.errors import TrainingError
from rul_platform.learning.fitting.batch import Batch

Augmentation = Callable[[Batch, Generator], Batch]

NOISE = 0.03
"""Standard deviation of added noise and of factors on sensors, which have unit variance. Source:
T. T. Um et al., "Data Augmentation of Wearable Sensor Data for Parkinson's Disease Monitoring using
Convolutional Neural Networks", ICMI 2017, for jitter, scaling and time warp."""

WARP = 0.2
"""A warped reading is taken from at most this share of the window away."""

MIXING = 0.2
"""Both parameters of the beta distribution of shares. Source: H. Zhang et al., "mixup: Beyond Empirical
Risk Minimization", ICLR 2018, who use 0.1 to 0.4."""


def jitter(batch: Batch, random: Generator) -> Batch:
    """Noise on each reading of each sensor."""
    x_BWF = batch.x_BWF.clone()
    sensors = _sensors(x_BWF)
    noise = torch.randn(x_BWF[..., :sensors].shape, generator=random)
    x_BWF[..., :sensors] += NOISE * noise.to(x_BWF)
    return batch._replace(x_BWF=x_BWF)


def scaling(batch: Batch, random: Generator) -> Batch:
    """One factor for each sensor of each window, on the sensor and on its ``_dev``."""
    x_BWF = batch.x_BWF.clone()
    sensors = _sensors(x_BWF)
    factor = 1 + NOISE * torch.randn((len(x_BWF), 1, sensors), generator=random)
    x_BWF[..., : 2 * sensors] *= torch.cat([factor, factor], dim=2).to(x_BWF)
    return batch._replace(x_BWF=x_BWF)


def time_warp(batch: Batch, random: Generator) -> Batch:
    """The past of each window runs faster here and slower there; its two ends stay.

    Readings are interpolated between their neighbours at a time that is shifted by half a sine wave.
    """
    x_BWF = batch.x_BWF
    size = x_BWF.shape[1]
    share_W = torch.linspace(0.0, 1.0, size)
    reach_B = WARP * (2 * torch.rand(len(x_BWF), 1, generator=random) - 1)
    at_BW = (share_W + reach_B * torch.sin(torch.pi * share_W)).clamp(0, 1).to(x_BWF) * (size - 1)
    at_BW[:, -1] = size - 1
    before_BW1 = at_BW.floor().clamp(max=max(size - 2, 0)).to(torch.int64)[..., None]
    between_BW1 = at_BW[..., None] - before_BW1
    measured = x_BWF[..., :-1]
    rows = before_BW1.expand(-1, -1, measured.shape[2])
    after = torch.gather(measured, 1, (rows + 1).clamp(max=size - 1))
    warped = torch.lerp(torch.gather(measured, 1, rows), after, between_BW1)
    return batch._replace(x_BWF=torch.cat([warped, x_BWF[..., -1:]], dim=2))


def mixup(batch: Batch, random: Generator) -> Batch:
    """Each window is mixed with another one of the batch, and so are their labels.

    Source: Zhang et al., as of :data:`MIXING`.
    """
    order, share_B = _partners(len(batch.x_BWF), random, batch.x_BWF)
    x_BWF = torch.lerp(batch.x_BWF[order], batch.x_BWF, share_B[:, None, None])
    return _mixed_labels(batch._replace(x_BWF=x_BWF), order, share_B)


def cutmix(batch: Batch, random: Generator) -> Batch:
    """A stretch of readings is another window's; labels are mixed by the share of readings.

    The newest reading and ``age`` stay the window's own. Source: S. Yun et al., "CutMix: Regularization
    Strategy to Train Strong Classifiers with Localizable Features", ICCV 2019, section 3.
    """
    size = batch.x_BWF.shape[1]
    order, kept_B = _partners(len(batch.x_BWF), random, batch.x_BWF)
    length_B = ((1 - kept_B) * (size - 1)).round()
    begin_B = (torch.rand(len(order), generator=random).to(kept_B) * (size - length_B)).floor()
    begin_B = begin_B.minimum(size - 1 - length_B)
    position_W = torch.arange(size, device=kept_B.device)
    is_cut_BW = (position_W >= begin_B[:, None]) & (position_W < (begin_B + length_B)[:, None])
    x_BWF = torch.where(is_cut_BW[..., None], batch.x_BWF[order], batch.x_BWF)
    x_BWF = torch.cat([x_BWF[..., :-1], batch.x_BWF[..., -1:]], dim=2)
    return _mixed_labels(batch._replace(x_BWF=x_BWF), order, 1 - length_B / size)


AUGMENTATIONS: Mapping[str, Augmentation] = {
    "jitter": jitter,
    "scaling": scaling,
    "time_warp": time_warp,
    "mixup": mixup,
    "cutmix": cutmix,
}


def augmented(batches: Iterator[Batch], config: FitConfig) -> Iterator[Batch]:
    """The batches, each altered by every augmentation that ``config`` names, in that order.

    Raises:
        TrainingError: There is no such augmentation.
    """
    if unknown := [name for name in config.augment if name not in AUGMENTATIONS]:
        msg = (
            f"No augmentation is called {', '.join(unknown)}; there are {', '.join(AUGMENTATIONS)}. "
            f"Nothing was trained."
        )
        raise TrainingError(msg)
    if not config.augment:
        return batches
    return _altered(batches, [AUGMENTATIONS[name] for name in config.augment], config.seed)


def _altered(batches: Iterator[Batch], chosen: list[Augmentation], seed: int) -> Iterator[Batch]:
    random = Generator().manual_seed(seed)
    for batch in batches:
        for alter in chosen:
            batch = alter(batch, random)
        yield batch


def _sensors(x_BWF: Tensor) -> int:
    """S of channels that are S sensors, S ``_dev`` and ``age``."""
    return (x_BWF.shape[2] - 1) // 2


def _partners(count: int, random: Generator, like: Tensor) -> tuple[Tensor, Tensor]:
    """For each window of a batch another one, and its own share, ``(B,)``, at least a half."""
    order = torch.randperm(count, generator=random).to(like.device)
    seed = int(torch.randint(2**31, (1,), generator=random))
    beta = torch.distributions.Beta(torch.tensor(MIXING), torch.tensor(MIXING))
    with torch.random.fork_rng(devices=[]):  # distributions draw from the global generator
        torch.manual_seed(seed)
        share_B = beta.sample((count,))
    return order, torch.maximum(share_B, 1 - share_B).to(like)


def _mixed_labels(batch: Batch, order: Tensor, share_B: Tensor) -> Batch:
    def mixed(labels: Tensor | None) -> Tensor | None:
        return None if labels is None else torch.lerp(labels[order], labels, share_B)

    def either(bounds: Tensor | None) -> Tensor | None:
        return None if bounds is None else bounds | bounds[order]

    return batch._replace(
        y_B=torch.lerp(batch.y_B[order], batch.y_B, share_B),
        at_least_B=either(batch.at_least_B),
        far_B=mixed(batch.far_B),
        far_at_least_B=either(batch.far_at_least_B),
    )
