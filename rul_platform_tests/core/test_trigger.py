import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from rul_platform.core.policy import Policy
from rul_platform.core.trigger import (
    Circumstances,
    FeedbackCounts,
    decide,
    false_alarms,
    window_start,
)

NOW = datetime(2024, 3, 3, 12, 34, 56, tzinfo=UTC)
LITERAL = Policy(confidence=0)


def verdict(positive, negative, policy=LITERAL, **circumstances):
    return decide(
        FeedbackCounts(positive, negative), policy, Circumstances(now=NOW, **circumstances)
    )


@pytest.mark.parametrize(
    ("positive", "negative", "fires"),
    [
        (69, 31, True),  # 100 feedbacks, 69 %
        (70, 30, False),  # exactly at the limit
        (68, 31, False),  # 99 feedbacks
        (0, 100, True),
        (100, 0, False),
        (0, 0, False),
    ],
)
def test_the_literal_rule(positive, negative, fires):
    found = verdict(positive, negative)

    assert (found.fires, found.literal, found.bounded) == (fires, fires, fires)


def test_too_few_negatives_do_not_fire():
    policy = Policy(confidence=0, min_feedback=10, min_negative=20)

    assert not verdict(1, 19, policy).fires
    assert verdict(1, 20, policy).fires


def test_with_a_confidence_what_may_be_chance_does_not_fire():
    """69 of 100 is below 70 %; so are about half of all samples where the truth is 70 %."""
    found = verdict(69, 31, Policy())

    assert found.literal
    assert not found.bounded
    assert not found.fires
    assert found.satisfaction_upper == pytest.approx(0.7602, abs=1e-4)


def test_with_a_confidence_what_is_surely_low_fires():
    assert verdict(262, 150, Policy()).fires


def test_the_bounded_rule_needs_the_counts_too():
    assert not verdict(1, 98, Policy()).fires


def test_the_reasons_name_each_number_and_what_it_is_held_against():
    assert verdict(262, 150, Policy()).reasons == (
        "412 feedbacks of at least 100",
        "150 negatives of at least 20",
        "satisfaction 63.6%, with 0.95 confidence at most 67.4%: below the limit of 70.0%",
    )
    assert verdict(39, 1).reasons == (
        "40 feedbacks, fewer than the 100 needed",
        "1 negative, fewer than the 20 needed",
        "satisfaction 97.5%: not below the limit of 70.0%",
    )
    assert verdict(0, 0).reasons[-1] == "no feedback, so no satisfaction"


@pytest.mark.parametrize(
    ("circumstances", "block"),
    [
        ({"is_frozen": True}, "the plant is frozen"),
        ({"open_retrain": 7}, "retrain 7 is not over yet"),
        (
            {"last_retrain_at": NOW - timedelta(hours=23)},
            "24 h of cool-down after the last retrain, until 2024-03-03 13:34 UTC",
        ),
        (
            {"last_rollback_at": NOW - timedelta(hours=1)},
            "24 h of cool-down after the last rollback, until 2024-03-04 11:34 UTC",
        ),
    ],
)
def test_what_stands_against_it_is_said_and_the_rules_answer_all_the_same(circumstances, block):
    found = verdict(0, 200, **circumstances)

    assert found.blocks == (block,)
    assert not found.fires
    assert found.literal
    assert found.bounded


def test_after_the_cool_down_it_fires_again():
    ended = NOW - timedelta(hours=24)

    assert verdict(0, 200, last_retrain_at=ended, last_rollback_at=ended).fires


def test_everything_that_blocks_is_said():
    found = verdict(0, 200, is_frozen=True, open_retrain=1, last_retrain_at=NOW)

    assert len(found.blocks) == 3


def test_the_verdict_is_plain_json():
    found = json.loads(json.dumps(verdict(69, 31).to_json()))

    assert found["fires"] is True
    assert found["counts"] == {"positive": 69, "negative": 31, "watermark": None}
    assert found["min_feedback"] == 100


def test_the_window_begins_at_the_full_hour_in_utc():
    assert window_start(NOW, Policy()) == datetime(2024, 2, 2, 12, tzinfo=UTC)
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert window_start(elsewhere, Policy()) == datetime(2024, 2, 2, 12, tzinfo=UTC)


def test_the_bare_rule_fires_on_noise_in_most_years_and_the_bounded_one_hardly_ever():
    """At a true satisfaction of 75 % nothing is wrong."""
    found = false_alarms(Policy(), per_day=10, satisfaction=0.75)

    assert 0.65 < found.literal < 0.80
    assert 0.005 < found.bounded < 0.025


def test_a_good_model_is_left_alone_and_a_bad_one_is_not():
    good = false_alarms(Policy(), per_day=10, satisfaction=0.95)
    bad = false_alarms(Policy(), per_day=10, satisfaction=0.4)

    assert (good.literal, good.bounded) == (0.0, 0.0)
    assert (bad.literal, bad.bounded) == (1.0, 1.0)


def test_without_feedback_nothing_fires():
    found = false_alarms(Policy(), per_day=0, satisfaction=0.5)

    assert (found.literal, found.bounded) == (0.0, 0.0)


def test_the_same_seed_gives_the_same_years():
    def once(seed):
        return false_alarms(Policy(), per_day=10, satisfaction=0.75, seed=seed)

    assert once(3) == once(3)
    assert once(3) != once(4)


def test_confidence_0_makes_both_rules_one():
    found = false_alarms(LITERAL, per_day=10, satisfaction=0.75)

    assert found.literal == found.bounded
