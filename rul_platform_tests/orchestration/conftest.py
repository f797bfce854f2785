"""The whole graph, small: simulated turbofans, simulated pumps, networks of eight hidden units."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import dagster as dg
import pytest

from rul_platform.orchestration.instance import open_instance
from rul_platform.orchestration.pipeline import Pipeline, Stage
from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform.storage.plant_examples import write_simulated_pumps
from rul_platform_tests.made_once import made_once
from rul_platform_tests.plain_pictures import plain_pictures, small_pictures

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
HARDLY = {**BRIEFLY, "steps": 3, "scratch_steps": 3}
"""For what need not be good."""
HARDLY_TUNING = replace(TUNING, config={"finetuned_model": HARDLY})
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
    return _pretrained(shared_folder)


@pytest.fixture(scope="session")
def tuned_home(shared_folder: Path) -> Path:
    """A home whose plant has a model that was not yet judged; nobody may change it."""
    return _tuned(shared_folder)


@pytest.fixture(scope="session")
def finished_home(shared_folder: Path) -> Path:
    """A home in which everything was made once; nobody may change it."""
    return _finished(shared_folder)


@pytest.fixture(scope="session")
def better_home(shared_folder: Path) -> Path:
    """The finished home with a second model, better and not yet judged; nobody may change it."""
    return _gone_on(shared_folder / "better", _finished(shared_folder), BETTER)


def _finished(shared: Path) -> Path:
    return _gone_on(shared / "finished", _tuned(shared), JUDGEMENT)


def _tuned(shared: Path) -> Path:
    return _gone_on(shared / "tuned", _pretrained(shared), TUNING)


def _pretrained(shared: Path) -> Path:
    def pretrain(folder: Path) -> None:
        with small_pictures(), works_in(folder) as works:
            write_simulated_pumps(works.home.plants)
            works.run(TURBOFANS, PRETRAINING, PUMP_DATA)

    return made_once(shared / "pretrained", pretrain)


def _gone_on(folder: Path, home: Path, stage: Stage) -> Path:
    """A copy of a home that went on by one stage."""

    def go_on(partial: Path) -> None:
        with small_pictures(), works_in(shutil.copytree(home, partial)) as works:
            works.run(stage)

    return made_once(folder, go_on)


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
