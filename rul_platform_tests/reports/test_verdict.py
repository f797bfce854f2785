"""The sentences at the top of a report say what the figures say."""

from dataclasses import replace

import numpy as np
import pytest

from rul_platform.core.bootstrap import Difference
from rul_platform.core.evaluation import evaluate
from rul_platform.core.predicted_units import PredictedUnits
from rul_platform.reports.html import render_markdown, render_report
from rul_platform.reports.tables import comparison_table, facts
from rul_platform.reports.verdict import answers, basis, cautions, conclusion, headline

UNITS, TRUTH = np.array([f"u{number}" for number in range(12)]), np.linspace(5, 115, 12)


def evaluated(*, cap: float = 125.0, main: str = "fine-tuned", units=UNITS, **errors):
    """Every model predicts the truth plus its error."""
    names = {"scratch": "from scratch", "tuned": "fine-tuned", "zero": "zero-shot"}
    given = PredictedUnits(
        title="Pumps", life_unit="hours", cap=cap, unit_ids=units, life=TRUTH, truth=TRUTH, main=main,
        predictions={names.get(name, name): TRUTH + error for name, error in errors.items()},
    )  # fmt: skip
    return evaluate(given, seed=0, resamples=200)


def answered(evaluation) -> dict[str, str]:
    return {answer.question: answer.answer for answer in answers(evaluation)}


ALTERNATING = np.resize([4.0, -4.0], 12)


def test_the_headline_says_how_far_off_and_on_how_many():
    assert headline(evaluated(tuned=ALTERNATING)) == (
        "The fine-tuned model is off by 4.00 hours on average, on 12 units."
    )


def test_yes_and_no_carry_the_paired_interval():
    found = evaluated(tuned=ALTERNATING, boosting=6.0, constant=1.0)
    by_question = {answer.question: answer for answer in answers(found)}

    beats = by_question["Does it beat boosting?"]
    assert (beats.answer, beats.good) == ("yes", True)
    assert beats.sentence == (
        "Its RMSE is 2.00 hours lower (95\N{NO-BREAK SPACE}% interval 2.00 to 2.00, paired over 12 "
        "units)."
    )
    loses = by_question["Does it beat a constant?"]
    assert (loses.answer, loses.good) == ("no", False)
    assert "3.00 hours higher" in loses.sentence


def test_a_model_that_any_approach_made_is_called_the_model():
    """A blend from scratch is no fine-tuned model, whatever its key in the tables."""
    found = replace(
        evaluated(tuned=ALTERNATING, boosting=6.0, scratch=9.0, champion=2.0),
        facts={"approach": "scratch blend"},
        transfer_verdict="It is undecided whether pretraining helps here.",
        transfer=None,
    )
    assert headline(found).startswith("The model (scratch blend) is off by")
    text = render_markdown(found)
    page = render_report(found, drawn=()).decode()
    for said in (text, page.partition("<body>")[2]):
        assert "fine-tuned" not in said
        assert "the model" in said
    assert comparison_table(found).caption.startswith("RMSE of the model minus that of the other")
    assert ("approach", "scratch blend") in facts(found)
    assert "fine-tuned" in render_markdown(replace(found, facts={}))


def test_undecided_says_that_the_units_cannot_tell():
    rng = np.random.default_rng(0)
    found = evaluated(tuned=rng.normal(0, 5, 12), boosting=rng.normal(0, 5, 12))
    answer = answers(found)[1]

    assert (answer.answer, answer.good) == ("undecided", None)
    assert "interval reaches from" in answer.sentence
    assert answer.sentence.endswith("12 units cannot tell.")


@pytest.mark.parametrize(
    ("scratch", "word", "sentence"),
    [
        (9.0, "yes", "Pretraining helps on this plant."),
        (1.0, "no", "Pretraining does harm on this plant."),
        (4.0, "undecided", "Whether pretraining helps on this plant is undecided."),
    ],
)
def test_pretraining_helps_or_not_or_is_undecided(scratch, word, sentence):
    found = evaluated(tuned=ALTERNATING, scratch=scratch)

    assert answered(found)["Does pretraining help?"] == word
    assert conclusion(found) == sentence
    assert answers(found)[-1].sentence.endswith(
        "Each of the two was trained with one seed only: what other seeds would change is not in the "
        "interval."
    )


def test_pretraining_is_judged_by_the_fine_tuned_model_even_when_another_is_main():
    found = evaluated(main="boosting", boosting=1.0, tuned=ALTERNATING, scratch=9.0)
    by_question = {answer.question: answer for answer in answers(found)}

    assert by_question["Does pretraining help?"].answer == "yes"
    assert by_question["Does pretraining help?"].sentence.startswith(
        "Fine-tuned against from scratch: "
    )
    assert by_question["Is it better than the model trained from scratch?"].answer == "yes"


def test_fine_tuning_is_compared_with_leaving_the_pretrained_model_as_it_is():
    found = evaluated(tuned=ALTERNATING, scratch=9.0, zero=1.0)

    assert answered(found)["Does fine-tuning on this plant help?"] == "no"


def test_the_conclusion_names_each_rival_once():
    found = evaluated(tuned=ALTERNATING, boosting=6.0, constant=40.0, champion=-4.0)

    assert conclusion(found) == (
        "It beats the boosting baseline and the constant prediction and cannot be told from the "
        "champion."
    )
    assert answered(found)["Is it better than the champion?"] == "undecided"


def test_a_model_alone_has_no_conclusion():
    assert conclusion(evaluated(tuned=1.0)) == ""


@pytest.mark.parametrize(
    ("error", "word"), [(3.0, "yes"), (-3.0, "no"), (ALTERNATING, "undecided")]
)
def test_late_predictions_dominate_only_if_the_units_show_it(error, word):
    answer = answers(evaluated(tuned=error))[0]

    assert answer.question == "Do late predictions dominate?"
    assert answer.answer == word
    assert answer.good == {"yes": False, "no": True, "undecided": None}[word]


def test_the_basis_is_told_where_a_truth_exceeds_the_cap():
    assert basis(evaluated(tuned=1.0)) == ""
    assert basis(evaluated(tuned=0.0, cap=100.0)) == (
        "A true life beyond 100 hours counts as 100 here, as in training; against the raw truth the "
        "model is off by 0.00 hours."
    )


@pytest.mark.parametrize(
    ("half_width", "word", "remark"),
    [(1.0, "no", "it held the truth in 0"), (9.0, "yes", "so it is wider than it needs to be.")],
)
def test_an_interval_is_held_to_its_promise(half_width, word, remark):
    point = evaluated(tuned=ALTERNATING)
    bounds = {
        "interval_low": point.predictions["fine-tuned"] - half_width,
        "interval_high": point.predictions["fine-tuned"] + half_width,
    }
    given = PredictedUnits(
        title="Pumps", life_unit="hours", cap=125.0, unit_ids=UNITS, life=TRUTH, truth=TRUTH,
        main="fine-tuned", predictions=point.predictions, **bounds,
    )  # fmt: skip
    answer = answers(evaluate(given, seed=0, resamples=100))[-1]

    assert (answer.question, answer.answer) == (
        "Does the prediction interval keep its promise?",
        word,
    )
    assert answer.sentence.startswith("Promised 90\N{NO-BREAK SPACE}%")
    assert remark in answer.sentence


def test_few_units_and_simulated_data_are_warned_of():
    few = evaluated(tuned=1.0, units=np.repeat(["a", "b", "c"], 4))

    assert cautions(evaluated(tuned=1.0)) == ()
    assert cautions(few)[0].startswith("Only 3 units scored: with fewer than 10 the intervals")
    assert cautions(replace(few, simulated=True))[0].startswith("The data is simulated")


def test_one_unit_is_told_as_such():
    one = evaluated(tuned=1.0, boosting=3.0, units=np.full(12, "only"))

    assert answers(one)[1].sentence == (
        "Its RMSE is 2.00 hours lower; one unit says nothing about others."
    )
    assert one.differences["boosting"] == Difference(
        one.differences["boosting"].mean, -np.inf, np.inf
    )
