"""`rul tune` and `rul method`, and the assets that they make."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rul_platform.cli.tune import usage
from rul_platform.core.approaches import FROM_SCRATCH, FULL
from rul_platform.core.method_log import STEPS
from rul_platform.core.metrics import unit_weights
from rul_platform.core.windows import even_cuts
from rul_platform.learning.fitting.training import VALIDATION_CUTS
from rul_platform.learning.recipes.method_budget import BUDGETS
from rul_platform.learning.recipes.objective import parts
from rul_platform.learning.trained.learned import predictions
from rul_platform.learning.transfer.approaches import train_approach
from rul_platform.orchestration import tuning
from rul_platform.orchestration.finetuning_config import FinetunedModelConfig
from rul_platform.orchestration.lessons import Lessons
from rul_platform.orchestration.step import current
from rul_platform_tests.cli.terminal import Terminal
from rul_platform_tests.orchestration.conftest import (
    PRETRAINING,
    PUMPS,
    copy_of,
    pretrained_home,
)

__all__ = ["pretrained_home"]

SHORT = ("--trials", "2", "--steps", "3", "--architecture", "gru")


@pytest.fixture
def at_work(pretrained_home: Path, tmp_path: Path) -> Terminal:
    """A copy of that home, to do with as one likes."""
    return Terminal(Path(shutil.copytree(pretrained_home, tmp_path / "home")))


def test_a_subset_is_searched_and_the_study_goes_on(at_work: Terminal, tmp_path: Path):
    space = tmp_path / "space.toml"
    space.write_text(
        "learning_rate = [0.005, 0.01]\nhidden_size = [4, 8]\ndropout = [0.1]\nnum_layers = [1]"
    )
    asked = ("tune", "SIM", *SHORT, "--space", str(space))
    first = at_work.reads(*asked)
    assert first["scored"] + first["given_up"] == 2
    assert first["use"]["asset"] == "cmapss_benchmark"
    assert first["use"]["partition"] == "gru|SIM"
    config = first["use"]["config"]
    chosen = {"learning_rate", "hidden_size", "layers", "dropout"}
    assert set(config) == {"steps", "seed"} | chosen
    assert config["steps"] == 3
    assert not first["use"]["no_field"]
    more = at_work.types(*asked, "--trials", "3")
    assert more.code == 0, more.err
    assert "# Search on SIM" in more.out
    assert "Launchpad of cmapss_benchmark [gru|SIM]: {" in more.out
    assert "Train with it: rul ui, then that launchpad." in more.out
    home = at_work.open()
    files = current(home, "tuned_recipe", "SIM")
    assert len(files.table("trials.parquet")) == 3
    assert json.loads(files.read("study.json"))["study"] == first["study"]
    assert [read.asset for read in home.lineage.current("tuned_recipe", "SIM").inputs] == [
        "cmapss_windows"
    ]
    home.engine.dispose()


def test_a_plant_goes_on_from_its_pretrained_network(at_work: Terminal):
    done = at_work.types("tune", PUMPS, *SHORT, "--trials", "1")
    assert done.code == 0, done.err
    way = (
        f"rul train {PUMPS} --architecture gru --approach full_fine_tuning --steps 3 --seed 0 --set"
    )
    assert f"Train with it: {way}" in done.out
    assert "pretrained_rate" in done.out
    scratch = at_work.reads("tune", PUMPS, *SHORT, "--trials", "1", "--from-scratch")
    assert "hidden_size" in scratch["best"]
    assert scratch["start"] is None
    assert set(scratch["use"]["shape"]) == {"hidden_size", "layers", "dropout"}
    assert not scratch["use"]["no_field"]
    said = usage(scratch["use"], PUMPS)
    assert said.startswith("Launchpad of pretrained_checkpoint [gru]: {")
    assert "--approach from_scratch --seed 0 --set" in said
    assert " --set scratch_steps=3 " in said
    assert " --set scratch_rate=" in said


@pytest.mark.parametrize("scratch", [False, True])
def test_a_plant_s_search_begins_with_what_rul_train_does(
    at_work: Terminal, tmp_path: Path, scratch: bool
):
    """Nothing may be chosen; folds trained by the launchpad's defaults say the same."""
    brief = {"steps": 20, "scratch_steps": 20}
    plain = FinetunedModelConfig.model_validate({"architecture": "gru", **brief})
    space = tmp_path / "space.toml"
    rate = plain.scratch_rate if scratch else plain.learning_rate
    space.write_text(f"learning_rate = [{rate}]\nbatch_size = [{plain.batch_size}]")
    asked = ("tune", PUMPS, *SHORT, "--trials", "1", "--steps", "20", "--space", str(space))
    card = at_work.reads(*asked, *(["--from-scratch"] if scratch else []))
    assert card["plain_rmse"] == card["best_rmse"]
    approach = FROM_SCRATCH if scratch else FULL
    assert trained_by(at_work, plain, approach) == pytest.approx(card["best_rmse"], rel=1e-6)


@pytest.mark.parametrize("scratch", [False, True])
def test_what_a_search_prints_trains_what_it_searched(
    at_work: Terminal, tmp_path: Path, scratch: bool
):
    space = tmp_path / "space.toml"
    own = "" if scratch else "pretrained_rate = [0.3]\n"
    space.write_text(f"{own}learning_rate = [0.004]\nbatch_size = [48]\nweight_decay = [0.02]")
    asked = ("tune", PUMPS, *SHORT, "--trials", "1", "--seed", "7", "--space", str(space))
    card = at_work.reads(*asked, *(["--from-scratch"] if scratch else []))
    config = FinetunedModelConfig.model_validate(card["use"]["config"])
    approach = config.approach.approach
    assert approach is not None
    assert trained_by(at_work, config, approach) == pytest.approx(card["best_rmse"], rel=1e-6)


def trained_by(at_work: Terminal, config: FinetunedModelConfig, approach: str) -> float:
    """RMSE out of a search's folds of one approach of `rul train`."""
    home = at_work.open()
    lessons = Lessons(
        stored=current(home, "plant_windows", PUMPS),
        parent=current(home, "pretrained_checkpoint", "gru"),
    )
    setting = lessons.setting(config)
    errors, units = [], []
    for train, held in parts(lessons.known, count=3, seed=config.seed, source=PUMPS):
        model = train_approach(approach, train, setting, seed=config.seed).model
        cuts = even_cuts(held, VALIDATION_CUTS)
        predicted = predictions(model, cuts, cap=setting.cap)
        errors.append(predicted - np.minimum(cuts.rul(), setting.cap))
        units.append(cuts.units())
    home.engine.dispose()
    weights = unit_weights(np.concatenate(units))
    return float(np.sqrt(np.average(np.concatenate(errors) ** 2, weights=weights)))


def test_a_space_that_does_not_fit_is_refused_with_all_its_problems(
    at_work: Terminal, tmp_path: Path
):
    space = tmp_path / "space.json"
    space.write_text('{"hidden_size": [4], "window": [999]}')
    said = at_work.is_refused("tune", PUMPS, *SHORT, "--space", str(space))
    assert "hidden_size: a pretrained network keeps its own" in said
    assert "window reaches to 999" in said
    space.write_text('{"hiden_size": [4]}')
    said = at_work.is_refused("tune", PUMPS, *SHORT, "--space", str(space))
    assert "did you mean 'hidden_size'" in said


def test_the_default_grid_is_too_large_and_says_so(at_work: Terminal):
    said = at_work.is_refused("tune", "SIM", "--grid", *SHORT)
    assert "The grid has 486 cells" in said


def test_what_is_neither_subset_nor_plant_is_refused(at_work: Terminal):
    assert "There is no plant file" in at_work.is_refused("tune", "nowhere", *SHORT)
    assert "There is no plant file" in at_work.is_refused("method", "nowhere")


@pytest.mark.long
def test_a_study_is_one_of_exactly_this_code(at_work: Terminal, monkeypatch: pytest.MonkeyPatch):
    """Trials that other code scored are no part of it."""
    asked = ("tune", PUMPS, *SHORT, "--trials", "1", "--from-scratch")
    first = at_work.reads(*asked)
    assert at_work.reads(*asked)["study"] == first["study"]
    monkeypatch.setattr(tuning, "STUDY_CODE", "other")
    assert at_work.reads(*asked)["study"] != first["study"]


def test_a_rate_is_suggested_with_its_plot(at_work: Terminal, tmp_path: Path):
    folder = tmp_path / "rate"
    done = at_work.types("rate", PUMPS, "--architecture", "gru", "--out", str(folder))
    assert done.code == 0, done.err
    assert "The loss fell most steeply at a learning rate of " in done.out
    assert {p.name for p in folder.iterdir()} == {
        "rate_test.json",
        "rate_sweep.png",
        "rate_sweep.parquet",
    }
    said = at_work.reads("rate", "SIM", "--architecture", "gru")
    assert 1e-5 <= said["steepest"] < said["peak"] <= 1
    assert "For the peak of a one-cycle schedule take " in done.out


@pytest.mark.parametrize(
    ("schedule", "suggestion"),
    [("one_cycle", "peak"), pytest.param("cosine", "steepest", marks=pytest.mark.long)],
)
def test_a_pretraining_can_find_its_rate_first(
    pretrained_home: Path, tmp_path: Path, schedule: str, suggestion: str
):
    with copy_of(pretrained_home, tmp_path) as works:
        asked = {"find_rate": True, "schedule": schedule, "steps": 8}
        tested = {**PRETRAINING.config["pretrained_checkpoint"], **asked}
        works.run(replace(PRETRAINING, config={"pretrained_checkpoint": tested}))
        files = current(works.home, "pretrained_checkpoint", PRETRAINING.partition)
        card = json.loads(files.read("card.json"))
        assert card["training"]["learning_rate"] == card["rate_test"][suggestion]
        assert "The loss fell most steeply" in card["rate_test"]["sentence"]
        rates = files.table("history.parquet")["learning_rate"]
        assert rates.max() <= card["rate_test"][suggestion]
        assert files.read("rate_sweep.png").startswith(b"\x89PNG")


@pytest.mark.long
def test_the_method_writes_its_log_and_is_not_taken_twice(
    at_work: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """With a budget of seconds: what the steps come to is tested with the method itself."""
    brief = replace(BUDGETS["quick"], steps=8, sweep_steps=20, trials=2, trial_steps=4)
    monkeypatch.setitem(BUDGETS, "quick", brief)
    asked = ("method", "SIM", "--architecture", "gru", "--out", str(tmp_path / "log"))
    first = at_work.types(*asked)
    assert first.code == 0, first.err
    assert "# The method on SIM" in first.out
    assert {path.name for path in (tmp_path / "log").iterdir()} == {
        "method.md",
        "method.json",
        "steps.png",
        "rate_sweep.png",
    }
    again = at_work.reads(*asked)
    assert [step["name"] for step in again["steps"]] == [*STEPS, "test"]
    assert (tmp_path / "log" / "method.md").read_text() in first.out
