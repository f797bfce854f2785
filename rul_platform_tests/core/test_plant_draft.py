import tomllib

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rul_platform.core.column_guesses import guess_life_unit
from rul_platform.core.plant import Plant, parse_plant
from rul_platform.core.plant_draft import draft_plant
from rul_platform.errors import DataError, PlantFileError


def drafted(tables: dict[str, pd.DataFrame]) -> tuple[str, Plant]:
    """The draft for tables, and the plant that it parses to."""
    text = draft_plant(tables, files="data/*.csv", title="A plant")
    return text, parse_plant(text, "drafted")


def pumps() -> pd.DataFrame:
    """Two pumps with a duty, two sensors, one of which never changes."""
    rows = [(f"p{n}", 6.0 * h, "light", 0.1 * h, 5) for n in (1, 2) for h in range(n + 3)]
    table = pd.DataFrame(
        rows, columns=["Pump ID", "Operating hours", "duty", "Flow (l/min)", "const"]
    )
    table.loc[1, "duty"] = "heavy"
    return table


def test_unit_life_and_sensors_are_found_by_name_and_values():
    text, plant = drafted({"a.csv": pumps()})

    assert plant.columns.unit == "Pump ID"
    assert plant.columns.life == "Operating hours"
    assert plant.columns.life_unit == "hours"
    assert plant.sensors == {"flow_l_min": "Flow (l/min)"}
    assert plant.label.cap == 9.0
    assert "half of the shortest life, rounded down" in text
    assert "the horizon in which wear shows" in text
    assert '# const = "const"  # always the same' in text
    assert '# condition = "duty"  # CHOOSE: operating conditions? "heavy, light"' in text
    assert "# CHOOSE what a failure is." in text


def test_each_file_is_a_unit_where_no_column_names_one():
    table = pd.DataFrame({"Time(s)": [0.0, 0.1, 0.2], "P(psi)": [1.0, 2.0, 3.0]})
    text, plant = drafted({"a.csv": table, "b.csv": table})

    assert plant.columns.unit_from_file
    assert plant.columns.life == "Time(s)"
    assert plant.columns.life_unit == "seconds"
    assert "each file is taken for one unit" in text


def test_sensors_keep_names_that_nasa_gave_them():
    table = pd.DataFrame({"engine": [1, 1, 2], "cycle": [1, 2, 1], "T24": [1.0, 2.0, 3.0]})

    assert drafted({"a.csv": table})[1].sensors == {"T24": "T24"}


def refused(tables: dict[str, pd.DataFrame]) -> tuple[str, tuple[str, ...]]:
    """The draft for tables, and what a plant file's check says about it."""
    text = draft_plant(tables, files="data/*.csv", title="A plant")
    with pytest.raises(PlantFileError) as caught:
        parse_plant(text, "drafted")
    return text, caught.value.problems


def test_an_unclear_table_gives_a_file_that_asks_and_is_refused_until_it_is_answered():
    table = pd.DataFrame({"x": [3.0, 1.0, 2.0], "y": [None, 1.0, 2.0]})
    text, problems = refused({"a.csv": table})

    assert problems == (
        "[columns] life: still CHOOSE, so nobody has decided; give the column that says how long the "
        "unit has run.",
    )
    assert 'life = "CHOOSE"  # a column of numbers that grows from reading to reading' in text
    assert "CHOOSE: cycles, hours or seconds" in text
    assert 'y = "y"  # CHOOSE: 1 empty cells' in text


def test_columns_that_are_not_in_all_files_are_left_out():
    table = pumps()
    other = table.assign(**{"Pump ID": table["Pump ID"] + "x"})
    text, plant = drafted({"a.csv": table.assign(extra=range(len(table))), "b.csv": other})

    assert "extra" not in plant.sensors
    assert '# extra = "extra"  # not in b.csv' in text


def test_tables_without_numbers_are_refused():
    with pytest.raises(
        DataError, match=r"no column of numbers is in all files; .* are a, b\. A plant"
    ):
        drafted({"a.csv": pd.DataFrame({"a": ["x"], "b": ["y"]})})


CELLS = st.one_of(
    st.lists(st.floats(allow_nan=True, width=32), min_size=4, max_size=4),
    st.lists(st.integers(-5, 50), min_size=4, max_size=4),
    st.lists(st.text(max_size=5), min_size=4, max_size=4),
    st.lists(st.booleans(), min_size=4, max_size=4),
)


@given(columns=st.dictionaries(st.text(max_size=12), CELLS, min_size=1, max_size=6))
def test_every_draft_is_toml_that_only_an_open_choice_can_refuse(columns: dict[str, list]):
    table = pd.DataFrame(columns).assign(time=[0.0, 1.0, 2.0, 3.0])
    text = draft_plant({"a.csv": table, "b.csv": table}, files="data/*.csv", title="A plant")

    assert tomllib.loads(text)["failure"] == {"kind": "last_row"}
    with pytest.raises(PlantFileError) as caught:
        parse_plant(f"{text}\nmore = true", "drafted")
    assert all(
        "still CHOOSE" in problem or "more: unknown key" in problem
        for problem in caught.value.problems
    )


def sampled(**columns: list) -> dict[str, pd.DataFrame]:
    """Two files of four readings each."""
    table = pd.DataFrame({"vibration_mm_s": [5.5, 5.49, 5.7, 5.76], **columns})
    return {"a.csv": table, "b.csv": table}


TIMES = [f"2024-05-0{day} 10:00:00" for day in range(1, 5)]


@pytest.mark.parametrize(
    "stamps",
    [TIMES, list(pd.to_datetime(TIMES)), [1_714_557_600 + n for n in range(4)], ["10:00"] * 4],
)
def test_points_in_time_are_named_where_running_hours_are_missing(stamps: list):
    text, problems = refused(sampled(timestamp=stamps))

    assert [problem.partition(":")[0] for problem in problems] == ["[columns] life"]
    assert "points in time are no life: timestamp. Add a column with running hours" in text
    assert "the hours since the unit's first reading" in text
    assert '# timestamp = "timestamp"  # points in time' in text
    assert 'vibration_mm_s = "vibration_mm_s"\n' in text
    assert "seconds" not in text.partition("[columns]")[2].partition("\n\n")[0].split("CHOOSE:")[0]


def test_a_column_that_may_be_wear_is_not_taken_for_a_life_beside_points_in_time():
    text, _ = refused(sampled(timestamp=TIMES, wear=[1.0, 2.0, 3.0, 4.0]))

    assert "these do, but may be wear: wear" in text


def test_a_column_named_like_a_life_that_does_not_grow_is_no_life():
    text, _ = refused(sampled(hours=[1.0, 2.0, 2.0, 3.0]))

    assert "named like a life, but not growing: hours" in text


def test_a_unit_in_several_files_may_come_in_any_order():
    first, second = ([1, 2, 3], [4, 5, 6])
    tables = {
        name: pd.DataFrame({"unit": ["u", "v", "u"], "hours": hours, "x": [1, 3, 2]})
        for name, hours in (("10.csv", second), ("2.csv", first))
    }

    assert drafted(tables)[1].columns.life == "hours"


@pytest.mark.parametrize(
    ("column", "unit"),
    [
        ("run_s", "seconds"), ("Time(s)", "seconds"), ("time [s]", "seconds"), ("t_h", "hours"),
        ("time in hours", "hours"), ("operatingHours", "hours"), ("age (sec)", "seconds"),
        ("vibration_mm_s", ""), ("Flow (l/h)", ""), ("v_m_s", ""), ("s_max", ""), ("P (1/s)", ""),
        ("mm per second", ""),
    ],
)  # fmt: skip
def test_a_unit_of_life_is_a_word_or_an_end_of_its_own_not_part_of_a_rate(column: str, unit: str):
    guess = guess_life_unit(column)

    assert (guess.value if "CHOOSE" not in guess.why else "") == unit


def test_every_column_that_is_left_out_has_a_line_with_the_reason():
    good = pd.DataFrame({"hours": [0, 1, 2], "x": [1, 2, 4]})
    index = pd.RangeIndex(2, 5, name="line")
    odd = good.assign(
        rpm=["900", "OFF", "910"], empty=None, note=["a", "b\n", "c"], **{"": [1, 2, 3]}
    ).set_axis(index, axis=0)
    other = good.assign(rpm=[900, 901, 902], empty=None, note=list("abd"), **{"": [1, 2, 3]})
    text, plant = drafted({"a.csv": odd.assign(only=1), "b.csv": other})

    assert plant.sensors == {"x": "x"}
    assert (
        "# rpm = \"rpm\"  # a.csv: line 3, column 'rpm': found 'OFF' where a number is expected."
    ) in text
    assert '# empty = "empty"  # empty in every row' in text
    assert '# only = "only"  # not in b.csv' in text
    assert '# sensor = ""  # without a name that can be used' in text
    assert '# condition = "note"' in text
    assert "# note =" not in text


def test_a_column_that_is_empty_in_one_file_only_stays_and_asks():
    table = pd.DataFrame({"hours": [0, 1, 2], "x": [1, 2, 4]})

    text, plant = drafted({"a.csv": table, "b.csv": table.assign(x=None)})

    assert plant.sensors == {"x": "x"}
    assert 'x = "x"  # CHOOSE: 3 empty cells' in text


def test_names_of_files_cannot_break_a_comment():
    table = pd.DataFrame({"hours": [0, 1, 2], "x": [1, 2, 4]})

    text, _ = drafted({"a.csv": table.assign(y=1), "b\n[x]\udcff.csv": table})

    assert '# y = "y"  # not in b [x]\\udcff.csv' in text
