from dataclasses import replace

import pytest

from rul_platform.core.guard import Health, judge, strange_readings
from rul_platform.core.policy import Policy

WELL = Health(
    predictions=200,
    strange=0,
    failures=2,
    latency_p95_ms=12.0,
    out_of_range=1,
    pairs=150,
    jumps=3,
    positive=30,
    negative=5,
)


def breaches(policy=None, **found):
    return judge(replace(WELL, **found), policy or Policy())


def test_a_model_that_works_has_no_breach():
    assert breaches() == ()


def test_a_model_that_nobody_asked_has_no_breach():
    nothing = dict.fromkeys(("predictions", "failures", "out_of_range", "pairs", "jumps"), 0)

    assert breaches(**nothing, latency_p95_ms=None, positive=0, negative=0) == ()


def test_failures_above_the_limit_are_a_breach_with_all_numbers():
    assert breaches(predictions=180, failures=20) == (
        "failed: 20 of 200 predictions (10.0%, with 95 % confidence at least 7.0%), limit 5.0%",
    )


def test_a_model_that_only_fails_is_a_breach():
    (found,) = breaches(predictions=0, failures=30, out_of_range=0, pairs=0, jumps=0)

    assert found.startswith("failed: 30 of 30 predictions (100.0%")


def test_one_failure_of_three_is_none():
    assert breaches(predictions=2, failures=1, out_of_range=0, pairs=0, jumps=0) == ()


def test_a_share_above_the_limit_that_may_be_chance_is_none():
    """3 of 40 are 7.5 %, above the limit of 5 %, and yet no proof."""
    assert breaches(predictions=37, failures=3) == ()


def test_answers_out_of_range_are_a_breach():
    assert breaches(out_of_range=30) == (
        "out of range: 30 of 200 answers (15.0%, with 95 % confidence at least 11.3%), limit 5.0%",
    )


def test_answers_to_strange_readings_are_not_held_against_the_model():
    assert breaches(predictions=40, failures=0, strange=35, out_of_range=0) == ()
    (found,) = breaches(predictions=200, failures=0, strange=150, out_of_range=30)
    assert found.startswith("out of range: 30 of 50 answers")


def test_strange_readings_are_told_when_they_are_many():
    def told(strange: int, predictions: int = 40) -> str | None:
        found = replace(WELL, predictions=predictions, strange=strange)
        return strange_readings(found, Policy())

    assert told(35) == (
        "35 of 40 answers had readings far outside what the model learned from: check the sensors"
    )
    assert told(3) is None  # 7.5 % may be chance
    assert told(29, 29) is None


def test_jumps_are_a_breach():
    assert breaches(jumps=60) == (
        "jumped: 60 of 150 repeated answers (40.0%, with 95 % confidence at least 33.7%), "
        "limit 20.0%",
    )


def test_two_jumps_of_two_are_none():
    assert breaches(pairs=2, jumps=2) == ()


def test_slow_answers_are_a_breach_when_there_are_enough():
    assert breaches(latency_p95_ms=1500.4) == (
        "slow: 95 % of 200 answers took up to 1500 ms, limit 1000 ms",
    )
    assert breaches(latency_p95_ms=1500.4, predictions=29, out_of_range=0) == ()
    assert breaches(latency_p95_ms=1000.0) == ()


def test_bad_feedback_is_a_breach_when_it_is_enough():
    assert breaches(positive=10, negative=40) == (
        "unsatisfying: 10 of 50 feedbacks positive (20.0%, with 95 % confidence at most 30.7%), "
        "limit 40.0%",
    )
    assert breaches(positive=0, negative=19) == ()
    assert breaches(positive=13, negative=21) == ()  # 38 %, which may be chance


def test_every_breach_is_said():
    found = breaches(
        failures=100, out_of_range=100, jumps=100, latency_p95_ms=5000.0, positive=0, negative=50
    )

    assert [breach.split(":")[0] for breach in found] == [
        "failed",
        "out of range",
        "jumped",
        "slow",
        "unsatisfying",
    ]


def test_the_triggers_confidence_does_not_make_the_guard_rash():
    assert breaches(Policy(confidence=0), predictions=37, failures=3) == ()


@pytest.mark.parametrize("limit", ["guard_max_error_rate", "guard_max_jumps"])
def test_a_limit_of_1_is_never_breached(limit):
    found = breaches(Policy(**{limit: 1.0}), failures=10_000, jumps=150)

    assert len(found) == 1
