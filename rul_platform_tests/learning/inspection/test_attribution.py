"""Attributions of models for which they are known: weight times difference, or nothing at all."""

import dataclasses
import json
import sys

import numpy as np
import pytest

from rul_platform.core.preparation import Preparation
from rul_platform.core.windows import Windows
from rul_platform.errors import MissingExtraError
from rul_platform.learning.inspection.attribution import (
    BOTH,
    GRADIENTS,
    OCCLUSION,
    attribute,
    explain_fleet,
    healthy_window,
    sensor_groups,
)
from rul_platform.learning.trained.boosting import fit_boosting
from rul_platform.learning.trained.learned import MeanModel
from rul_platform.learning.trained.packaging import package
from rul_platform.learning.trained.stored_models import StoredModel
from rul_platform_tests.learning.by_hand import CHANNELS, Weighted, built, model_of, windows_of
from rul_platform_tests.learning.conftest import CAP

THREE = CHANNELS[:3]  # heat, flow, heat_dev
WEIGHTS = [[1.0, 2.0, 4.0], [10.0, 20.0, 40.0]]
ONE = windows_of(np.array([[[1.0, 1.0, 1.0], [2.0, 0.0, 1.0]]]))
HEALTHY = np.array([[0.0, 1.0, 0.0], [0.0, 1.0, 0.5]], dtype=np.float32)


def test_the_channels_of_a_sensor_belong_together_and_age_stands_alone():
    assert sensor_groups(CHANNELS) == {"heat": [0, 2], "flow": [1, 3], "age": [4]}
    assert sensor_groups(("own_dev", "age")) == {"own_dev": [0], "age": [1]}


@pytest.mark.parametrize("is_mean", [False, True])
def test_of_a_linear_model_the_shares_are_weight_times_difference(is_mean: bool):
    """Differences (1, 0, 1) and (2, -1, 0.5): times weights 1 + 4 and 20 - 20 + 20."""
    linear = model_of(Weighted(WEIGHTS), window=2, channels=3)
    found = attribute(MeanModel((linear, linear)) if is_mean else linear, ONE, HEALTHY, THREE)
    assert found.method == GRADIENTS
    assert found.sensors == ("heat", "flow")
    assert found.by_sensor.tolist() == [pytest.approx([45.0, -20.0], abs=1e-4)]
    assert found.by_reading.tolist() == [pytest.approx([5.0, 20.0], abs=1e-4)]
    assert (found.healthy, found.output[0]) == (42.0, 67.0)
    assert found.missing.tolist() == pytest.approx([0.0], abs=1e-4)


def test_a_member_with_a_shorter_window_gives_older_readings_nothing():
    long, short = (Weighted(WEIGHTS), 2), (Weighted(WEIGHTS[1:]), 1)
    mean = MeanModel(tuple(model_of(net, window=w, channels=3) for net, w in (long, short)))
    found = attribute(mean, ONE, HEALTHY, THREE)
    assert found.by_reading.tolist() == [pytest.approx([2.5, 20.0], abs=1e-4)]
    assert found.missing.tolist() == pytest.approx([0.0], abs=1e-4)


@pytest.mark.parametrize("name", ["lstm", "gru", "tcn"])
def test_of_networks_the_shares_add_up(name: str, prepared: tuple[Preparation, Windows]):
    windows = prepared[1]
    found = attribute(built(name)[1], windows.of_units({"u0"}), healthy_window(windows), CHANNELS)
    assert np.abs(found.missing).max() < 0.01
    assert np.allclose(found.by_reading.sum(axis=1), found.by_sensor.sum(axis=1))


def test_trees_are_explained_by_setting_sensors_to_their_healthy_values(
    prepared: tuple[Preparation, Windows],
):
    """A newest reading as on a healthy machine has nothing to explain; a worn one lost life."""
    windows = prepared[1]
    trees = fit_boosting(windows.select("train"), cap=CAP, seed=0)
    healthy = healthy_window(windows.select("train"))
    worn = windows.of_units({"u0"}).only(windows.of_units({"u0"}).rul() < 3)
    found = attribute(trees, worn, healthy, CHANNELS)
    assert found.method == OCCLUSION
    assert found.by_sensor.shape == (3, 3)
    assert found.by_reading.shape == (3, 10)
    assert (found.output - found.healthy < -0.5).all()
    assert (found.by_sensor.sum(axis=1) < 0).all()
    same = windows_of(np.broadcast_to(healthy, (1, *healthy.shape)).copy())
    assert np.abs(attribute(trees, same, healthy, CHANNELS).by_sensor).max() == 0


SHARES = (0.35, 0.65)


def blend(windows: Windows, *, window: int) -> MeanModel:
    """The mean of two folds' blends of a network and trees; the networks look at fewer readings."""
    folds = []
    for seed in (0, 1):
        network = dataclasses.replace(built("gru", seed=seed)[1], window=window)
        folds.append(MeanModel((network, fit_boosting(windows, cap=CAP, seed=seed)), SHARES))
    return MeanModel(tuple(folds))


def test_a_blend_is_explained_by_its_parts_and_the_shares_add_up_as_the_trees_do(
    prepared: tuple[Preparation, Windows],
):
    windows = prepared[1]
    model, healthy = blend(windows.select("train"), window=6), healthy_window(windows)
    some = windows.of_units({"u0"})
    found = attribute(model, some, healthy, CHANNELS)
    assert found.method == BOTH
    parts = [
        (share / 2, attribute(member, some, healthy, CHANNELS))
        for fold in model.members
        for share, member in zip(SHARES, fold.members, strict=True)  # type: ignore[attr-defined]
    ]
    expected = sum(share * part.by_sensor for share, part in parts)
    assert np.allclose(found.by_sensor, expected, atol=1e-4)
    of_trees = sum(share * part.missing for share, part in parts[1::2])
    assert np.allclose(found.missing, of_trees, atol=2e-3)


def test_a_stored_blend_is_explained_like_the_one_in_memory_and_one_of_before_from_outside(
    prepared: tuple[Preparation, Windows],
):
    preparation, windows = prepared
    model = blend(windows.select("train"), window=6)
    files = package(model, preparation, windows=windows, interval={}, facts={})
    some, healthy = windows.of_units({"u0"}), healthy_window(windows)
    in_memory = attribute(model, some, healthy, CHANNELS)
    stored = attribute(StoredModel.from_files(files), some, healthy, CHANNELS)
    assert stored.method == BOTH
    assert np.allclose(stored.by_sensor, in_memory.by_sensor, atol=1e-3)
    assert np.allclose(stored.by_reading, in_memory.by_reading, atol=1e-3)
    card = json.loads(files["card.json"])
    assert card.pop("network_shares") == pytest.approx([0.175, 0.175])
    old = StoredModel.from_files(files | {"card.json": json.dumps(card).encode()})
    assert attribute(old, some, healthy, CHANNELS).method == OCCLUSION


def test_a_healthy_window_is_the_mean_over_units_of_the_first_fifth_of_life():
    """Lives of 11 and 6 readings: lives 0 to 2 and 0 to 1 are early; means 1 and 0.5."""
    lives = np.r_[np.arange(11.0), np.arange(6.0)]
    windows = windows_of(lives[:, None, None])
    windows.index["unit"] = ["a"] * 11 + ["b"] * 6
    windows.index["life"] = lives
    assert healthy_window(windows).tolist() == [[0.75]]


def test_a_fleet_is_explained_by_shares_and_directions():
    """Weights -3 and 1 on readings that move alike: three quarters and one quarter."""
    moves = np.linspace(0.0, 1.0, 5)
    features = np.stack([moves, moves], axis=1)[:, None, :]
    model = model_of(Weighted([[-3.0, 1.0]]), window=1, channels=2)
    fleet = windows_of(features)
    table = explain_fleet(model, fleet, fleet, CHANNELS[:2])
    assert table["sensor"].tolist() == ["heat", "flow"]
    assert table["share"].tolist() == pytest.approx([0.75, 0.25])
    assert table["direction"].tolist() == pytest.approx([-1.0, 1.0])
    assert table.attrs == {"method": GRADIENTS, "windows": 5, "missing": pytest.approx(0, abs=1e-5)}


def test_without_the_extra_the_message_names_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "captum", None)
    model = model_of(Weighted(WEIGHTS), window=2, channels=3)
    with pytest.raises(MissingExtraError, match=r"package captum.*'rul-platform\[explain\]'"):
        attribute(model, ONE, HEALTHY, THREE)
