"""Times in a drawing."""

from datetime import UTC, datetime, timedelta

import pytest

from rul_platform.reports.timeline import MOST_TICKS, timeline

BEGIN = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)


def test_spans_follow_each_other_in_per_cent():
    found = timeline([(1, BEGIN, BEGIN + DAY), (3, BEGIN + DAY, None)], BEGIN + 4 * DAY)
    assert found.lanes == (1, 3)
    assert [(each.lane, each.left, each.right) for each in found.spans] == [
        (0, 0.0, 25.0), (1, 25.0, 100.0),
    ]  # fmt: skip


def test_going_back_takes_the_lane_from_before():
    times = [(n, BEGIN + i * DAY, BEGIN + (i + 1) * DAY) for i, n in enumerate((1, 2, 1))]
    assert [each.lane for each in timeline(times, BEGIN + 3 * DAY).spans] == [0, 1, 0]


def test_a_time_of_no_length_is_drawn_too():
    found = timeline([(1, BEGIN, BEGIN), (2, BEGIN, None)], BEGIN)
    assert [(each.left, each.right) for each in found.spans] == [(0.0, 0.0), (0.0, 0.0)]


def test_a_clock_that_was_behind_does_not_leave_the_axis():
    found = timeline([(1, BEGIN, BEGIN + 2 * DAY)], BEGIN + DAY)
    assert found.spans[0].right == 100.0


@pytest.mark.parametrize("hours", [1, 5, 30, 100, 24 * 20, 24 * 91, 24 * 400, 24 * 4000])
def test_ticks_are_few_and_round(hours: int):
    found = timeline([(1, BEGIN, None)], BEGIN + timedelta(hours=hours)).ticks
    assert 1 <= len(found) <= MOST_TICKS + 1
    assert all(0 <= each.at <= 100 for each in found)
    assert all((each.moment.minute, each.moment.second) == (0, 0) for each in found)
    assert [each.at for each in found] == sorted(each.at for each in found)


def test_months_begin_with_their_first_day():
    found = timeline([(1, BEGIN, None)], BEGIN + 100 * DAY).ticks
    assert [f"{each.moment:%F}" for each in found] == ["2026-02-01", "2026-03-01", "2026-04-01"]
    assert not found[0].is_hour
