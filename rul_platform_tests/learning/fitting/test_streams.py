"""Live figures."""

import json
import sys
from pathlib import Path

import pandas as pd
import pytest

from rul_platform.errors import MissingExtraError
from rul_platform.learning.fitting.best_weights import FitResult
from rul_platform.learning.fitting.streams import JsonLines, TensorBoard, watch_of

ROW = {"step": 25, "train_loss": 0.5, "valid_rmse": float("nan"), "gradient/head": 2.0}
RESULT = FitResult(pd.DataFrame(), 25, 12.5, 1.0)


def test_each_validation_is_a_line_at_once(tmp_path: Path):
    path = tmp_path / "training" / "progress.jsonl"
    lines = JsonLines(path)
    lines.validated(ROW)
    first = {"step": 25, "train_loss": 0.5, "valid_rmse": None, "gradient/head": 2.0}
    assert [json.loads(line) for line in path.read_text().splitlines()] == [first]
    lines.finished(RESULT)
    last = {"best_step": 25, "best_valid_rmse": 12.5, "cpu_seconds": 1.0}
    assert json.loads(path.read_text().splitlines()[-1]) == last


def test_tensorboard_can_read_what_was_written(tmp_path: Path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    board = TensorBoard(tmp_path)
    board.validated(ROW)
    board.finished(RESULT)
    read = EventAccumulator(str(tmp_path))
    read.Reload()
    assert set(read.Tags()["scalars"]) == {"train_loss", "gradient/head", "best_valid_rmse"}
    assert read.Scalars("train_loss")[0].step == 25


def test_without_tensorboard_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delitem(sys.modules, "torch.utils.tensorboard", raising=False)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(MissingExtraError, match=r"rul-platform\[tensorboard\]"):
        watch_of("tensorboard", tmp_path)


def test_nobody_watches_unless_asked_for(tmp_path: Path):
    assert watch_of("none", tmp_path / "new") is None
    assert not (tmp_path / "new").exists()
