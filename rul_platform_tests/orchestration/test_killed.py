"""Loss of power: what was finished is kept, nothing is half done, and the same work goes on."""

import shutil
from pathlib import Path

import dagster as dg
import pytest

from rul_platform.orchestration.step import current
from rul_platform.storage.plant_examples import write_simulated_pumps
from rul_platform_tests.orchestration.conftest import (
    JUDGEMENT,
    PRETRAINING,
    PUMP_DATA,
    PUMPS,
    TUNING,
    TURBOFANS,
    WHOLE_WAY,
    works_in,
)
from rul_platform_tests.orchestration.dying import die


@pytest.fixture(scope="module")
def pretrained_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that has all but the plant's model."""
    folder = tmp_path_factory.mktemp("pretrained") / "home"
    with works_in(folder) as works:
        write_simulated_pumps(works.home.plants)
        works.run(TURBOFANS, PRETRAINING, PUMP_DATA)
    return folder


@pytest.fixture
def folder(pretrained_home: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(pretrained_home, tmp_path / "home"))


def test_a_kill_in_the_middle_of_training_blocks_nothing(folder: Path):
    die(folder, "tuning", "training")
    with works_in(folder) as works:
        assert {run.status for run in works.instance.get_runs()} == {
            dg.DagsterRunStatus.SUCCESS,
            dg.DagsterRunStatus.FAILURE,
        }
        works.run(*WHOLE_WAY)
        champion = works.home.registry.champion(PUMPS)
        assert champion is not None
        assert champion.number == 1


def test_a_kill_while_a_model_is_registered_leaves_neither_version_nor_lineage(folder: Path):
    die(folder, "tuning", "finetuned_model")
    with works_in(folder) as works:
        assert works.home.registry.versions(PUMPS) == ()
        assert works.home.lineage.current("finetuned_model", PUMPS) is None
        works.run(TUNING)
        (version,) = works.home.registry.versions(PUMPS)
        assert version.sha256 == current(works.home, "finetuned_model", PUMPS).sha256


def test_a_kill_while_a_model_is_deployed_leaves_neither_champion_nor_lineage(folder: Path):
    with works_in(folder) as works:
        works.run(TUNING)
    die(folder, "judgement", "deployed_model")
    with works_in(folder) as works:
        assert works.home.registry.champion(PUMPS) is None
        assert works.home.registry.deployments(PUMPS) == ()
        assert works.home.lineage.current("deployed_model", PUMPS) is None
        assert not works.pipeline.is_current(JUDGEMENT)
        works.run(JUDGEMENT)
        assert works.home.registry.champion(PUMPS) is not None
        assert works.pipeline.is_current(JUDGEMENT)
