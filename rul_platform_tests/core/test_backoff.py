"""Waits grow, end, and are spread out; the same wait is the same each time it is asked for."""

from datetime import timedelta

from rul_platform.core.backoff import FIRST_WAIT, LONGEST_WAIT, MAX_JITTER, WAIT_FACTOR, wait_after


def test_each_wait_is_longer_than_the_one_before_up_to_the_longest():
    waits = [wait_after(attempt, of="a") for attempt in range(1, 7)]

    for exponent, wait in enumerate(waits):
        least = FIRST_WAIT * WAIT_FACTOR**exponent
        assert least <= wait < least * (1 + MAX_JITTER)
    assert LONGEST_WAIT <= wait_after(7, of="a") < LONGEST_WAIT * (1 + MAX_JITTER)
    assert LONGEST_WAIT <= wait_after(10_000, of="a") < LONGEST_WAIT * (1 + MAX_JITTER)


def test_eight_attempts_span_about_two_days():
    span = sum((wait_after(attempt, of="a") for attempt in range(1, 8)), timedelta())

    assert timedelta(hours=46) < span < timedelta(hours=60)


def test_what_failed_together_does_not_return_together():
    assert len({wait_after(3, of=f"{number}/slack") for number in range(20)}) == 20
    assert wait_after(3, of="7/slack") == wait_after(3, of="7/slack")
