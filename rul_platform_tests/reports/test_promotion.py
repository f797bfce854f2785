"""The gate's answer in a report: what the verdict means, the gain, the slices and the noise."""

from dataclasses import replace

import pytest

from rul_platform.core.gate import Verdict, decide
from rul_platform.core.gate_evidence import Evidence
from rul_platform.core.policy import Policy
from rul_platform.reports.html import render_report
from rul_platform.reports.promotion import comparison_with_champion, noise_sentence, promotion
from rul_platform_tests.core.test_gate import END, FIRST, GOOD, LATE, OVERALL

WORSE = replace(END, candidate=4.0, low=-1.5, high=-0.5)


def verdict(evidence: Evidence = GOOD) -> Verdict:
    return decide(evidence, Policy())


@pytest.mark.parametrize(
    ("evidence", "word", "tone", "meaning"),
    [
        (GOOD, "PROMOTE", "good", "Nothing speaks against putting this model in charge."),
        (
            replace(GOOD, units=6),
            "HOLD",
            "open",
            "The champion stays in charge until a person approves this model.",
        ),
        (
            replace(GOOD, comparison=(OVERALL, LATE, WORSE)),
            "REJECT",
            "bad",
            "The champion stays in charge.",
        ),
        (
            replace(FIRST, constant_rmse=1.0),
            "REJECT",
            "bad",
            "The plant stays without a model.",
        ),
        (replace(GOOD, champion=GOOD.candidate), "IN_CHARGE", "good", "Nothing changes."),
    ],
)
def test_what_follows_from_the_verdict_is_said(
    evidence: Evidence, word: str, tone: str, meaning: str
):
    shown = promotion(verdict(evidence))
    assert (shown.verdict, shown.tone, shown.meaning) == (word, tone, meaning)


def test_reasons_are_sentences():
    (reason,) = promotion(verdict(FIRST)).reasons
    assert reason.startswith("First model of this plant: RMSE 10.00")
    assert reason.endswith(".")


def test_each_slice_stands_in_the_table_with_its_judgement():
    few = replace(END, units=4)
    table = comparison_with_champion(replace(GOOD, comparison=(OVERALL, LATE, WORSE, few)))

    assert [row[0].text for row in table.rows] == [
        "all predictions", "late predictions", "last 30 cycles of life", "last 30 cycles of life",
    ]  # fmt: skip
    assert [row[-1].text for row in table.rows] == [
        "better", "undecided", "worse", "fewer than 5 units",
    ]  # fmt: skip
    saved = table.rows[0][4]
    assert (saved.text, saved.remark) == ("+1.00", "+9.09\N{NO-BREAK SPACE}%")
    assert table.rows[0][5].text == "+0.55"


def test_a_bound_that_is_not_known_is_a_dash():
    alone = replace(OVERALL, units=1, low=None, high=None)
    cells = comparison_with_champion(replace(GOOD, comparison=(alone,))).rows[0]

    assert (cells[5].text, cells[5].remark) == ("\N{EN DASH}", "")


def test_the_noise_stands_beside_the_gain():
    assert noise_sentence(GOOD) == (
        "Trained 3 times with nothing but another seed, this recipe scores RMSE 10.00, 10.30, 10.60 "
        "cycles: a standard deviation of 0.30 cycles, 2.7\N{NO-BREAK SPACE}% of the champion's RMSE, "
        "beside a gain of +9.09\N{NO-BREAK SPACE}%. A gain of the size of that deviation can be the "
        "luck of a seed; the verdict does not count it."
    )
    assert noise_sentence(FIRST) == ""


def test_a_report_has_the_section_only_where_a_gate_was_asked(benchmark):
    asked = render_report(benchmark, verdict(), ()).decode()
    not_asked = render_report(benchmark, drawn=()).decode()

    assert "Promotion gate" not in not_asked
    assert asked.index("In plain words") < asked.index("Promotion gate") < asked.index("Scores")
    assert '<span class="badge good">PROMOTE</span>' in asked
    assert "last 30 cycles of life" in asked
    assert "beside a gain of" in asked


def test_the_first_model_of_a_plant_has_a_verdict_and_no_table(benchmark):
    page = render_report(benchmark, verdict(FIRST), ()).decode()

    assert "First model of this plant" in page
    assert "Candidate RMSE" not in page


def test_reasons_are_escaped(benchmark):
    evil = replace(GOOD, incomparable="<script>alert(1)</script>")
    page = render_report(benchmark, verdict(evil), ()).decode()

    assert "<script" not in page
    assert "&lt;script&gt;" in page
