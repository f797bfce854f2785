import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rul_platform.core.plant import Plant, parse_plant
from rul_platform.core.plant_draft import draft_plant
from rul_platform.errors import DataError


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
    assert plant.label.cap == 18.0
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


def test_an_unclear_table_still_gives_a_file_that_parses_and_asks():
    table = pd.DataFrame({"x": [3.0, 1.0, 2.0], "y": [None, 1.0, 2.0]})
    text, plant = drafted({"a.csv": table})

    assert plant.columns.life == "x"
    assert "CHOOSE: no column grows within each unit" in text
    assert "CHOOSE: cycles, hours or seconds" in text
    assert 'y = "y"  # CHOOSE: 1 empty cells' in text


def test_columns_that_are_not_in_all_files_are_left_out():
    table = pumps()
    _, plant = drafted({"a.csv": table.assign(extra=range(len(table))), "b.csv": table})

    assert "extra" not in plant.sensors


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
def test_every_draft_can_be_parsed_whatever_the_columns_are_called(columns: dict[str, list]):
    table = pd.DataFrame(columns).assign(time=[0.0, 1.0, 2.0, 3.0])

    text, plant = drafted({"a.csv": table, "b.csv": table})

    assert plant.title == "A plant"
    assert "[failure]" in text
