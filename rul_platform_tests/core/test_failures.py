import pandas as pd
import pytest

from rul_platform.core.failures import cut, failure_lives
from rul_platform_tests.core.plants import plant, table

LISTED = '[failure]\nkind = "table"\nfiles = "failures.csv"'


def readings() -> pd.DataFrame:
    """Two units with three readings each."""
    rows = [(u, float(h), "0", 10.0 * h) for u in ("a", "b") for h in range(3)]
    return pd.DataFrame(rows, columns=["unit", "life", "condition", "flow"])


def test_the_last_row_is_the_failure_of_every_unit():
    assert failure_lives(readings(), plant(), None, []) == {"a": 2.0, "b": 2.0}


def test_the_first_crossing_counts_even_if_the_signal_falls_again():
    table = readings().assign(flow=[0, 30, 10, 0, 0, 0])
    rule = plant(failure='[failure]\nkind = "threshold"\nexpression = "flow > 20"')

    assert failure_lives(table, rule, None, []) == {"a": 1.0}


def test_a_rule_that_cannot_be_computed_is_a_problem():
    problems: list[str] = []
    rule = plant(
        sensors='[sensors]\nflow = "Flow"\nother = "o"',
        failure='[failure]\nkind = "threshold"\nexpression = "flow / other > 2"',
    )

    found = failure_lives(readings().assign(other=0.0), rule, None, problems)

    assert found == {}
    assert "[failure] expression: 'flow / other > 2': cannot be computed" in problems[0]


def test_only_readings_after_the_failure_are_cut():
    assert cut(readings(), {"a": 1.0})["life"].tolist() == [0.0, 1.0, 0.0, 1.0, 2.0]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [("a", 1.0), ("a", 2.0)],
            "line 3, column 'unit': found 'a' where a unit that failed once",
        ),
        (
            [("A", 1.0)],
            "unit 'A' has no readings; did you mean 'a'? Correct the name, or take it out",
        ),
        ([("a", "soon")], "line 2, column 'life': found 'soon' where a number is expected"),
        ([(None, 1.0)], "line 2, column 'unit': found an empty cell where a name is expected"),
    ],
)
def test_a_wrong_row_of_the_table_of_failures_is_named(rows: list[tuple], message: str):
    problems: list[str] = []

    failure_lives(readings(), plant(failure=LISTED), table(rows, "unit", "life"), problems)

    assert len(problems) == 1
    assert problems[0].startswith("failure table failures.csv: ")
    assert message in problems[0]


def test_a_table_of_failures_without_its_columns_is_refused():
    problems: list[str] = []

    failure_lives(readings(), plant(failure=LISTED), table([("a", 1.0)], "pump", "life"), problems)

    assert problems == ["failure table failures.csv: no column 'unit'. Columns there: pump, life."]


def test_a_table_of_failures_that_was_not_read_is_a_problem():
    problems: list[str] = []

    assert failure_lives(readings(), plant(failure=LISTED), None, problems) == {}
    assert problems == ["[failure]: the table of failures was not given."]
