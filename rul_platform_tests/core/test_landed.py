"""Readings that came with predictions: which counts, and what is left out."""

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from rul_platform.core.landed import merge, newest


def readings(*rows: tuple[str, float, float]) -> pd.DataFrame:
    """Unit, life and flow."""
    table = pd.DataFrame(rows, columns=["unit", "life", "flow"])
    table.insert(2, "condition", "0")
    return table


def shown(table: pd.DataFrame) -> list[tuple[str, float, float]]:
    return list(table[["unit", "life", "flow"]].itertuples(index=False, name=None))


def test_the_same_reading_twice_is_one():
    first = readings(("a", 1, 5), ("a", 2, 6))
    table, contradictions = newest([first, readings(("a", 2, 6), ("a", 3, 7))])
    assert shown(table) == [("a", 1, 5), ("a", 2, 6), ("a", 3, 7)]
    assert contradictions == 0


def test_of_readings_that_contradict_each_other_the_newest_counts_and_it_is_told():
    """Three landings disagree at one place: that is one contradiction."""
    landings = [readings(("a", 2, flow)) for flow in (6, 7, 8)]
    table, contradictions = newest(landings)
    assert shown(table) == [("a", 2, 8)]
    assert contradictions == 1


def test_without_landings_there_is_an_empty_table():
    table, contradictions = newest([])
    assert (len(table), contradictions) == (0, 0)


def test_the_plants_own_reading_counts_and_others_are_added():
    own = readings(("a", 1, 5), ("a", 2, 6), ("b", 1, 5))
    landed = readings(("a", 2, 9), ("a", 3, 7), ("b", 1, 5), ("c", 0, 4))
    merged = merge(own, landed)
    assert shown(merged.readings) == [
        ("a", 1, 5), ("a", 2, 6), ("a", 3, 7), ("b", 1, 5), ("c", 0, 4),
    ]  # fmt: skip
    assert merged.only_landed == {"c"}
    assert merged.counts == {
        "rows_from_landing": 2,
        "rows_in_both": 2,
        "rows_contradicting": 1,
        "rows_incomplete": 0,
        "units_from_landing": 1,
        "units_without_beginning": 0,
    }


def test_a_row_that_lacks_a_sensor_of_the_plant_is_left_out_and_counted():
    own = readings(("a", 1, 5)).assign(heat=1.0)
    merged = merge(own, readings(("a", 2, 6)))
    assert len(merged.readings) == 1
    assert merged.counts["rows_incomplete"] == 1


def test_a_column_that_the_plant_does_not_have_is_left_out():
    merged = merge(readings(("a", 1, 5)), readings(("a", 2, 6)).assign(heat=1.0))
    assert list(merged.readings.columns) == ["unit", "life", "condition", "flow"]
    assert len(merged.readings) == 2


def test_a_unit_that_landed_without_its_beginning_is_left_out_and_counted():
    """Own histories begin at 1 and 2, so what begins at 2 is like them and what begins at 3 is not."""
    own = readings(("a", 1, 5), ("b", 2, 5))
    merged = merge(own, readings(("c", 2, 5), ("d", 3, 5), ("d", 4, 5), ("a", 9, 5)))
    assert set(merged.readings["unit"]) == {"a", "b", "c"}
    assert merged.only_landed == {"c"}
    assert merged.counts["units_without_beginning"] == 1
    assert merged.counts["units_from_landing"] == 1


ROWS = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 5), st.integers(0, 2)), max_size=12)


@settings(deadline=None, max_examples=40)
@given(parts=st.lists(ROWS, min_size=1, max_size=4))
def test_no_place_stands_twice_and_none_is_lost(parts: list[list[tuple[str, int, int]]]):
    """Whatever lands, each unit has one reading at a time, in order."""
    landings = [newest([readings(*part)])[0] for part in parts]
    table, contradictions = newest(landings)
    places = [(unit, life) for unit, life, _ in shown(table)]
    assert places == sorted({(unit, life) for part in parts for unit, life, _ in part})
    values = {place: set() for place in places}
    for landing in landings:
        for unit, life, flow in shown(landing):
            values[unit, life].add(flow)
    assert contradictions == sum(len(found) > 1 for found in values.values())
