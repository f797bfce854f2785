import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from rul_platform.core.resampling import resample


def readings(lives: list[float], *, condition: list[str] | str = "0") -> pd.DataFrame:
    """One unit whose sensor shows its life."""
    life = np.array(lives, dtype=float)
    return pd.DataFrame({"unit": "a", "life": life, "condition": condition, "s": life})


def test_steps_are_laid_backwards_from_the_last_reading():
    table = resample(readings([0.0, 0.4, 0.9, 1.4]), 1.0)

    assert table["life"].tolist() == [0.4, 1.4]
    assert table["s"].tolist() == [0.2, 1.15]


def test_ten_readings_a_second_fall_into_whole_seconds_despite_inexact_floats():
    table = resample(readings([0.1 * n for n in range(1, 301)]), 1.0)

    assert table["life"].tolist() == [float(n) for n in range(1, 31)]
    assert np.allclose(np.diff(table["s"]), 1.0)


def test_a_step_without_readings_gives_no_row():
    assert resample(readings([0.0, 5.0]), 1.0)["life"].tolist() == [0.0, 5.0]


def test_within_a_step_only_the_last_condition_counts():
    table = resample(readings([0.2, 0.4, 0.6, 0.8], condition=["x", "x", "y", "y"]), 1.0)

    assert table[["condition", "s"]].to_numpy().tolist() == [["y", 0.7]]


def test_units_are_resampled_apart():
    both = pd.concat([readings([0.0, 1.0]), readings([0.5, 1.5]).assign(unit="b")])

    table = resample(both.reset_index(drop=True), 5.0)

    assert table["unit"].tolist() == ["a", "b"]
    assert table["life"].tolist() == [1.0, 1.5]


@given(
    lives=st.lists(st.integers(0, 400), min_size=1, max_size=40, unique=True).map(sorted),
    step=st.sampled_from([0.5, 1.0, 2.5, 7.0]),
)
def test_rows_stay_in_order_and_end_at_the_last_reading(lives: list[int], step: float):
    table = resample(readings([life / 10 for life in lives]), step)

    assert table["life"].iloc[-1] == lives[-1] / 10
    assert (np.diff(table["life"]) > step / 2).all()
    assert (table["s"] <= table["life"] + 1e-9).all()
    assert (table["s"] > table["life"] - step - 1e-5).all()
