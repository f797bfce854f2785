"""Grounds for drills, with a network that is trained once for a whole test run."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from rul_platform.drill import plants
from rul_platform.drill.ground import Ground
from rul_platform.drill.network import main
from rul_platform.operation.signing import make_first
from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform_tests.made_once import made_once

PLANT = "press"


@pytest.fixture(scope="session")
def network(shared_folder: Path) -> dict[str, bytes]:
    """Files of the drill's own network."""
    made = made_once(shared_folder / "drill_network", main)
    return {path.name: path.read_bytes() for path in made.iterdir()}


@pytest.fixture(scope="session")
def made(shared_folder: Path, network: dict[str, bytes]) -> Path:
    """A home with a plant; nobody may change it."""

    def make(folder: Path) -> None:
        ground = Ground.new(folder, None, {})
        make_first(ground.home, now=ground.home.now())
        ground.models = plants.Models(ground.home, network)
        ground.new_plant(PLANT)
        ground.home.engine.dispose()

    return made_once(shared_folder / "drill_home", make)


@pytest.fixture
def ground(tmp_path: Path, made: Path, network: dict[str, bytes]) -> Iterator[Ground]:
    """A copy of it, without a service."""
    folder = shutil.copytree(made, tmp_path / "home")
    ground = Ground(Home(Settings.read({"RUL_HOME": str(folder)})), {}, plant=PLANT)
    ground.models = plants.Models(ground.home, network)
    yield ground
    ground.remove()


def past_triggers(connection: sa.Connection) -> list[str]:
    """Statements that switch off what forbids changes, as somebody with all rights might."""
    if connection.dialect.name == "postgresql":
        return ["SET LOCAL session_replication_role = replica"]
    named = sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    return [f"DROP TRIGGER {name}" for name in connection.execute(named).scalars()]
