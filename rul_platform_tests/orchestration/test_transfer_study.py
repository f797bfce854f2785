"""`transfer_study`: a subset plays a plant of k units. Here its engines are the simulator's."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest

from rul_platform.cli.kshot import said
from rul_platform.errors import ApproachError, LeakError, TooFewUnitsError
from rul_platform.learning.transfer.kshot import plant_config
from rul_platform.orchestration.assets.transfer_study import CELLS_FOLDER, TransferStudyConfig
from rul_platform.orchestration.finetuning_config import FinetunedModelConfig
from rul_platform.orchestration.instance import open_instance
from rul_platform.orchestration.pipeline import Pipeline, Stage
from rul_platform.orchestration.step import Files, current
from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform_tests.cli.terminal import Terminal
from rul_platform_tests.orchestration.conftest import TURBOFANS, Works
from rul_platform_tests.storage.cmapss_copies import TEXTS

ASKED = {
    "sources": ["SIM"],
    "ks": [2, 3],
    "draws": 1,
    "approaches": ["zero-shot", "boosting", "source replay"],
    "pretraining_steps": 4,
    "steps": 4,
}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a home in which SIM can be learned from, and FD001 has a simulator's engines."""
    folder = tmp_path_factory.mktemp("prepared")
    data = folder / "data"
    data.mkdir()
    for name, text in TEXTS.items():
        (data / name).write_bytes(text)
    with opened(folder) as works:
        works.run(
            TURBOFANS,
            Stage(("raw_cmapss",), "FD001", {"raw_cmapss": {"accept_other_data": True}}),
        )
    return folder


@pytest.fixture
def folder(prepared: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(prepared, tmp_path / "copy")


@pytest.fixture
def works(folder: Path) -> Iterator[Works]:
    """Its home, opened."""
    with opened(folder) as works:
        yield works


@contextmanager
def opened(folder: Path) -> Iterator[Works]:
    """A home beside its data."""
    environ = {"RUL_HOME": str(folder / "home"), "RUL_CMAPSS": str(folder / "data")}
    home = Home(Settings.read(environ))
    with open_instance(home) as instance:
        yield Works(home, instance, Pipeline(home, instance))
    home.engine.dispose()


def study(works: Works, **changes: object) -> Files:
    works.run(Stage(("transfer_study",), "FD001", {"transfer_study": ASKED | changes}))
    return current(works.home, "transfer_study", "FD001")


def test_a_study_scores_every_approach_and_the_choice_at_every_k(works: Works):
    files = study(works)
    table = files.table("summary.parquet")
    assert set(zip(table["k"], table["approach"], strict=True)) == {
        (k, name) for k in (2, 3) for name in (*ASKED["approaches"], "chosen")
    }
    page = files.read("summary.md").decode()
    assert "## FD001 with few units, from SIM" in page
    assert "In " in page
    assert files.read("rmse_by_k.png").startswith(b"\x89PNG")
    assert pd.read_csv(files.path("summary.csv"))["rmse_clipped"].notna().all()
    printed = json.loads(said("FD001", files))
    assert printed["harm"]["draws"] == 2
    assert {row["approach"] for row in printed["rows"]} == {*ASKED["approaches"], "chosen"}


def test_what_was_finished_before_an_interruption_is_not_made_again(works: Works):
    """Somebody presses Ctrl-C after the first of two cells; the next call makes the second alone."""

    def interrupt(done: int, *_: object) -> None:
        if done == 1:
            raise KeyboardInterrupt

    works.home.progress = interrupt
    with pytest.raises(KeyboardInterrupt):
        study(works)
    works.home.progress = None
    folder = works.home.folder / CELLS_FOLDER
    first = {path: path.stat().st_mtime_ns for path in folder.rglob("*.*")}
    assert {path.name for path in first} == {"checkpoint.pt", "k2_draw0.parquet"}
    files = study(works)
    assert {path: path.stat().st_mtime_ns for path in first} == first
    assert {path.name for path in folder.rglob("*.*")} - {path.name for path in first} == {
        "k3_draw0.parquet"
    }
    assert set(files.table("cells.parquet")["k"]) == {2, 3}


def test_a_target_among_its_sources_is_refused(works: Works):
    with pytest.raises(LeakError, match="A study on FD001 would learn first from SIM, FD001"):
        study(works, sources=["SIM", "FD001"])


def test_more_units_than_the_target_has_are_refused(works: Works):
    with pytest.raises(TooFewUnitsError, match=r"FD001.*k = 1000"):
        study(works, ks=[1000])


def test_an_unknown_approach_is_refused_with_those_that_can_be_tried(works: Works):
    with pytest.raises(ApproachError, match="Asked for 'guessing'"):
        study(works, approaches=["guessing"])


def test_a_study_trains_as_the_platform_does():
    """Otherwise its row `chosen` would not be what a plant gets."""
    plan = TransferStudyConfig().plan("FD001")
    ours = plant_config(seed=0, steps=plan.steps)
    theirs = FinetunedModelConfig().finetuning(1000)
    assert theirs == ours
    assert theirs.from_scratch.steps == 300


def test_as_json_nothing_else_is_on_the_output(folder: Path):
    """The stages are told on the error stream."""
    with opened(folder) as works:
        lineage = works.home.lineage
        raw = lineage.current("raw_cmapss", "FD001")
        assert raw is not None
        lineage.record(  # as if these were the published files
            asset="raw_cmapss",
            partition="FD001",
            sha256=raw.sha256,
            run_id=raw.run_id,
            code_version=raw.code_version,
            parameters={**raw.parameters, "accept_other_data": False},
            environment={},
            inputs=(),
            now=works.home.now(),
        )
    words = ("--target", "FD001", "--source", "SIM", "-k", "2", "--draws", "1", "--json")
    done = Terminal(folder / "home").types("kshot", *words, "--approach", "boosting")
    assert done.code == 0, done.err
    assert {row["approach"] for row in json.loads(done.out)["rows"]} == {"boosting", "chosen"}
    assert "transfer_study" in done.err
