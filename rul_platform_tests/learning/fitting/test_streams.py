"""Live figures."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Literal

import pandas as pd
import pytest

from rul_platform.core.preparation import Preparation
from rul_platform.core.recipe import FitConfig
from rul_platform.core.windows import Windows
from rul_platform.errors import MissingExtraError
from rul_platform.learning.fitting.best_weights import FitResult
from rul_platform.learning.fitting.streams import JsonLines, TensorBoard, watch_of
from rul_platform.learning.fitting.training import fit
from rul_platform.learning.networks.models import build, default_config
from rul_platform.orchestration import report

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


FULL = """
    import resource, signal, sys
    from pathlib import Path
    import pandas as pd
    from rul_platform.core.recipe import FitConfig
    from rul_platform.learning.fitting import streams, training
    from rul_platform.learning.networks import models
    from rul_platform_tests.learning.fitting.test_batches import windows_of

    windows = windows_of({"a": 30, "b": 40})
    network = models.build(models.default_config("gru", 1, hidden_size=4), seed=0)
    watch = streams.watch_of(sys.argv[1], Path(sys.argv[2]))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]),) * 2)
    config = FitConfig(seed=0, steps=40, validate_every=1, patience=99)
    done = training.fit(network, windows, windows, config, cap=60.0, watch=watch)
    print(len(done.history), *done.notes)
"""
"""Every file may take so many bytes: the kernel itself refuses more, as where a quota is used up."""


@pytest.mark.parametrize(("name", "room"), [("json_lines", 1000), ("tensorboard", 2000)])
def test_a_full_disk_ends_the_live_figures_and_not_the_training(
    tmp_path: Path, name: str, room: int
):
    if name == "tensorboard":
        pytest.importorskip("tensorboard")
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FULL), name, str(tmp_path / "live"), str(room)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    looks, said = done.stdout.split(maxsplit=1)
    assert looks == "41"
    assert said.startswith("Live figures ended at step ")
    assert "File too large" in said
    step = int(said.split()[5].rstrip(","))
    assert 1 < step < 40
    (file,) = (tmp_path / "live").iterdir()
    assert 0 < file.stat().st_size <= room


@pytest.mark.parametrize("name", ["json_lines", "tensorboard"])
def test_a_folder_that_cannot_be_made_is_a_note_too(
    prepared: tuple[Preparation, Windows],
    tmp_path: Path,
    name: Literal["json_lines", "tensorboard"],
):
    if name == "tensorboard":
        pytest.importorskip("tensorboard")
    (tmp_path / "training").write_text("a file in the way")
    _, windows = prepared
    done = fit(
        build(default_config("gru", 5, hidden_size=4), seed=0),
        windows.select("train"),
        windows.select("valid"),
        FitConfig(seed=0, steps=4, validate_every=2),
        cap=60.0,
        watch=watch_of(name, tmp_path / "training" / "run"),
    )
    assert done.history["step"].tolist() == [0, 2, 4]
    (note,) = done.notes
    assert note.startswith("Live figures ended at step 2, because they could not be written: ")
    assert report.training(done, life_unit="cycles")["notes"] == note


def test_nobody_watches_unless_asked_for(tmp_path: Path):
    assert watch_of("none", tmp_path / "new") is None
    assert not (tmp_path / "new").exists()
