"""Altered windows, and labels that stay true.

Channels are two sensors, their two ``_dev`` and ``age``.
"""

import pytest
import torch

from rul_platform.core.recipe import AUGMENTS, FitConfig
from rul_platform.errors import TrainingError
from rul_platform.learning.fitting.augmentation import AUGMENTATIONS, augmented
from rul_platform.learning.fitting.batch import Batch

B, W = 32, 12
AGE = -1


@pytest.fixture
def batch() -> Batch:
    generator = torch.Generator().manual_seed(0)
    x_BWF = torch.randn(B, W, 5, generator=generator)
    x_BWF[..., AGE] = torch.arange(W) / 100 + torch.arange(B)[:, None]
    bounds = torch.zeros(B, dtype=torch.bool)
    bounds[3] = True
    labels = torch.arange(B) / B
    return Batch(x_BWF, labels, bounds, labels * 2, None)


def altered(name: str, batch: Batch) -> Batch:
    return AUGMENTATIONS[name](batch, torch.Generator().manual_seed(1))


def test_the_launchpad_offers_what_there_is():
    assert tuple(AUGMENTATIONS) == AUGMENTS


@pytest.mark.parametrize("name", AUGMENTS)
def test_windows_are_altered_but_not_those_that_were_given(name: str, batch: Batch):
    before = batch.x_BWF.clone()
    assert not torch.equal(altered(name, batch).x_BWF, before)
    assert torch.equal(batch.x_BWF, before)


@pytest.mark.parametrize("name", ["jitter", "scaling", "time_warp"])
def test_what_disturbs_sensors_leaves_labels_and_age_alone(name: str, batch: Batch):
    found = altered(name, batch)
    assert torch.equal(found.y_B, batch.y_B)
    assert torch.equal(found.x_BWF[..., AGE], batch.x_BWF[..., AGE])


def test_noise_reaches_sensors_only(batch: Batch):
    assert torch.equal(altered("jitter", batch).x_BWF[..., 2:], batch.x_BWF[..., 2:])


def test_a_sensor_and_its_own_deviation_are_scaled_alike(batch: Batch):
    ratio = altered("scaling", batch).x_BWF / batch.x_BWF
    assert torch.allclose(ratio[..., 0], ratio[..., 2], rtol=1e-4)
    assert torch.allclose(ratio[:, :1, :2].expand(-1, W, -1), ratio[..., :2], rtol=1e-4)


def test_a_warp_moves_the_past_between_its_ends(batch: Batch):
    ramp = torch.arange(W, dtype=torch.float32)[None, :, None].expand(B, -1, 5).clone()
    found = altered("time_warp", batch._replace(x_BWF=ramp)).x_BWF[..., 0]
    assert found[:, 0].tolist() == [0.0] * B
    assert found[:, -1].tolist() == [W - 1.0] * B
    assert bool((found.diff(dim=1) > 0).all())


def test_mixup_mixes_everything_by_the_same_share(batch: Batch):
    """The label is made the ramp that ``age`` is, so that both tell who was mixed, and how much."""
    labelled = batch._replace(y_B=batch.x_BWF[:, -1, AGE])
    found = altered("mixup", labelled)
    assert torch.allclose(found.y_B, found.x_BWF[:, -1, AGE], rtol=1e-5)
    assert found.far_B is not None
    assert torch.allclose(found.far_B, (found.y_B - 0.11) * 2 / B, atol=1e-5)


def test_cutmix_mixes_labels_by_the_share_of_readings():
    """Sensors tell whose each reading is; labels are numbered alike."""
    owner = torch.arange(B, dtype=torch.float32)
    x_BWF = owner[:, None, None].expand(-1, W, 5).clone()
    found = altered("cutmix", Batch(x_BWF, owner))
    assert torch.allclose(found.x_BWF[..., 0].mean(dim=1), found.y_B, atol=1e-4)
    assert torch.equal(found.x_BWF[:, -1], x_BWF[:, -1])
    assert torch.equal(found.x_BWF[..., AGE], x_BWF[..., AGE])


@pytest.mark.parametrize("name", ["mixup", "cutmix"])
def test_a_mixture_with_a_lower_bound_is_one(name: str, batch: Batch):
    found = altered(name, batch).at_least_B
    assert found is not None
    assert bool(found[3])
    assert int(found.sum()) == 2


def test_the_same_seed_alters_the_same_way(batch: Batch):
    config = FitConfig(seed=5, augment=AUGMENTS)
    torch.manual_seed(0)
    first = next(iter(augmented(iter([batch]), config))).x_BWF
    torch.manual_seed(1)
    assert torch.equal(first, next(iter(augmented(iter([batch]), config))).x_BWF)


def test_an_unknown_augmentation_is_refused():
    with pytest.raises(TrainingError, match="No augmentation is called flip; there are jitter"):
        augmented(iter([]), FitConfig(seed=0, augment=("flip",)))
