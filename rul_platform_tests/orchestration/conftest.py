"""The whole graph, small: simulated turbofans, simulated pumps, networks of eight hidden units."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from rul_platform.orchestration.instance import open_instance
from rul_platform.orchestration.pipeline import Pipeline, Stage
from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform.storage.plant_examples import write_simulated_pumps
from rul_platform_tests.made_once import made_once
from rul_platform_tests.plain_pictures import plain_pictures

__all__ = ["plain_pictures"]

PUMPS = "simulated_pumps"
SMALL = {"steps": 40, "hidden_size": 8}
PRETRAINING = Stage(
    ("pretrained_checkpoint",), "gru", {"pretrained_checkpoint": {**SMALL, "subsets": ["SIM"]}}
)
TURBOFANS = Stage(("raw_cmapss", "cmapss_windows"), "SIM")
PUMP_DATA = Stage(("plant_readings", "plant_windows"), PUMPS)
BRIEFLY = {"architecture": "gru", "approach": "full_fine_tuning", "folds": 2, "scratch_steps": 90}
"""One approach beside its references, twice each: as little as a whole way takes."""
TUNING = Stage(("finetuned_model",), PUMPS, {"finetuned_model": {"steps": 90, **BRIEFLY}})
BETTER = Stage(
    ("finetuned_model",),
    PUMPS,
    {"finetuned_model": {"steps": 150, "learning_rate": 1e-2, **BRIEFLY}},
)
JUDGEMENT = Stage(("evaluation_report", "deployed_model"), PUMPS)
WHOLE_WAY = (TURBOFANS, PRETRAINING, PUMP_DATA, TUNING, JUDGEMENT)


@dataclass(frozen=True, slots=True)
class Works:
    """An opened home, with what runs on it."""

    home: Home
    instance: dg.DagsterInstance
    pipeline: Pipeline

    def run(self, *stages: Stage) -> None:
        """Run stages in order."""
        for stage in stages:
            self.pipeline.run(stage)


def settings_of(folder: Path) -> Settings:
    """Settings of a home in ``folder``, without any data and without a network."""
    return Settings.read({"RUL_HOME": str(folder), "RUL_CMAPSS_URL": ""})


@contextmanager
def works_in(folder: Path) -> Iterator[Works]:
    """Open a home for the length of a test."""
    home = Home(settings_of(folder))
    with open_instance(home) as instance:
        yield Works(home, instance, Pipeline(home, instance))
    home.engine.dispose()


@contextmanager
def copy_of(home: Path, folder: Path) -> Iterator[Works]:
    """Open a copy of a home, in ``folder``, to do with as one likes."""
    with works_in(shutil.copytree(home, folder / "home")) as works:
        yield works


@pytest.fixture(scope="session")
def pretrained_home(shared_folder: Path) -> Path:
    """A home that has all but the plant's model; nobody may change it."""
    return made_once(shared_folder / "pretrained", _pretrain)


@pytest.fixture(scope="session")
def finished_home(shared_folder: Path, pretrained_home: Path) -> Path:
    """A home in which everything was made once; nobody may change it."""
    return gone_on(shared_folder / "finished", pretrained_home, TUNING, JUDGEMENT)


@pytest.fixture(scope="session")
def better_home(shared_folder: Path, finished_home: Path) -> Path:
    """The finished home with a second model, better and not yet judged; nobody may change it."""
    return gone_on(shared_folder / "better", finished_home, BETTER)


def gone_on(folder: Path, home: Path, *stages: Stage) -> Path:
    """A copy of a home that went on by some stages, made once; nobody may change it."""

    def go_on(partial: Path) -> None:
        shutil.copytree(home, partial)
        with works_in(partial) as works:
            works.run(*stages)

    return made_once(folder, go_on)


def _pretrain(folder: Path) -> None:
    with works_in(folder) as works:
        write_simulated_pumps(works.home.plants)
        works.run(TURBOFANS, PRETRAINING, PUMP_DATA)


@pytest.fixture
def finished(finished_home: Path, tmp_path: Path) -> Iterator[Works]:
    """A copy of the finished home, to do with as one likes."""
    with copy_of(finished_home, tmp_path) as works:
        yield works


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Works]:
    """A home with nothing in it."""
    with works_in(tmp_path / "home") as works:
        yield works
