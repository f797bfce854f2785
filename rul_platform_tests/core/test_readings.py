import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rul_platform.core.outcomes import Beside, Told
from rul_platform.core.plant import Plant
from rul_platform.core.readings import Built, build_fleet, build_whole_fleet, reading_problems
from rul_platform.errors import PlantFileError, TooFewUnitsError
from rul_platform_tests.core.plants import plant, table, three_pumps

THRESHOLD = '[failure]\nkind = "threshold"\nexpression = "flow >= 20"'
LISTED = '[failure]\nkind = "table"\nfiles = "failures.csv"\nunit = "pump"\nlife = "hours"'


def problems(frames: dict[str, pd.DataFrame], of: Plant | None = None) -> tuple[str, ...]:
    """What is found wrong with tables."""
    with pytest.raises(PlantFileError) as caught:
        build_fleet(frames, of or plant())
    return caught.value.problems


def test_a_table_becomes_a_fleet_that_ends_at_the_failures():
    fleet = build_fleet({"a.csv": three_pumps()}, plant())

    assert list(fleet.readings.columns) == ["unit", "life", "condition", "flow"]
    assert fleet.units["known_life"].isna().all()
    assert fleet.units.drop(columns="known_life").to_dict("list") == {
        "unit": ["a", "b", "c"],
        "rows": [3, 4, 5],
        "end_life": [2.0, 3.0, 4.0],
        "rul_at_end": [0.0, 0.0, 0.0],
    }
    assert fleet.rul().tolist() == [2, 1, 0, 3, 2, 1, 0, 4, 3, 2, 1, 0]
    assert fleet.readings["condition"].unique().tolist() == ["0"]


@given(order=st.permutations(range(12)), parts=st.integers(1, 3))
def test_the_order_of_rows_and_files_does_not_matter(order: list[int], parts: int):
    expected = build_fleet({"a.csv": three_pumps()}, plant())
    shuffled = three_pumps().iloc[order]
    frames = {f"{n}.csv": shuffled.iloc[n::parts] for n in range(parts)}

    found = build_fleet(frames, plant())

    pd.testing.assert_frame_equal(found.readings, expected.readings)
    pd.testing.assert_frame_equal(found.units, expected.units)


def test_units_are_named_by_their_files_without_suffix():
    rows = [(0.0, 1.0), (1.0, 2.0)]
    frames = {f"line1/{n}.x.csv": table(rows, "hours", "Flow") for n in "abc"}
    by_file = plant(columns='[columns]\nunit_from_file = true\nlife = "hours"\nlife_unit = "hours"')

    assert build_fleet(frames, by_file).units["unit"].tolist() == [f"line1/{n}.x" for n in "abc"]


def test_conditions_and_numbers_as_names_become_text():
    rows = [(1.0 * u, h, 5, c) for u in (1, 2, 3) for h, c in ((0, 7.0), (1, 8.0))]
    frame = table(rows, "pump", "hours", "Flow", "duty")
    with_duty = plant(
        columns='[columns]\nunit = "pump"\nlife = "hours"\nlife_unit = "hours"\ncondition = "duty"'
    )

    fleet = build_fleet({"a.csv": frame}, with_duty)

    assert fleet.units["unit"].tolist() == ["1", "2", "3"]
    assert fleet.readings["condition"].tolist() == ["7", "8"] * 3
    assert fleet.readings["flow"].dtype == np.float64


def test_a_threshold_cuts_the_history_and_leaves_out_nothing_before_it():
    fleet = build_fleet({"a.csv": three_pumps()}, plant(failure=THRESHOLD))

    assert fleet.units["end_life"].tolist() == [2.0, 2.0, 2.0]
    assert fleet.units["rul_at_end"].tolist() == [0.0, 0.0, 0.0]


def test_units_that_never_cross_are_censored_not_failed():
    frame = pd.concat([three_pumps(), table([("d", 0.0, 1.0), ("d", 1.0, 2.0)])])

    units = build_fleet({"a.csv": frame}, plant(failure=THRESHOLD)).units

    assert units["rul_at_end"].isna().tolist() == [False, False, False, True]


def test_a_table_of_failures_says_who_failed_and_when():
    failures = table([("a", 2.0), ("b", 2.5), ("c", 6.0)], "pump", "hours")
    frame = pd.concat([three_pumps(), table([("d", 0.0, 1.0)])])

    units = build_fleet({"a.csv": frame}, plant(failure=LISTED), failures).units

    assert units["end_life"].tolist() == [
        2.0,
        2.0,
        4.0,
        0.0,
    ]  # b is cut at 2.5, its last before is 2
    assert units["rul_at_end"].tolist()[:3] == [0.0, 0.5, 2.0]
    assert math.isnan(units["rul_at_end"].tolist()[3])


def test_resampling_comes_after_the_failure_so_the_last_row_is_the_failure():
    fleet = build_fleet(
        {"a.csv": three_pumps()}, plant(failure=THRESHOLD, resample="[resample]\nstep = 2")
    )

    assert fleet.readings["life"].tolist() == [0.0, 2.0] * 3
    assert fleet.readings["flow"].tolist() == [0.0, 15.0] * 3  # means of 0, and of 10 and 20
    assert fleet.units["rul_at_end"].tolist() == [0.0, 0.0, 0.0]


def test_a_missing_column_is_named_once_for_all_files_with_a_suggestion():
    frames = {f"{n}.csv": three_pumps().rename(columns={"Flow": "Flwo"}) for n in "xyz"}

    assert problems(frames) == (
        "x.csv and 2 more: no column 'Flow'; did you mean 'Flwo'? Columns there: pump, hours, Flwo.",
    )


def test_a_column_that_stands_there_twice_is_refused():
    frame = three_pumps()
    frame.insert(0, "Flow", 1.0, allow_duplicates=True)

    assert problems({"a.csv": frame}) == (
        "a.csv: column 'Flow' stands there 2 times; rename the others.",
    )


@pytest.mark.parametrize(
    ("row", "cell", "message"),
    [
        (0, "abc", "a.csv: line 2, column 'Flow': found 'abc' where a number is expected."),
        (3, None, "a.csv: line 5, column 'Flow': found an empty cell where a number is expected."),
        (3, " ", "a.csv: line 5, column 'Flow': found an empty cell where a number is expected."),
        (1, "inf", "a.csv: line 3, column 'Flow': found 'inf' where a number is expected."),
        (
            1,
            "1,5",
            "a.csv: line 3, column 'Flow': found '1,5' where a number is expected; is the decimal "
            "mark a comma? Set decimal in [source].",
        ),
    ],
)
def test_a_cell_that_is_no_number_is_named_by_file_line_and_column(
    row: int, cell: object, message: str
):
    frame = three_pumps().astype({"Flow": object})
    frame.iloc[row, 2] = cell

    assert problems({"a.csv": frame}) == (message,)


def test_many_bad_cells_of_a_column_are_one_problem_with_their_number():
    frame = three_pumps().assign(Flow="n/a")

    assert problems({"a.csv": frame}) == (
        "a.csv: line 2, column 'Flow': found 'n/a' where a number is expected (12 such cells in this "
        "column).",
    )


def test_points_in_time_are_no_numbers():
    frame = three_pumps()
    frame["hours"] = pd.to_datetime("2024-01-01") + pd.to_timedelta(frame["hours"], unit="h")

    assert (
        "column 'hours': found Timestamp('2024-01-01 00:00:00') where a number"
        in problems({"a.csv": frame})[0]
    )


def test_a_negative_life_is_refused():
    frame = three_pumps().assign(hours=lambda t: t["hours"] - 1)

    assert problems({"a.csv": frame}) == (
        "a.csv: line 2, column 'hours': found -1.0 where a life of 0 or more is expected (3 such "
        "cells in this column).",
    )


def test_a_unit_without_a_name_is_refused():
    frame = three_pumps()
    frame.loc[4, "pump"] = None

    assert problems({"a.csv": frame}) == (
        "a.csv: line 4, column 'pump': found an empty cell where a name is expected.",
    )


def test_the_same_life_twice_is_refused_with_both_places():
    again = table([("b", 1.0, 7.0), ("b", 2.0, 7.0)])

    assert problems({"a.csv": three_pumps(), "b.csv": again}) == (
        "unit 'b': life 1 stands twice, in a.csv, line 6 and in b.csv, line 2, and 1 more like it. A "
        "unit has one reading at a time; is [columns] unit the right column?",
    )


def test_a_file_with_a_header_only_is_refused():
    assert problems({"a.csv": three_pumps(), "b.csv": three_pumps().head(0)}) == (
        "b.csv: no readings, only the names of the columns. Is the export cut off?",
    )


def test_problems_of_several_files_come_together():
    text = three_pumps().assign(Flow="x")
    found = problems({"a.csv": three_pumps().drop(columns="hours"), "b.csv": text})

    assert [problem[:6] for problem in found] == ["a.csv:", "b.csv:"]
    assert reading_problems({"b.csv": text}, plant()) == [found[1]]


def test_no_unit_that_failed_is_too_few():
    never = plant(failure='[failure]\nkind = "threshold"\nexpression = "flow > 999"')

    with pytest.raises(
        TooFewUnitsError,
        match=r"plant pumps, 3 units in all: 0 units that ran to failure, at least 3 needed\. Add",
    ):
        build_fleet({"a.csv": three_pumps()}, never)


def test_one_unit_is_too_few():
    with pytest.raises(TooFewUnitsError, match="1 units in all: 1 units that ran to failure"):
        build_fleet({"a.csv": three_pumps().head(3)}, plant())


def test_units_set_aside_for_testing_leave_at_least_two():
    aside = plant(split='[split]\ntest = ["a", "b"]')

    with pytest.raises(TooFewUnitsError, match=r"1 units that ran to failure beside those that"):
        build_fleet({"a.csv": three_pumps()}, aside)


def test_a_test_pattern_that_matches_nothing_is_refused():
    named = plant(split='[split]\ntest = ["a", "B*"]')

    assert problems({"a.csv": three_pumps()}, named) == (
        "[split] test: 'B*' matches no unit that ran to failure. There are: a, b, c.",
    )


def test_a_unit_with_one_reading_up_to_its_failure_is_refused():
    frame = pd.concat([three_pumps(), table([("d", 5.0, 1.0)])])

    assert problems({"a.csv": frame}) == (
        "unit 'd' failed at 5 with 1 readings up to then, at least 2 are needed. Is [failure] right, "
        "and [columns] unit?",
    )


def landed(*rows: tuple[str, float, float]) -> pd.DataFrame:
    """Unit, life and flow, as the landing area gives them."""
    parts = pd.DataFrame(rows, columns=["unit", "life", "flow"])
    parts.insert(2, "condition", "0")
    return parts


def built(of: Plant, *rows: tuple[str, float, float], **told: dict[str, float]) -> Built:
    """The three pumps with what landed and what was told."""
    beside = Beside(landed(*rows), Told(**told))
    return build_whole_fleet({"a.csv": three_pumps()}, of, None, beside)


def test_a_unit_that_only_landed_has_not_failed_though_the_last_row_is_the_failure():
    whole = built(plant(), ("d", 0, 0), ("d", 1, 10), ("a", 3, 99))
    units = whole.fleet.units.set_index("unit")
    assert units["rul_at_end"].isna().to_dict() == {"a": False, "b": False, "c": False, "d": True}
    assert units.at["a", "end_life"] == 2.0  # the plant's own last row, and nothing after it
    assert (whole.counts["rows_from_landing"], whole.counts["units_from_landing"]) == (3, 1)


def test_a_threshold_holds_for_landed_readings_too():
    whole = built(plant(failure=THRESHOLD), ("d", 0, 0), ("d", 1, 10), ("d", 5, 20), ("d", 6, 30))
    d = whole.fleet.units.set_index("unit").loc["d"]
    assert (d["end_life"], d["rul_at_end"]) == (5.0, 0.0)


def test_a_reported_failure_between_two_readings_leaves_time_to_it():
    whole = built(plant(), ("d", 0, 0), ("d", 1, 10), ("d", 5, 20), failed_at={"d": 4.5})
    d = whole.fleet.units.set_index("unit").loc["d"]
    assert (d["rows"], d["end_life"], d["rul_at_end"]) == (2, 1.0, 3.5)
    assert whole.counts["failed_by_outcome"] == 1


def test_a_replaced_unit_ends_there_without_a_failure():
    four = pd.concat([three_pumps(), table([("d", float(h), 10.0 * h) for h in range(6)])])
    beside = Beside(landed(), Told(ended_at={"d": 3.0}))
    units = build_whole_fleet({"a.csv": four}, plant(), None, beside).fleet.units.set_index("unit")
    assert units.at["d", "end_life"] == 3.0
    assert math.isnan(units.at["d", "rul_at_end"])


def test_a_unit_that_outlived_a_promise_says_how_long_it_is_known_to_have_run():
    """By its readings alone, by what somebody saw, and not at all: c failed, so its end is known."""
    rows = [("d", 0, 0), ("d", 4, 10), ("e", 0, 0), ("e", 1, 10), ("f", 0, 0), ("f", 3, 1)]
    told = {"promised": {"d": 3.0, "e": 5.0, "f": 3.0, "c": 1.0}, "ran_until": {"e": 6.0}}
    whole = built(plant(), *rows, **told)
    known = whole.fleet.units.set_index("unit")["known_life"].dropna().to_dict()
    assert known == {"d": 4.0, "e": 6.0}
    assert whole.fleet.least_rul()[-6:].tolist()[:4] == [4.0, 0.0, 6.0, 5.0]
    assert whole.counts["outlived_a_prediction"] == 2


def test_what_landed_is_resampled_with_the_rest():
    resampled = plant(resample="[resample]\nstep = 2")
    rows = [("d", float(h), float(h)) for h in range(6)]
    fleet = built(resampled, *rows, failed_at={"d": 4.0}).fleet
    d = fleet.readings[fleet.readings["unit"] == "d"]
    assert d[["life", "flow"]].to_numpy().tolist() == [[0.0, 0.0], [2.0, 1.5], [4.0, 3.5]]


def test_with_nothing_beside_a_fleet_is_what_it_was():
    plain = build_fleet({"a.csv": three_pumps()}, plant())
    whole = built(plant())
    pd.testing.assert_frame_equal(whole.fleet.readings, plain.readings)
    pd.testing.assert_frame_equal(whole.fleet.units, plain.units)
