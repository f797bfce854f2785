"""Finished cells of a study are found again, and nobody else's are."""

from pathlib import Path

import pandas as pd

from rul_platform.storage.study_cells import StudyCells

CELL = pd.DataFrame({"approach": ["zero-shot", "boosting"], "rmse_clipped": [11.5, 12.25]})


def test_a_kept_cell_is_found_again(tmp_path: Path):
    StudyCells.of(tmp_path, {"seed": 0}).keep(5, 1, CELL)
    again = StudyCells.of(tmp_path, {"seed": 0})
    pd.testing.assert_frame_equal(again.cell(5, 1), CELL)
    assert again.cell(5, 2) is None
    assert again.cell(10, 1) is None


def test_any_other_fact_is_another_study(tmp_path: Path):
    StudyCells.of(tmp_path, {"seed": 0}).keep(5, 1, CELL)
    assert StudyCells.of(tmp_path, {"seed": 1}).cell(5, 1) is None


def test_a_damaged_cell_is_none(tmp_path: Path):
    cells = StudyCells.of(tmp_path, {"seed": 0})
    cells.keep_file("k5_draw1.parquet", b"PAR1 and then nothing")
    assert cells.cell(5, 1) is None
