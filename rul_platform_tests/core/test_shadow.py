import json

import numpy as np
import pytest

from rul_platform.core.policy import Policy
from rul_platform.core.shadow import PairedOutcome, arm, compare

POLICY = Policy(shadow=True, shadow_units=10)


def pairs(champion, challenger):
    return [
        PairedOutcome(f"pump-{number}", mine, theirs)
        for number, (mine, theirs) in enumerate(zip(champion, challenger, strict=True))
    ]


def test_it_waits_for_enough_units():
    found = compare(pairs([1.0] * 9, [0.0] * 9), POLICY)

    assert found.verdict == "wait"
    assert found.reasons == ("9 units with a known end, fewer than the 10 needed",)


def test_with_no_unit_it_waits():
    assert compare([], POLICY).verdict == "wait"


def test_a_better_challenger_is_confirmed_with_the_numbers():
    found = compare(pairs([10.0] * 10, [8.0] * 10), POLICY)

    assert found.verdict == "confirm"
    assert found.reasons == (
        "challenger's RMSE 8.00, champion's 10.00, on the same 10 units: not worse",
    )
    assert found.numbers["mse_difference"] == pytest.approx(-36.0)


def test_an_equal_challenger_is_confirmed():
    assert compare(pairs([3.0] * 10, [-3.0] * 10), POLICY).verdict == "confirm"


def test_a_surely_worse_challenger_is_rejected_at_once():
    found = compare(pairs([1.0] * 10, [2.0] * 10), POLICY)

    assert found.verdict == "reject"
    assert found.reasons[0].endswith("worse with 95 % confidence")


def undecided(units):
    """Worse on the mean because of one unit, better on the others."""
    return pairs([2.0] * units, [1.9] * (units - 1) + [20.0])


def test_a_challenger_that_is_worse_perhaps_is_given_time():
    found = compare(undecided(10), POLICY)

    assert found.verdict == "wait"
    assert found.reasons[0].endswith("worse, but not surely; decided after 30 units at the latest")


def test_a_challenger_that_never_catches_up_is_rejected_in_the_end():
    assert compare(undecided(29), POLICY).verdict == "wait"

    found = compare(undecided(30), POLICY)

    assert found.verdict == "reject"
    assert found.reasons[0].endswith("still worse after 30 units")


def test_the_same_seed_gives_the_same_verdict_as_plain_json():
    random = np.random.default_rng(0)
    given = pairs(random.normal(size=12), random.normal(size=12))

    first = json.dumps(compare(given, POLICY, seed=1).to_json())

    assert first == json.dumps(compare(given, POLICY, seed=1).to_json())


def test_an_equal_challenger_is_rarely_rejected_at_once():
    """One-sided 5 %; the percentile bootstrap of so few units errs somewhat more often."""
    random = np.random.default_rng(2)
    found = [
        compare(pairs(random.normal(size=20), random.normal(size=20)), POLICY, seed=seed).verdict
        for seed in range(100)
    ]

    assert found.count("reject") <= 12


def test_the_split_keeps_its_share():
    found = [arm("press", 4, f"unit-{number}", 0.3) for number in range(4000)]

    assert found.count("challenger") / 4000 == pytest.approx(0.3, abs=0.03)


def test_a_unit_stays_where_it_is_and_only_moves_to_the_challenger_as_the_share_grows():
    units = [f"unit-{number}" for number in range(200)]
    few = {unit for unit in units if arm("press", 4, unit, 0.2) == "challenger"}
    many = {unit for unit in units if arm("press", 4, unit, 0.6) == "challenger"}

    assert few < many


def test_a_share_of_nothing_and_of_all():
    units = [f"unit-{number}" for number in range(200)]

    assert {arm("press", 4, unit, 0.0) for unit in units} == {"champion"}
    assert {arm("press", 4, unit, 1.0) for unit in units} == {"challenger"}


def test_another_challenger_is_given_other_units():
    units = [f"unit-{number}" for number in range(200)]

    assert [arm("press", 4, u, 0.5) for u in units] != [arm("press", 5, u, 0.5) for u in units]
