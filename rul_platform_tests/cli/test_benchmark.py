"""`rul benchmark`: rows, files, and what is refused."""

import csv
import json
import re
from pathlib import Path

import pytest

from rul_platform.cli.stages import opened
from rul_platform.orchestration.pipeline import Stage
from rul_platform.orchestration.step import current
from rul_platform_tests.cli.terminal import Terminal
from rul_platform_tests.plain_pictures import small_pictures

KEYS = {
    "subset", "architecture", "rmse_clipped", "rmse_raw", "score_clipped", "score_raw",
    "cpu_seconds", "seeds",
}  # fmt: skip
QUICK = ("benchmark", "--architecture", "boosting", "--architecture", "constant", "--seeds", "2")


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """A home with two cells of simulated turbofans."""
    terminal = Terminal(tmp_path_factory.mktemp("benchmark") / "home")
    with small_pictures():
        assert terminal.types(*QUICK, "--simulate").code == 0
    return terminal


def test_json_is_a_list_of_rows_and_nothing_else(done: Terminal):
    rows = done.reads(*QUICK, "--simulate")
    assert [row["architecture"] for row in rows] == ["boosting", "constant"]
    assert all(set(row) >= KEYS for row in rows)
    assert [row["seeds"] for row in rows] == [2, 1]  # a constant is the same with every seed
    boosting, constant = rows
    assert boosting["rmse_clipped"] < constant["rmse_clipped"]
    assert boosting["rmse_clipped_low"] < boosting["rmse_clipped"] < boosting["rmse_clipped_high"]
    assert 0.5 < boosting["coverage"] <= 1
    assert 0 < boosting["width_near"] < boosting["width"]
    assert constant["coverage"] is None
    assert boosting["rmse_clipped"] == pytest.approx(sum(boosting["rmse_clipped_by_seed"]) / 2)


def test_a_training_tells_its_validation_error(done: Terminal, capsys: pytest.CaptureFixture[str]):
    config = {"cmapss_benchmark": {"steps": 8, "validate_every": 4, "hidden_size": 4}}
    with opened(done.open().settings) as work:
        work.run([Stage(("cmapss_benchmark",), "gru|SIM", config)])
    label = r"\[1/1\] cmapss_benchmark \[gru\|SIM\]"
    said = capsys.readouterr().err
    assert re.search(label + r": last validation RMSE \d+\.\d cycles\n", said), said


def test_what_is_up_to_date_is_not_made_again(done: Terminal):
    assert done.types(*QUICK, "--subset", "SIM").out.count("made already") == 3


def test_the_table_stands_beside_what_others_published(done: Terminal):
    screen = done.types(*QUICK, "--simulate", COLUMNS="200")
    assert "boosting" in screen.out
    assert "DCNN, Li et al. 2018" in screen.out


def test_files_for_other_tools_and_for_people(done: Terminal, tmp_path: Path):
    folder = tmp_path / "results"
    assert done.types(*QUICK, "--simulate", "--out", str(folder)).code == 0
    text = (folder / "benchmark.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    stored = done.reads(*QUICK, "--simulate")
    assert [float(row["rmse_raw"]) for row in rows] == [row["rmse_raw"] for row in stored]
    text = (folder / "benchmark.md").read_text()
    assert "| SIM | boosting |" in text
    assert "STAR 2024" in text
    assert (folder / "benchmark.png").read_bytes().startswith(b"\x89PNG")


def test_the_score_of_every_engine_is_kept(done: Terminal):
    files = current(done.open(), "cmapss_benchmark", "boosting|SIM")
    engines = files.table("engines.parquet")
    assert engines["share_of_score"].sum() == pytest.approx(1)
    assert len(engines) == json.loads(files.read("benchmark.json"))["engines"]


@pytest.mark.long
def test_options_go_to_the_architectures_that_take_them(tmp_path: Path):
    terminal = Terminal(tmp_path / "home")
    asked = ("--architecture", "gru", "--architecture", "constant", "--seeds", "1", "--simulate")
    tiny = ("--set", "steps=2", "--set", "hidden_size=4", "--set", "loss=huber")
    screen = terminal.types("benchmark", *asked, *tiny)
    assert screen.code == 0, screen.err
    assert "hidden_size is not for constant, trained as usual." in screen.err
    home = terminal.open()
    training = json.loads(current(home, "cmapss_benchmark", "gru|SIM").read("card.json"))[
        "training"
    ]
    assert (training["steps"], training["hidden_size"], training["loss"]) == (2, 4, "huber")
    home.engine.dispose()
    assert terminal.types("benchmark", *asked, *tiny).out.count("made already") == 3


def test_options_that_do_not_fit_are_refused_before_anything_is_made(tmp_path: Path):
    terminal = Terminal(tmp_path / "home")
    said = terminal.is_refused(*QUICK, "--simulate", "--set", "seeds=3", "--set", "hiden_size=4")
    assert "seeds is given 2 times, expected once" in said
    assert "'hiden_size' is no option; did you mean 'hidden_size'?" in said
    said = terminal.is_refused(*QUICK, "--simulate", "--set", "patience=3")
    assert "patience is 3, which has no meaning here: boosting takes seed, seeds, far" in said
    assert not terminal.folder.exists()


def test_an_unknown_subset_is_wrong_usage(done: Terminal):
    screen = done.types("benchmark", "--subset", "FD009")
    assert screen.code == 2
    assert "'FD009' is not one of" in screen.err


def test_simulated_and_real_turbofans_are_not_mixed_by_accident(done: Terminal):
    said = done.is_refused("benchmark", "--simulate", "--subset", "FD001", code=2)
    assert "leave out --subset, or --simulate" in said


def test_without_data_it_says_how_to_get_some(tmp_path: Path):
    said = Terminal(tmp_path / "home").is_refused(*QUICK, "--subset", "FD001")
    assert "RUL_CMAPSS" in said
