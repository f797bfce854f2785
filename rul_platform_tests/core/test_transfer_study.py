"""Who is drawn, what is refused, and what the cells of a study say."""

import math
from typing import Any

import pandas as pd
import pytest

from rul_platform.core.transfer_study import (
    DEFAULT_SOURCES,
    StudyPlan,
    drawn_units,
    harm,
    markdown,
    summary,
)
from rul_platform.errors import LeakError, TooFewUnitsError

UNITS = tuple(f"{number}" for number in range(1, 101))


def plan(**changes: Any) -> StudyPlan:
    return StudyPlan(**{"target": "FD003", "sources": ("FD001", "FD002")} | changes)


def cell(k: int, draw: int, **scores: float) -> list[dict[str, object]]:
    """RMSE of each approach; ``_`` stands for a space."""
    return [
        {
            "k": k,
            "draw": draw,
            "approach": name.replace("_", " ").replace("zero shot", "zero-shot"),
            "rmse_clipped": score,
            "rmse_out_of_fold": score + 1,
            "cpu_seconds": 2.0,
        }
        for name, score in scores.items()
    ]


def test_a_draw_is_the_same_whatever_the_order_and_larger_draws_hold_the_smaller():
    five = drawn_units(UNITS, 5, seed=0, draw=3)
    assert five == drawn_units(UNITS[::-1], 5, seed=0, draw=3)
    assert drawn_units(UNITS, 20, seed=0, draw=3)[:5] == five
    assert len(set(five)) == 5
    others = {drawn_units(UNITS, 5, seed=0, draw=draw) for draw in range(5)}
    assert len(others) == 5


def test_no_default_learns_first_from_its_own_target():
    for target, sources in DEFAULT_SOURCES.items():
        plan(target=target, sources=sources).require_other_sources()


def test_a_target_among_its_own_sources_is_refused():
    with pytest.raises(LeakError, match=r"on FD003 would learn first from FD001, FD003.*FD004"):
        plan(sources=("FD001", "FD003")).require_other_sources()


def test_a_study_without_a_source_is_refused():
    with pytest.raises(LeakError, match="would learn first from nothing"):
        plan(sources=()).require_other_sources()


def test_more_units_than_there_are_cannot_be_drawn():
    with pytest.raises(TooFewUnitsError, match=r"(?s)FD003.*100.*k = 101"):
        plan(ks=(5, 101)).require_enough(100)


def test_one_unit_cannot_be_divided_into_folds():
    with pytest.raises(TooFewUnitsError, match="leave some out"):
        plan(ks=(1,)).require_enough(100)


def test_the_cells_are_those_of_the_smallest_k_first():
    assert plan(ks=(10, 5, 5), draws=2).cells() == [(5, 0), (5, 1), (10, 0), (10, 1)]


def test_the_summary_gives_means_with_an_interval_over_draws():
    """Three draws of 10, 12, 14: mean 12, standard error 2 / sqrt 3, t with 2 degrees 4.303."""
    cells = pd.DataFrame(
        [
            row
            for draw, score in enumerate((10.0, 12.0, 14.0))
            for row in cell(5, draw, chosen=score)
        ]
    )
    (row,) = summary(cells).to_dict("records")
    assert (row["k"], row["approach"], row["draws"], row["rmse_clipped"]) == (5, "chosen", 3, 12.0)
    assert row["high"] == pytest.approx(12 + 4.303 * 2 / math.sqrt(3))
    assert row["low"] == pytest.approx(12 - 4.303 * 2 / math.sqrt(3))
    assert row["rmse_out_of_fold"] == 13.0


def test_one_draw_has_no_interval():
    (row,) = summary(pd.DataFrame(cell(5, 0, chosen=10.0))).to_dict("records")
    assert math.isnan(row["low"])


def test_many_draws_are_nearly_normal():
    scores = [10.0, 12.0] * 20
    cells = pd.DataFrame(
        [row for draw, score in enumerate(scores) for row in cell(5, draw, chosen=score)]
    )
    (row,) = summary(cells).to_dict("records")
    assert row["high"] - row["rmse_clipped"] == pytest.approx(
        2.02 * 1.0127 / math.sqrt(40), rel=0.01
    )


def test_harm_is_counted_against_the_best_reference_of_each_draw():
    cells = pd.DataFrame(
        cell(5, 0, chosen=12.0, zero_shot=11.6, boosting=20.0, blend=5.0)
        + cell(5, 1, chosen=12.0, zero_shot=20.0, boosting=11.0, blend=5.0)
        + cell(10, 0, chosen=9.0, zero_shot=20.0, boosting=11.0, blend=5.0)
    )
    found = harm(cells)
    assert found is not None
    assert (found.draws, found.harmed) == (3, 1)
    assert found.worst == pytest.approx(1.0)
    assert found.share == pytest.approx(1 / 3)


def test_the_page_names_target_sources_figures_and_harm():
    cells = pd.DataFrame(
        cell(5, 0, chosen=12.0, zero_shot=11.0) + cell(10, 0, chosen=9.0, zero_shot=11.0)
    )
    page = markdown(plan(ks=(5, 10), draws=1), summary(cells), harm(cells))
    assert "## FD003 with few units, from FD001, FD002" in page
    assert "| approach | k = 5 | k = 10 |" in page
    assert "| chosen | 12.00 | 9.00 |" in page
    assert (
        "In 1 of 2 draws the choice was worse than the best of zero-shot by more than 0.5" in page
    )


def test_without_a_reference_nothing_is_said_of_harm():
    cells = pd.DataFrame(cell(5, 0, chosen=12.0, blend=12.0))
    assert harm(cells) is None
    page = markdown(plan(ks=(5,), draws=1), summary(cells), None)
    assert "| chosen | 12.00 |" in page
    assert "worse" not in page
