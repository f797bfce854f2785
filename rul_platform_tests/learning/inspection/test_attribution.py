"""Attributions of models for which they are known: weight times difference, or nothing at all."""

import sys

import numpy as np
import pytest

from rul_platform.core.preparation import Preparation
from rul_platform.core.windows import Windows
from rul_platform.errors import MissingExtraError
from rul_platform.learning.inspection.attribution import (
    GRADIENTS,
    OCCLUSION,
    attribute,
    explain_fleet,
    healthy_window,
    sensor_groups,
)
from rul_platform.learning.trained.boosting import fit_boosting
from rul_platform.learning.trained.learned import MeanModel
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
