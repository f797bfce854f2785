"""The report as a file: complete, escaped, the same bytes, and what it must say."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from rul_platform.core.evaluation import evaluate
from rul_platform.reports.html import render_markdown, render_report
from rul_platform.reports.numbers import between, fraction, plain, signed
from rul_platform.reports.plots import plots_of
from rul_platform.reports.tables import facts, key_figures, score_tables, worst_table
from rul_platform_tests.reports.conftest import predicted_plant


@pytest.fixture
def page(plant_report) -> str:
    return plant_report.decode("utf-8")


class Links(HTMLParser):
    """Collects everything that a browser might fetch, and every tag."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(  # noqa: D102  the base class says it
        self, tag: str, attrs: list[tuple[str, str | None]]
    ) -> None:
        self.tags.append(tag)
        fetching = ("src", "srcset", "href", "action", "data", "poster")
        self.targets += [value or "" for name, value in attrs if name in fetching]


def test_nothing_is_fetched_and_nothing_is_run(page):
    found = Links(page)

    assert found.targets
    assert all(target.startswith("data:image/png;base64,") for target in found.targets)
    assert not {"script", "link", "iframe", "object", "base", "form"} & set(found.tags)
    assert "url(" not in page
    assert "@import" not in page
    assert "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\"" in page


def test_the_same_evaluation_gives_the_same_bytes(plant, plant_report):
    assert render_report(plant) == plant_report


def test_every_plot_is_there_in_both_appearances_with_its_caption(page, plant):
    plots = plots_of(plant)

    assert len(Links(page).targets) == 2 * len(plots)
    for plot in plots:
        assert f"<h3>{plot.title}</h3>" in page
        assert plot.caption in page


def test_the_verdict_comes_before_any_table_or_plot(page):
    verdict, answered = (
        page.index("The fine-tuned model is off by"),
        page.index("Does it beat boosting?"),
    )

    assert verdict < answered < min(page.index("<table"), page.index("<img"))


def test_raw_and_clipped_stand_below_each_other_with_an_interval_under_every_figure(page, plant):
    assert page.index("Truth clipped at 200 seconds") < page.index("Raw truth")
    for score in plant.scores:
        for around in (score.clipped_intervals, score.raw_intervals):
            for figure, write in (("rmse", plain), ("r2", fraction), ("bias", signed)):
                assert f"<small>{between(around[figure], write)}</small>" in page
    for table in score_tables(plant):
        assert all(cell.remark for row in table.rows for cell in row[1:] if cell.text != "–")  # noqa: RUF001  as shown


def test_from_one_unit_the_missing_interval_is_told_once_in_a_row(plant):
    one = replace(predicted_plant(), unit_ids=np.full(plant.truth.size, "only"))
    rows = score_tables(evaluate(one, seed=0, resamples=20))[0].rows

    assert [cell.remark for cell in rows[0]] == ["", "not known from one unit", *[""] * 6]


def test_the_worst_units_are_named_with_their_share(plant):
    table, units = worst_table(plant), plant.to_tables()["units"]

    assert [row[0].text for row in table.rows] == units["unit"].head(5).tolist()
    assert table.rows[0][0].remark == "12 predictions"
    assert table.rows[0][-1].share == units.loc[0, "share_of_score"]
    assert re.match(
        r"5 units of 14 carry \d+\s% of the NASA score and \d+\s% of the", table.caption
    )


def test_one_row_per_unit_is_told_without_means(benchmark):
    assert worst_table(benchmark).columns[1:4] == ("True life", "Predicted", "Error")


def test_provenance_and_notes_are_shown(page, plant):
    assert "9f2c8e4b" * 8 in page
    assert plant.notes[0] in page
    assert facts(plant)[:2] == (("model", "fine-tuned"), ("scored", "14 units, 168 predictions"))
    assert ("learning rate", "0.005") in facts(plant)


def test_what_training_took_and_how_it_went_is_shown_even_of_a_model_alone(plant):
    given = predicted_plant()
    alone = replace(given, predictions={given.main: given.predictions[given.main]})
    page = render_report(evaluate(alone, seed=0, resamples=20)).decode("utf-8")

    assert "<dt>training</dt><dd>12.40 CPU seconds</dd>" in page
    assert "<h3>Training</h3>" in page
    assert ("training", "12.40 CPU seconds") in facts(plant)


def test_simulated_data_is_said_so_at_the_top_and_in_the_facts(benchmark, page):
    simulated = render_report(benchmark, drawn=()).decode("utf-8")

    assert simulated.index("The data is simulated") < simulated.index("In plain words")
    assert '<span class="badge open">simulated data</span>' in simulated
    assert ("data", "simulated by the built-in simulator") in facts(benchmark)
    assert "imulated" not in page


def test_what_comes_from_outside_is_escaped(plant):
    evil = "<script>alert(1)</script>"
    hostile = replace(
        predicted_plant(), title=evil, life_unit=evil, notes=(evil,), facts={evil: evil}, main=evil,
        predictions={**plant.predictions, evil: plant.predictions["fine-tuned"]},
        unit_ids=np.array([unit + evil for unit in plant.unit_ids]),
    )  # fmt: skip
    page = render_report(evaluate(hostile, seed=0, resamples=20)).decode("utf-8")

    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_key_figures_leave_out_a_coverage_that_is_not_known(plant, benchmark):
    assert [figure.label for figure in key_figures(plant)][-1] == "Truth inside the interval"
    assert len(key_figures(benchmark)) == 3


def test_markdown_says_the_verdict_and_carries_both_tables_with_intervals_of_the_rmse(plant):
    text = render_markdown(plant)

    assert text.startswith("**The fine-tuned model is off by")
    assert "- Does it beat boosting? **" in text
    assert text.count("| Model | RMSE | MAE | R² | MAPE | Bias | Late | NASA |") == 2
    assert text.count("| fine-tuned |") == 2
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert {line.count(" to ") for line in rows} == {0, 1}
    assert f"({between(plant.main_score.raw_rmse_interval)})" in text
    assert text == render_markdown(plant)


def test_markdown_warns_of_simulated_data(benchmark):
    assert "> **Note.** The data is simulated" in render_markdown(benchmark)


def test_a_name_with_a_bar_does_not_break_the_markdown_table(benchmark):
    first = benchmark.scores[0]
    odd = replace(benchmark, scores=(replace(first, name="a|b\nc"), *benchmark.scores[1:]))

    assert r"| a\|b c |" in render_markdown(odd)
