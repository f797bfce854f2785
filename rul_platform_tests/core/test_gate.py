"""The promotion gate's rule."""

from dataclasses import replace

import pytest

from rul_platform.core.gate import IN_CHARGE, PROMOTE, REJECT, Evidence, Verdict, decide

GOOD = Evidence(
    candidate="c" * 64,
    champion="d" * 64,
    champion_number=1,
    evaluation_set="e" * 64,
    candidate_rmse=10.0,
    champion_rmse=11.0,
    constant_rmse=40.0,
    boosting_rmse=9.0,
    incomparable=None,
    champion_silent=None,
    lowest_output=-0.1,
    highest_output=1.1,
    onnx_difference=1e-7,
    units=6,
)


def test_a_better_candidate_is_promoted_even_if_boosting_is_better_still():
    assert decide(GOOD).verdict == PROMOTE


def test_the_first_model_of_a_plant_needs_no_champion():
    verdict = decide(replace(GOOD, champion=None, champion_number=None, champion_rmse=None))
    assert verdict.verdict == PROMOTE
    assert verdict.reasons == (
        "first model of this plant: RMSE 10.00 against 40.00 of a constant, on 6 test units",
    )


def test_a_champion_that_cannot_answer_is_no_obstacle():
    """A new operating condition, that only the candidate knows."""
    verdict = decide(replace(GOOD, champion_rmse=None, champion_silent="condition 9 is new"))
    assert verdict.verdict == PROMOTE
    assert "the champion cannot answer: condition 9 is new" in verdict.reasons[0]


def test_a_model_is_not_compared_with_itself():
    assert decide(replace(GOOD, candidate=GOOD.champion or "")).verdict == IN_CHARGE


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"champion_rmse": 9.9}, "RMSE 10.00 is worse than the champion's 9.90 on the same 6"),
        ({"constant_rmse": 10.0}, "RMSE 10.00 is not below the 10.00 of a constant"),
        ({"highest_output": None}, "smoke test: outputs from -0.1 to None caps"),
        ({"lowest_output": -7.0}, "smoke test: outputs from -7.0 to 1.1 caps"),
        ({"onnx_difference": None}, "ONNX and torch differ by None of the cap"),
        ({"incomparable": "they read the plant differently"}, "they read the plant differently"),
        ({"onnx_difference": 0.01}, "ONNX and torch differ by 0.01 of the cap"),
    ],
)
def test_each_reason_against_a_candidate_is_enough(change: dict, reason: str):
    verdict = decide(replace(GOOD, **change))
    assert verdict.verdict == REJECT
    assert not verdict.is_open
    assert reason in verdict.reasons[0]


def test_all_reasons_are_told_at_once():
    assert len(decide(replace(GOOD, champion_rmse=1.0, constant_rmse=1.0)).reasons) == 2


def test_a_verdict_survives_json():
    verdict = decide(GOOD)
    assert Verdict.from_json(verdict.to_json()) == verdict
