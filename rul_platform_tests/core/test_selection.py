"""Choosing an approach: the best on units left out, unless it may harm."""

import math
import re

import numpy as np
import pandas as pd
import pytest

from rul_platform.core.approaches import FROM_CHAMPION
from rul_platform.core.selection import DIVERGED, choose
from rul_platform.errors import EvaluationError, TrainingError

CAP = 125.0
UNITS = 10


def predicted(errors: list[float] | float) -> pd.DataFrame:
    """Ten units, or one for each error, four rows each; every row of a unit errs by the same."""
    by_unit = [errors] * UNITS if isinstance(errors, float | int) else errors
    rows = [
        {"unit": f"u{unit}", "life": float(life), "rul": 50.0, "predicted": 50.0 + error}
        for unit, error in enumerate(by_unit)
        for life in range(4)
    ]
    return pd.DataFrame(rows)


def test_the_lowest_error_on_units_left_out_is_chosen():
    choice = choose(
        {"boosting": predicted(12), "zero-shot": predicted(9), "source replay": predicted(5)},
        cap=CAP,
        seed=0,
    )
    assert choice.name == "source replay"
    assert choice.reasons[0] == (
        "source replay is chosen: the lowest RMSE, 5.00 cycles, on units left out."
    )
    assert choice.table["approach"].tolist() == ["source replay", "zero-shot", "boosting"]
    assert choice.table["outcome"].iloc[0] == "chosen"


def test_the_truth_is_limited_to_the_cap():
    above = predicted(0).assign(rul=300.0, predicted=CAP)
    choice = choose(
        {"zero-shot": above, "boosting": above.assign(predicted=120.0)}, cap=CAP, seed=0
    )
    assert choice.table["rmse"].tolist() == [0.0, 5.0]


def test_the_guard_refuses_what_is_best_on_the_mean_but_may_well_harm():
    """Good on nine units and far off on one: where that one is drawn twice, zero-shot is better."""
    wild, calm = predicted([0.5] * 9 + [15.0]), predicted([5.0] * 10)
    choice = choose({"zero-shot": calm, "source replay": wild}, cap=CAP, seed=0)
    by_name = choice.table.set_index("approach")
    assert by_name.loc["source replay", "rmse"] < by_name.loc["zero-shot", "rmse"]
    assert choice.name == "zero-shot"
    why = choice.refused["source replay"]
    assert re.fullmatch(
        r"\d+% chance to err over 0.5 cycles more than zero-shot, \d+% to err as much less "
        r"\(allowed: 10%, or a gain 5 times as likely\)",
        why,
    )
    assert f"source replay was not taken, it is too risky: {why}." in choice.reasons
    assert by_name.loc["source replay", "outcome"] == f"too risky: {why}"


def test_a_gain_that_is_far_more_likely_than_harm_is_not_refused():
    """Of ten units two are odd.

    The one approach harms when odd units are drawn more than twice (32 %), the other when more than
    three times (12 %), and each is a gain otherwise: twice as likely, and seven times.
    """
    calm = predicted([12.0] * 10)
    odd, less_odd = predicted([1.0] * 8 + [24.0] * 2), predicted([1.0] * 8 + [20.0] * 2)
    refused = choose({"boosting": calm, "source replay": odd}, cap=CAP, seed=0)
    assert "source replay" in refused.refused
    allowed = choose({"boosting": calm, "source replay": less_odd}, cap=CAP, seed=0)
    assert allowed.name == "source replay"
    chance = allowed.table.set_index("approach").loc["source replay", "chance_of_harm"]
    assert 0.10 < chance < 0.2


def test_a_chance_to_harm_of_a_tenth_is_allowed_and_harm_below_the_tolerance_is_none():
    a_little_worse = predicted(5.4)
    choice = choose({"zero-shot": predicted(5), "boosting": a_little_worse}, cap=CAP, seed=0)
    assert choice.refused == {}
    worse = choose({"zero-shot": predicted(5), "boosting": predicted(5.6)}, cap=CAP, seed=0)
    assert "100%" in worse.refused["boosting"]


def test_the_tolerance_goes_with_the_cap():
    """0.4 % of the cap: what harms turbofans is nothing to a plant with labels of 5,000 hours."""
    tried = {"zero-shot": predicted(5), "boosting": predicted(9)}
    assert choose(tried, cap=5000.0, seed=0).refused == {}
    assert "boosting" in choose(tried, cap=CAP, seed=0).refused


def test_of_equals_the_simpler_is_taken():
    tried = {
        "source replay": predicted(5.0),
        "head only": predicted(5.05),
        "boosting": predicted(5.09),
    }
    choice = choose(tried, cap=CAP, seed=0)
    assert choice.name == "boosting"
    assert "as good as source replay (5.00), and simpler" in choice.reasons[0]


def test_a_blend_is_taken_unless_another_is_surely_better():
    """Better on six units of ten and worse on four: not sure. Better on all ten: sure."""
    calm, mixed = predicted(5), predicted([4.0] * 6 + [5.9] * 4)
    choice = choose({"blend": calm, "source replay": mixed}, cap=CAP, seed=0)
    assert choice.table["approach"].iloc[0] == "source replay"
    assert choice.name == "blend"
    assert "source replay (4.85) is not surely better" in choice.reasons[0]
    sure = choose({"blend": calm, "source replay": predicted(4)}, cap=CAP, seed=0)
    assert sure.name == "source replay"


def test_of_nine_units_none_is_sure_and_the_blend_is_kept():
    tried = {"blend": predicted([5.0] * 9), "source replay": predicted([4.0] * 9)}
    assert choose(tried, cap=CAP, seed=0).name == "blend"


def test_of_nine_units_no_resample_refuses_a_blend():
    """Worse than from scratch on each of them; what five units say of a network is often luck."""
    tried = {"from scratch": predicted([4.0] * 9), "blend": predicted([6.0] * 9)}
    choice = choose(tried, cap=CAP, seed=0)
    assert (choice.name, choice.refused) == ("blend", {})
    ten = {name: predicted(error) for name, error in (("from scratch", 4), ("blend", 6))}
    assert "blend" in choose(ten, cap=CAP, seed=0).refused


def test_of_blends_the_one_that_knows_other_machines_is_safer():
    """Nine units say that their own blend is better by a fifth, and nine cannot tell; ten can."""
    tried = {"scratch blend": predicted([4.0] * 9), "blend": predicted([5.0] * 9)}
    choice = choose(tried, cap=CAP, seed=0)
    assert choice.name == "blend"
    assert "scratch blend (4.00) is not surely better" in choice.reasons[0]
    assert choice.reasons[0].endswith("one with what other machines taught is safer.")
    sure = {name: predicted(error) for name, error in (("scratch blend", 4), ("blend", 5))}
    assert choose(sure, cap=CAP, seed=0).name == "scratch blend"


def test_the_more_approaches_are_tried_the_surer_the_best_must_be():
    """Better on nine units of ten: 1.4 % of resamples doubt it, too many for the best of ten."""
    calm, often = predicted(5), predicted([4.5] * 9 + [6.0])
    two = {"blend": calm, "source replay": often}
    assert choose(two, cap=CAP, seed=0).name == "source replay"
    ten = two | {f"head only {number}": predicted(6) for number in range(8)}
    assert choose(ten, cap=CAP, seed=0).name == "blend"


def test_a_blend_is_refused_only_where_harm_is_as_good_as_certain():
    """Of ten units two are odd: harm in 32 % of resamples. Of ten five are: in most, but not in all."""
    calm, odd = predicted([12.0] * 10), predicted([1.0] * 8 + [24.0] * 2)
    assert choose({"boosting": calm, "blend": odd}, cap=CAP, seed=0).name == "blend"
    assert choose({"boosting": calm, "source replay": odd}, cap=CAP, seed=0).name == "boosting"
    half = {"zero-shot": predicted(4.9), "blend": predicted([4.0] * 5 + [7.0] * 5)}
    assert choose(half, cap=CAP, seed=0).name == "blend"


def test_a_blend_that_the_guard_refuses_is_not_taken_for_its_safety():
    choice = choose({"zero-shot": predicted(4.9), "blend": predicted(7)}, cap=CAP, seed=0)
    assert "blend" in choice.refused
    assert choice.name == "zero-shot"


def test_of_equals_the_pretrained_network_goes_before_the_champion():
    name = "source replay"
    tried = {name + FROM_CHAMPION: predicted(5.0), name: predicted(5.0)}
    assert choose(tried, cap=CAP, seed=0).name == name


def test_where_none_passes_the_least_harmful_is_taken_and_said_to_be_so():
    """Each is right where the other is wrong."""
    one = predicted([0.0] * 5 + [9.0] * 5)
    other = predicted([9.5] * 5 + [0.0] * 5)
    choice = choose({"zero-shot": one, "boosting": other}, cap=CAP, seed=0)
    assert set(choice.refused) == {"zero-shot", "boosting"}
    assert choice.name == "zero-shot"
    assert "the least likely to harm" in choice.reasons[0]


@pytest.mark.parametrize(
    ("pretrained", "network", "benefit", "words"),
    [
        (
            5.0,
            [20.0] * 10,
            "helps",
            "Pretraining helps here: zero-shot against boosting, RMSE -4.00",
        ),
        (12.0, [11.0, 13.0] * 5, "undecided", "It is undecided whether pretraining helps here"),
        (
            12.0,
            [10.0] * 10,
            "harms",
            "Pretraining harms here: zero-shot against from scratch, RMSE +2.00",
        ),
    ],
)
def test_pretraining_must_beat_the_best_without_it_to_help_and_lose_to_its_like_to_harm(
    pretrained: float, network: list[float], benefit: str, words: str
):
    """Twelve is worse than boosting's nine, but as good as the network from scratch: no harm."""
    tried = {
        "zero-shot": predicted(pretrained),
        "full fine-tuning": predicted(25),
        "boosting": predicted(9),
        "from scratch": predicted(network),
    }
    verdict = choose(tried, cap=CAP, seed=0).verdict
    assert (verdict.benefit, verdict.pretrained) == (benefit, "zero-shot")
    assert verdict.sentence("cycles").startswith(words)


@pytest.mark.parametrize("units", [5, 9])
@pytest.mark.parametrize("pretrained", [5.0, 20.0])
def test_so_few_machines_cannot_tell_whether_pretraining_helps_or_harms(
    units: int, pretrained: float
):
    """Better or worse on each of them: the difference and its interval are still told."""
    tried = {
        "zero-shot": predicted([pretrained] * units),
        "from scratch": predicted([9.0] * units),
    }
    verdict = choose(tried, cap=CAP, seed=0).verdict
    assert verdict.benefit == "undecided"
    assert verdict.difference is not None
    assert verdict.difference.mean == pytest.approx(pretrained - 9)
    said = verdict.sentence("cycles")
    assert said.startswith(
        f"It is undecided whether pretraining helps here, for {units} machines are too few to tell "
        "(10 are needed: over fewer an interval is too narrow, also where it leaves out 0): zero-shot "
        "against from scratch, RMSE"
    )


def test_better_than_its_like_is_no_help_and_the_reason_stands_before_the_figures():
    """The interval leaves out 0, so it alone would say that pretraining helps."""
    tried = {
        "zero-shot": predicted(9.0),
        "boosting": predicted([8.0, 10.0] * 5),
        "from scratch": predicted(20.0),
    }
    verdict = choose(tried, cap=CAP, seed=0).verdict
    assert (verdict.benefit, verdict.scratch) == ("undecided", "from scratch")
    assert verdict.difference is not None
    assert verdict.difference.high < 0
    assert verdict.sentence("cycles").startswith(
        "It is undecided whether pretraining helps here, for it is not surely better than the best that "
        "this plant's units give: zero-shot against from scratch, RMSE -11.00"
    )


def test_the_interval_of_the_verdict_is_paired_over_units():
    """Units differ much, the two approaches by the same on each: the interval is narrow."""
    hard = np.linspace(2, 40, UNITS)
    verdict = choose(
        {"zero-shot": predicted(list(hard)), "boosting": predicted(list(hard * 1.05))},
        cap=CAP,
        seed=0,
    ).verdict
    assert verdict.benefit == "helps"
    assert verdict.difference is not None
    assert verdict.difference.high - verdict.difference.low < 1.0


def test_without_pretraining_nothing_is_said_of_it():
    choice = choose({"boosting": predicted(5)}, cap=CAP, seed=0)
    assert choice.verdict.difference is None
    assert choice.verdict.sentence("hours").endswith("is not known: there is nothing to compare.")
    assert choice.to_json()["transfer"] == {
        "benefit": "undecided",
        "pretrained": None,
        "scratch": "boosting",
        "difference": None,
        "low": None,
        "high": None,
    }


def test_cpu_seconds_are_shown_where_they_are_known():
    tried = {"zero-shot": predicted(5), "boosting": predicted(6)}
    table = choose(tried, cap=CAP, seed=0, cpu_seconds={"boosting": 1.5}).table
    seconds = table.set_index("approach")["cpu_seconds"]
    assert seconds["boosting"] == 1.5
    assert math.isnan(seconds["zero-shot"])


def test_approaches_that_were_judged_at_other_points_are_refused():
    other = predicted(5).assign(life=7.0)
    with pytest.raises(EvaluationError, match="boosting was judged at other units or points"):
        choose({"zero-shot": predicted(5), "boosting": other}, cap=CAP, seed=0)


def test_nothing_to_choose_from_is_refused():
    with pytest.raises(EvaluationError, match="none was tried, expected one or more"):
        choose({}, cap=CAP, seed=0)


def test_what_diverged_is_told_and_left_out_of_the_choice_and_of_the_references():
    """Without from scratch there is one reference less, and no figure of it."""
    choice = choose(
        {"boosting": predicted(12), "source replay": predicted(5)},
        cap=CAP,
        seed=0,
        diverged={"from scratch": "in fold 2 at step 7", "head only": "in fold 0 at step 1"},
    )
    assert choice.name == "source replay"
    assert "from scratch diverged in fold 2 at step 7, and is left out." in choice.reasons
    assert choice.verdict.scratch == "boosting"
    table = choice.table.set_index("approach")
    assert table.index.tolist()[:2] == ["source replay", "boosting"]
    lost = table.loc[["from scratch", "head only"]]
    assert lost["outcome"].tolist() == [DIVERGED, DIVERGED]
    assert lost[["rmse", "low", "high", "chance_of_harm"]].isna().all(axis=None)


def test_where_every_training_diverged_nothing_can_be_chosen():
    with pytest.raises(TrainingError, match=r"every training diverged: blend in fold 1.*lower"):
        choose({}, cap=CAP, seed=0, diverged={"blend": "in fold 1 at step 7"})
