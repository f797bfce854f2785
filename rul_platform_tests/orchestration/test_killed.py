"""Loss of power: what was finished is kept, nothing is half done, and the same work goes on."""

import shutil
from pathlib import Path

import dagster as dg
import pytest

from rul_platform.orchestration.code_location import build_defs
from rul_platform.orchestration.instance import COMMAND_LINE, STARTED_BY, tidy_instance
from rul_platform.orchestration.step import current
from rul_platform.storage.home import Home
from rul_platform_tests.orchestration.conftest import (
    HARDLY_TUNING,
    JUDGEMENT,
    PUMPS,
    WHOLE_WAY,
    settings_of,
    works_in,
)
from rul_platform_tests.orchestration.dying import die


@pytest.fixture
def folder(pretrained_home: Path, tmp_path: Path) -> Path:
    """A copy of a home that has all but the plant's model."""
    return Path(shutil.copytree(pretrained_home, tmp_path / "home"))


@pytest.fixture(scope="module")
def killed_home(pretrained_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after a kill in the middle of training."""
    folder = shutil.copytree(pretrained_home, tmp_path_factory.mktemp("killed") / "home")
    die(folder, "hardly tuning", "training")
    return folder


@pytest.fixture
def dead(killed_home: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(killed_home, tmp_path / "home")


def test_a_kill_in_the_middle_of_training_blocks_nothing(dead: Path):
    with works_in(dead) as works:
        assert {run.status for run in works.instance.get_runs()} == {
            dg.DagsterRunStatus.SUCCESS,
            dg.DagsterRunStatus.FAILURE,
        }
        works.run(*WHOLE_WAY)
        champion = works.home.registry.champion(PUMPS)
        assert champion is not None
        assert champion.number == 1


def test_the_ui_starts_without_the_runs_of_a_killed_command(dead: Path):
    """They would fill the queue for ever."""
    home = Home(settings_of(dead))
    with dg.DagsterInstance.from_config(str(tidy_instance(home))) as instance:
        assert dg.DagsterRunStatus.STARTED not in {run.status for run in instance.get_runs()}


def test_the_ui_leaves_the_runs_of_a_command_at_work_alone(folder: Path):
    with works_in(folder) as works:
        job = build_defs(works.home).resolve_implicit_global_asset_job_def()
        tags = {STARTED_BY: COMMAND_LINE}
        run = works.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED, tags=tags)
        tidy_instance(works.home)
        found = works.instance.get_run_by_id(run.run_id)
        assert found is not None
        assert found.status == dg.DagsterRunStatus.STARTED


def test_a_kill_while_a_model_is_registered_leaves_neither_version_nor_lineage(folder: Path):
    die(folder, "hardly tuning", "finetuned_model")
    with works_in(folder) as works:
        assert works.home.registry.versions(PUMPS) == ()
        assert works.home.lineage.current("finetuned_model", PUMPS) is None
        works.run(HARDLY_TUNING)
        (version,) = works.home.registry.versions(PUMPS)
        assert version.sha256 == current(works.home, "finetuned_model", PUMPS).sha256


def test_a_kill_while_a_model_is_deployed_leaves_neither_champion_nor_lineage(
    tuned_home: Path, tmp_path: Path
):
    folder = shutil.copytree(tuned_home, tmp_path / "home")
    die(folder, "judgement", "deployed_model")
    with works_in(folder) as works:
        assert works.home.registry.champion(PUMPS) is None
        assert works.home.registry.deployments(PUMPS) == ()
        assert works.home.lineage.current("deployed_model", PUMPS) is None
        assert not works.pipeline.is_current(JUDGEMENT)
        works.run(JUDGEMENT)
        assert works.home.registry.champion(PUMPS) is not None
        assert works.pipeline.is_current(JUDGEMENT)
