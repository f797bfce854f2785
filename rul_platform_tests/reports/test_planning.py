"""What a planner reads off a report."""

from dataclasses import replace

import numpy as np
import pandas as pd

from rul_platform.core.evaluation import Evaluation, evaluate
from rul_platform.core.maintenance import cheapest
from rul_platform.orchestration import report
from rul_platform.reports.html import render_markdown, render_report
from rul_platform.reports.numbers import UNDEFINED
from rul_platform.reports.planning import (
    NO_CURVE,
    alarm_curve,
    alarm_sentence,
    alarm_table,
    prognostic_table,
)
from rul_platform.reports.plots import plots_of
from rul_platform.reports.trust import approach_table, coverage_table, sensor_table


def texts(table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table.rows]


def perfect(plant: Evaluation) -> Evaluation:
    """The same units, and a model that knows their end."""
    assert plant.lives is not None
    return replace(
        plant, lives=replace(plant.lives, predicted=np.minimum(plant.lives.truth, plant.cap))
    )


def test_the_cheapest_threshold_is_told_and_marked(plant: Evaluation):
    assert plant.maintenance is not None
    curve = plant.maintenance[plant.maintenance["alarm_on"] == "prediction"]
    best = curve.loc[curve["cost"].idxmin()]
    table = alarm_table(plant)
    assert table is not None
    assert table.marked is not None
    assert texts(table)[table.marked][0] == f"{best['threshold']:.4g}"
    assert f"predicted life first falls to {best['threshold']:.4g} seconds" in alarm_sentence(plant)
    assert "as much as 10 planned replacements" in alarm_sentence(plant)
    at = [float(row[0]) for row in texts(table)]
    assert at == sorted(at)


def test_what_a_failure_costs_and_how_long_an_alarm_takes_are_the_plants_own(plant: Evaluation):
    """Slower hands: more alarms come too late."""
    other = evaluate(replace(plant, cost_ratio=50.0, lead=20.0), seed=0)
    told = alarm_sentence(other)
    assert (
        "costs as much as 50 planned replacements and an alarm takes 20 seconds to act on" in told
    )
    usual, slower = alarm_curve(plant, "prediction"), alarm_curve(other, "prediction")
    assert usual is not None
    assert slower is not None
    assert (slower["failures"] >= usual["failures"]).all()
    assert slower["failures"].sum() > usual["failures"].sum()
    assert cheapest(slower)["cost"] != cheapest(usual)["cost"]
    page = render_report(other, drawn=()).decode()
    assert "no more than 20 seconds left at the alarm, costs 50 planned replacements" in page


def test_where_no_threshold_saves_anything_that_is_said(plant: Evaluation):
    assert plant.maintenance is not None
    useless = replace(plant, maintenance=plant.maintenance.assign(cost=1.3))
    assert alarm_sentence(useless).endswith("no threshold saves anything on these units.")


def test_the_curve_is_of_every_reading_and_not_of_the_points_of_the_scores(
    plant: Evaluation, plant_report: bytes
):
    assert plant.lives is not None
    table = alarm_table(evaluate(perfect(plant), seed=0, resamples=20))
    assert table is not None
    assert table.marked == 0
    assert texts(table)[0][:3] == ["8", "0\N{NO-BREAK SPACE}%", "8.00"]
    assert "What an alarm threshold costs" in plant_report.decode()
    assert "The model is asked at every reading of a life" in plant_report.decode()


def test_points_of_a_life_alone_say_why_they_have_no_curve(plant: Evaluation):
    assert plant.lives is not None
    sparse = replace(plant.lives, readings={u: 20 * n for u, n in plant.lives.readings.items()})
    for lives in (None, sparse):
        shown = evaluate(replace(plant, lives=lives), seed=0, resamples=20)
        page = render_report(shown, drawn=()).decode()
        assert NO_CURVE in page
        assert "Prognostic horizon" not in page
        assert "What an alarm threshold costs" not in [plot.title for plot in plots_of(shown)]
        assert "alarm_threshold_cheapest" not in report.evaluation(shown, ())
        assert "maintenance.parquet" not in report.evaluation_files(shown, ())


def test_a_test_set_without_lives_says_why_it_has_no_curve(benchmark: Evaluation):
    assert alarm_sentence(benchmark) == NO_CURVE
    assert (alarm_table(benchmark), prognostic_table(benchmark)) == (None, None)
    assert "What an alarm threshold costs" not in [plot.title for plot in plots_of(benchmark)]
    page = render_report(benchmark, drawn=()).decode()
    assert NO_CURVE in page
    for section in ("interval", "approaches", "sensors"):
        assert f'id="{section}"' not in page


def test_prognostic_figures_are_summed_up_over_units(plant: Evaluation):
    assert plant.prognostics is not None
    table = prognostic_table(plant)
    assert table is not None
    rows = {name: value for name, value, _ in texts(table)}
    share = plant.prognostics["alpha_lambda_50"].mean()
    assert (
        rows["Within 20\N{NO-BREAK SPACE}% at half of the way"]
        == f"{100 * share:.0f}\N{NO-BREAK SPACE}%"
    )
    assert len(rows) == 6
    assert "14 units" in table.caption


def test_every_band_tells_its_coverage_and_one_that_fails_is_marked(plant: Evaluation):
    table = coverage_table(plant)
    assert table is not None
    assert [row[0] for row in texts(table)] == [
        "below 40",
        "40 to 100",
        "100 to 160",
        "160 or more",
    ]
    assert not [cell for row in table.rows for cell in row if cell.tone]
    assert plant.coverage_by_band is not None
    bad = plant.coverage_by_band.assign(coverage=0.6, low=0.5, high=0.7)
    failing = coverage_table(replace(plant, coverage_by_band=bad))
    assert failing is not None
    assert {row[1].tone for row in failing.rows} == {"bad"}
    assert failing.rows[0][1].text == "60\N{NO-BREAK SPACE}%: too few"


def test_ways_to_learn_stand_with_what_became_of_them(plant: Evaluation, plant_report: bytes):
    table = approach_table(plant)
    assert table is not None
    refused = ["zero-shot", "31.00", UNDEFINED, "too risky: worse than from scratch"]
    assert texts(table)[0] == refused
    assert texts(table)[2][2:] == ["4\N{NO-BREAK SPACE}%", "chosen"]
    assert table.rows[2][1].remark == ""
    assert "Pretraining helps here: RMSE is 3.25 seconds lower." in plant_report.decode()
    assert "- Pretraining helps here" in render_markdown(plant)


def test_sensors_stand_by_their_part(plant: Evaluation, plant_report: bytes):
    table = sensor_table(plant)
    assert table is not None
    assert [row[0].text for row in table.rows] == ["pressure <b>", "s2"]
    assert [row[2].text for row in table.rows] == ["less life (−0.80)", "–"]  # noqa: RUF001
    assert table.rows[0][1].share == 0.7
    assert "pressure &lt;b&gt;" in plant_report.decode()


def test_why_sensors_are_not_explained_is_said(plant: Evaluation):
    silent = replace(plant, attributions="Captum is not installed.")
    assert sensor_table(silent) is None


def test_the_ui_gets_the_same_numbers_and_all_tables_are_kept(
    plant: Evaluation, benchmark: Evaluation
):
    files, shown = report.evaluation_told(plant)
    for name in ("units", "predictions", "coverage", "prognostics", "maintenance", "lives"):
        assert f"{name}.parquet" in files
    assert b"data:image/png" in files["report.html"]
    assert plant.maintenance is not None
    assert shown["alarm_threshold_cheapest"] in plant.maintenance["threshold"].tolist()
    assert shown["interval_coverage"] == plant.coverage
    assert len(shown["interval_by_band"].records) == 4
    assert shown["approaches"].records[0].data["chance_of_harm"] == "unknown"
    assert {"alarm_costs", "attributions", "transfer_verdict", "prognostic_horizon_median"} <= set(
        shown
    )
    assert not {"alarm_costs", "approaches", "interval_by_band"} & set(
        report.evaluation(benchmark, ())
    )


def test_a_fleet_of_one_unit_is_reported_too(plant: Evaluation):
    """Nothing is known of other units, so nothing is said about them."""
    assert plant.coverage_by_band is not None
    unknown = plant.coverage_by_band.assign(low=-np.inf, high=np.inf)
    table = coverage_table(replace(plant, coverage_by_band=pd.DataFrame(unknown)))
    assert table is not None
    assert {row[1].remark for row in table.rows} == {""}
