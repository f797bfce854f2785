"""Grounds for drills, with a network that is trained once for a whole test run."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from rul_platform.drill import plants
from rul_platform.drill.ground import Ground
from rul_platform.operation.signing import make_first
from rul_platform_tests.made_once import made_once

PLANT = "press"


@pytest.fixture(scope="session")
def network(shared_folder: Path) -> dict[str, bytes]:
    """Files of the drill's own network."""

    def train(folder: Path) -> None:
        folder.mkdir()
        for name, data in plants.trained().items():
            (folder / name).write_bytes(data)

    return {
        path.name: path.read_bytes()
        for path in made_once(shared_folder / "drill_network", train).iterdir()
    }


@pytest.fixture
def ground(tmp_path: Path, network: dict[str, bytes]) -> Iterator[Ground]:
    """One with a plant, and no service."""
    ground = Ground.new(tmp_path / "home", None, {})
    make_first(ground.home, now=ground.home.now())
    ground.models = plants.Models(ground.home, network)
    ground.new_plant(PLANT)
    yield ground
    ground.remove()


def past_triggers(connection: sa.Connection) -> list[str]:
    """Statements that switch off what forbids changes, as somebody with all rights might."""
    if connection.dialect.name == "postgresql":
        return ["SET LOCAL session_replication_role = replica"]
    named = sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    return [f"DROP TRIGGER {name}" for name in connection.execute(named).scalars()]
