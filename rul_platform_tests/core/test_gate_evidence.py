"""The hash of exactly what was scored."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from rul_platform.core.fleet import Fleet, summarise_units
from rul_platform.core.gate_evidence import evaluation_set
from rul_platform.core.windows import Windows, even_cuts, window_index

READINGS = pd.DataFrame(
    {
        "unit": np.repeat(["a", "b"], 4),
        "life": np.tile([1.0, 2.0, 3.0, 4.0], 2),
        "condition": "0",
        "pressure": np.arange(8.0),
    }
)


def fleet(readings: pd.DataFrame = READINGS, rul_at_end: float = 0.0) -> Fleet:
    return Fleet(readings, summarise_units(readings, rul_at_end))


def cuts(of: Fleet, count: int = 3) -> Windows:
    table = np.zeros((len(of.readings), 1), dtype=np.float32)
    return even_cuts(Windows(table, window_index(of, "test", length=2), 2), count)


def test_the_same_units_readings_and_points_have_the_same_hash():
    """However the windows were scaled or cut: that is the model's own matter."""
    other = cuts(fleet())
    longer = replace(other, table=other.table + 1, length=9)

    assert evaluation_set(fleet(), cuts(fleet())) == evaluation_set(fleet(), longer)


@pytest.mark.parametrize(
    "other",
    [
        fleet(READINGS.assign(pressure=READINGS["pressure"] + 1e-9)),
        fleet(READINGS.assign(condition="hot")),
        fleet(READINGS.assign(unit=np.repeat(["a", "c"], 4))),
        fleet(READINGS.rename(columns={"pressure": "flow"})),
        fleet(READINGS.head(7)),
        fleet(rul_at_end=1.0),
    ],
)
def test_another_reading_condition_unit_sensor_or_end_of_life_is_another_set(other: Fleet):
    assert evaluation_set(fleet(), cuts(fleet())) != evaluation_set(other, cuts(other))


def test_other_points_of_the_same_lives_are_another_set():
    assert evaluation_set(fleet(), cuts(fleet(), 2)) != evaluation_set(fleet(), cuts(fleet(), 3))
