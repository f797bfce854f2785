"""The promotion gate's rule."""

from dataclasses import replace

import pytest

from rul_platform.core.gate import HOLD, IN_CHARGE, PROMOTE, REJECT, Verdict, decide
from rul_platform.core.gate_evidence import Evidence
from rul_platform.core.gate_statistics import Paired, SeedNoise
from rul_platform.core.policy import Policy

POLICY = Policy()
LITERAL = Policy(gate="threshold")
OVERALL = Paired(
    name="all predictions", units=40, candidate=10.0, champion=11.0, low=0.55, high=1.4
)
LATE = Paired(name="late predictions", units=40, candidate=5.0, champion=5.5, low=-0.2, high=1.2)
END = Paired(name="last 30 cycles of life", units=40, candidate=3.0, champion=3.0, low=-1, high=1)
GOOD = Evidence(
    candidate="c" * 64,
    champion="d" * 64,
    champion_number=1,
    evaluation_set="e" * 64,
    life_unit="cycles",
    candidate_rmse=10.0,
    champion_rmse=11.0,
    constant_rmse=40.0,
    boosting_rmse=9.0,
    incomparable=None,
    champion_silent=None,
    lowest_output=-0.1,
    highest_output=1.1,
    onnx_difference=1e-7,
    units=40,
    comparison=(OVERALL, LATE, END),
    noise=SeedNoise(seeds=(0, 1, 2), rmse=(10.0, 10.3, 10.6)),
)
FIRST = replace(
    GOOD, champion=None, champion_number=None, champion_rmse=None, comparison=(), noise=None
)


def with_overall(**changed) -> Evidence:
    overall = replace(OVERALL, **changed)
    return replace(
        GOOD, comparison=(overall, LATE, END), candidate_rmse=overall.candidate, units=overall.units
    )


def test_a_surely_better_candidate_is_promoted_even_if_boosting_is_better_still():
    verdict = decide(GOOD, POLICY)

    assert (verdict.verdict, verdict.is_open) == (PROMOTE, True)
    assert verdict.reasons == (
        "RMSE 10.00 is 9.1 % below the champion's 11.00 on the same 40 test units: with 90 % confidence "
        "the gain on such units is at least 5.0 %; no protected slice is worse beyond "
        "chance",
    )


@pytest.mark.parametrize("policy", [POLICY, Policy(gate="threshold", min_improvement=0.0)])
def test_a_champion_with_another_interval_is_not_judged_against_itself(policy: Policy):
    evidence = replace(GOOD, candidate_predicts="f" * 64, champion_predicts="f" * 64)

    verdict = decide(evidence, policy)

    assert (verdict.verdict, verdict.is_open) == (IN_CHARGE, True)
    assert verdict.reasons == (
        "the model in charge makes the very same predictions, with another interval",
    )
    assert Verdict.from_json(verdict.to_json()) == verdict
    other = replace(evidence, champion_predicts="0" * 64)
    assert decide(other, policy).verdict == PROMOTE


def test_a_record_from_before_predictions_had_a_hash_is_read_and_judged_as_before():
    record = GOOD.to_json()
    del record["candidate_predicts"], record["champion_predicts"]

    assert Evidence.from_json(record) == GOOD
    assert decide(Evidence.from_json(record), POLICY).verdict == PROMOTE


def test_a_gain_that_may_be_chance_is_no_gain():
    verdict = decide(with_overall(low=-0.11), POLICY)

    assert verdict.verdict == REJECT
    assert verdict.reasons == (
        "RMSE 10.00 is 9.1 % below the champion's 11.00 on the same 40 test units, which may be "
        "chance: with 90 % confidence the gain on such units is at least -1.0 %",
    )


@pytest.mark.parametrize(
    ("rmse", "words"),
    [
        (10.9, "RMSE 10.90 is 0.9 % below the champion's 11.00"),
        (12.1, "RMSE 12.10 is 10.0 % above the champion's 11.00"),
    ],
)
@pytest.mark.parametrize("policy", [POLICY, LITERAL])
@pytest.mark.parametrize("units", [6, 40])
def test_a_gain_below_the_threshold_is_rejected_however_sure(
    rmse: float, words: str, policy: Policy, units: int
):
    verdict = decide(with_overall(candidate=rmse, low=0.05, units=units), policy)

    assert verdict.verdict == REJECT
    assert verdict.reasons == (
        f"{words} on the same {units} test units, at least 2.0 % is asked for",
    )


def test_the_threshold_itself_is_enough():
    assert (
        decide(with_overall(candidate=98.0, champion=100.0), LITERAL).verdict == REJECT
    )  # constant
    assert decide(with_overall(candidate=10.78), LITERAL).verdict == PROMOTE


def test_few_units_hold_a_gain_until_a_person_decides():
    verdict = decide(with_overall(units=29), POLICY)

    assert (verdict.verdict, verdict.is_open) == (HOLD, False)
    assert verdict.reasons == (
        "RMSE 10.00 is 9.1 % below the champion's 11.00 on the same 29 test units, and fewer than 30 "
        "test units cannot tell that from chance",
    )
    assert decide(with_overall(units=29), Policy(min_units=29)).verdict == PROMOTE


def test_a_slice_that_is_surely_worse_rejects_and_is_named():
    worse = replace(END, candidate=4.0, low=-1.5, high=-0.5)
    verdict = decide(replace(GOOD, comparison=(OVERALL, LATE, worse)), POLICY)

    assert verdict.verdict == REJECT
    assert verdict.reasons == (
        "worse on last 30 cycles of life: RMSE 4.00 against the champion's 3.00 cycles on 40 test "
        "units, with 90 % confidence by 0.50 or more",
    )


def test_a_slice_of_four_units_is_not_judged():
    worse = replace(END, units=4, candidate=4.0, low=-1.5, high=-0.5)

    assert decide(replace(GOOD, comparison=(OVERALL, LATE, worse)), POLICY).verdict == PROMOTE


def test_the_literal_rule_asks_for_the_threshold_only():
    worse = replace(END, candidate=4.0, low=-1.5, high=-0.5)
    few = replace(OVERALL, units=6, low=-3.0)
    verdict = decide(replace(GOOD, comparison=(few, LATE, worse), units=6), LITERAL)

    assert verdict.verdict == PROMOTE
    assert verdict.reasons[0].endswith("on the same 6 test units, the threshold is 2.0 %")


def test_one_unit_says_nothing_about_others():
    alone = with_overall(units=1, low=None, high=None)

    verdict = decide(alone, Policy(min_units=1))
    assert verdict.verdict == REJECT
    assert verdict.reasons[0].endswith("may be chance: one unit says nothing about others")


def test_nothing_is_better_than_a_champion_without_any_error():
    verdict = decide(with_overall(candidate=0.0, champion=0.0, low=0.0, high=0.0), POLICY)

    assert verdict.verdict == REJECT
    assert "RMSE 0.00 is 0.0 % below the champion's 0.00" in verdict.reasons[0]


@pytest.mark.parametrize("policy", [POLICY, LITERAL])
def test_the_first_model_of_a_plant_needs_no_champion_and_few_units(policy: Policy):
    verdict = decide(replace(FIRST, units=6), policy)

    assert verdict.verdict == PROMOTE
    assert verdict.reasons == (
        "first model of this plant: RMSE 10.00 against 40.00 of a constant, on 6 test units; there is "
        "no champion yet to be worse than",
    )


def test_beside_a_champion_that_cannot_answer_a_person_decides():
    """A new operating condition that only the candidate knows: is that progress?"""
    silent = replace(
        GOOD, champion_rmse=None, champion_silent="condition 9 is new", comparison=(), noise=None
    )
    verdict = decide(silent, POLICY)

    assert verdict.verdict == HOLD
    assert decide(silent, LITERAL).verdict == PROMOTE
    assert "the champion cannot answer: condition 9 is new" in verdict.reasons[0]


@pytest.mark.parametrize("policy", [POLICY, LITERAL])
def test_a_model_is_not_compared_with_itself(policy: Policy):
    verdict = decide(replace(GOOD, candidate=GOOD.champion or ""), policy)

    assert (verdict.verdict, verdict.is_open) == (IN_CHARGE, True)


@pytest.mark.parametrize("policy", [POLICY, LITERAL])
@pytest.mark.parametrize("before", [GOOD, FIRST])
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"constant_rmse": 10.0}, "RMSE 10.00 is not below the 10.00 of a constant"),
        ({"highest_output": None}, "smoke test: outputs from -0.1 to None caps"),
        ({"lowest_output": -7.0}, "smoke test: outputs from -7.0 to 1.1 caps"),
        ({"onnx_difference": None}, "ONNX and torch differ by None of the cap"),
        ({"incomparable": "they read the plant differently"}, "they read the plant differently"),
        ({"onnx_difference": 0.01}, "ONNX and torch differ by 0.01 of the cap"),
    ],
)
def test_each_reason_against_a_candidate_is_enough(
    change: dict, reason: str, before: Evidence, policy: Policy
):
    verdict = decide(replace(before, **change), policy)

    assert verdict.verdict == REJECT
    assert not verdict.is_open
    assert reason in verdict.reasons[0]


def test_all_reasons_are_told_at_once():
    worse = replace(with_overall(candidate=12.0), constant_rmse=1.0)
    assert len(decide(worse, POLICY).reasons) == 2


@pytest.mark.parametrize("evidence", [GOOD, FIRST])
def test_a_verdict_survives_json(evidence: Evidence):
    verdict = decide(evidence, POLICY)
    assert Verdict.from_json(verdict.to_json()) == verdict


def test_the_noise_is_told_as_a_part_of_the_champions_error():
    assert GOOD.noise_share == pytest.approx(0.3 / 11.0)
    assert FIRST.noise_share is None


def test_a_gain_that_a_lucky_seed_could_bring_is_left_to_a_person():
    noisy = replace(GOOD, noise=SeedNoise(seeds=(0, 1, 2), rmse=(10.0, 10.8, 11.6)))

    verdict = decide(noisy, POLICY)

    assert verdict.verdict == HOLD
    assert verdict.reasons == (
        "RMSE 10.00 is 9.1 % below the champion's 11.00 on the same 40 test units, and a lucky seed "
        "could do that: it is less than 2 times the 7.3 % by which this recipe's seeds differ",
    )
    assert decide(noisy, replace(POLICY, gate="threshold")).verdict == PROMOTE


def test_the_very_model_that_did_harm_is_rejected_however_well_it_scores():
    verdict = decide(replace(GOOD, barred="it is version 2 again, which is rolled back"), POLICY)
    assert (verdict.verdict, verdict.reasons) == (
        REJECT,
        ("it is version 2 again, which is rolled back",),
    )


def test_a_record_from_before_there_was_a_comparison_can_be_read():
    old = {
        name: value
        for name, value in FIRST.to_json().items()
        if name not in ("comparison", "noise", "life_unit", "barred")
    }
    assert Evidence.from_json(old).overall is None
