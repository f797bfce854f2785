"""Channels: what a network sees."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rul_platform.core import features
from rul_platform.core.features import AGE_CAPS, channel_names, channels
from rul_platform.core.scaling import Scaler
from rul_platform_tests.fleets import wearing_fleet

LIVES = {"a": 40, "b": 12, "c": 25}


def test_two_sensors_give_five_channels():
    assert channel_names(("x", "y")) == ("x", "y", "x_dev", "y_dev", "age")


def test_the_drift_of_the_first_reading_is_zero():
    """A machine starts at its own normal."""
    fleet = wearing_fleet(LIVES)
    table = channels(fleet.readings, Scaler.fit(fleet, fleet.sensors), cap=125.0)
    assert table[[0, 40, 52], 2:4] == pytest.approx(0.0, abs=1e-6)


def test_age_counts_in_caps():
    fleet = wearing_fleet({"a": 200})
    table = channels(fleet.readings, Scaler.fit(fleet, fleet.sensors), cap=125.0)
    assert AGE_CAPS * 125.0 == 200.0
    assert table[-1, -1] == 1.0


def test_the_drift_of_a_short_unit_by_hand():
    """Three readings 0, 1, 2: smoothed minus mean so far."""
    fleet = wearing_fleet({"a": 3}, sensors=1)
    fleet.readings["s0"] = [0.0, 1.0, 2.0]
    scaler = Scaler(("s0",), ("0",), np.zeros((1, 1)), np.ones((1, 1)), ("a",))
    drift = channels(fleet.readings, scaler, cap=125.0)[:, 1]
    smoothed = [0.0, 1 / 1.9, (2 + 0.9 * 1) / (1 + 0.9 + 0.81)]
    assert drift == pytest.approx(
        [s - m for s, m in zip(smoothed, [0, 0.5, 1.0], strict=True)], abs=1e-6
    )


@given(cut=st.integers(1, 40))
def test_no_channel_looks_ahead(cut: int):
    """What is known after ``cut`` readings does not change when more arrive."""
    fleet = wearing_fleet({"a": 40})
    scaler = Scaler.fit(fleet, fleet.sensors)
    whole = channels(fleet.readings, scaler, cap=125.0)
    part = channels(fleet.readings.iloc[:cut], scaler, cap=125.0)
    assert np.allclose(whole[:cut], part, atol=1e-6)


def test_no_unit_sees_another():
    """A unit's channels are the same alone and in a fleet."""
    fleet = wearing_fleet(LIVES)
    scaler = Scaler.fit(fleet, fleet.sensors)
    together = channels(fleet.readings, scaler, cap=125.0)
    alone = channels(fleet.take(["b"]).readings, scaler, cap=125.0)
    assert np.allclose(together[40:52], alone, atol=1e-6)


@given(
    lives=st.one_of(
        st.lists(st.integers(1, 40), min_size=1, max_size=8),
        st.lists(st.integers(300, 700), min_size=1, max_size=2),  # until weights stay the same
        st.lists(st.integers(1, 3), min_size=100, max_size=200),  # side by side
    ),
    seed=st.integers(0, 1000),
)
@settings(deadline=None)
def test_the_exponential_mean_is_that_of_pandas_to_the_last_bit(lives: list[int], seed: int):
    scaled = np.random.default_rng(seed).normal(size=(sum(lives), 3)).round(1)
    starts = np.cumsum([0, *lives[:-1]])
    group = np.repeat(np.arange(len(lives)), lives)
    expected = pd.DataFrame(scaled).groupby(group, sort=False).ewm(alpha=features.SMOOTHING).mean()
    assert np.array_equal(features._smoothed(scaled, starts), expected.to_numpy())
