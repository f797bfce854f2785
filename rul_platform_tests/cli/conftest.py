"""A home with models in service, and somebody who works with it."""

import shutil
from pathlib import Path

import pytest

from rul_platform_tests.cli.terminal import Terminal
from rul_platform_tests.operation.served import NOW, PRESS, add_version, serve, table
from rul_platform_tests.plain_pictures import plain_pictures

__all__ = ["plain_pictures"]


@pytest.fixture(scope="session")
def served_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Plants `mill` and `press`, of which version 2 followed 1, and 3 waits; nobody may change it."""
    terminal = Terminal(tmp_path_factory.mktemp("served") / "home")
    home = terminal.open()
    home.now = lambda: NOW
    serve(home, name="mill")
    serve(home)
    home.registry.deploy(
        PRESS, add_version(home, seed=1).number, expected_champion=1, evidence={}, now=NOW
    )
    add_version(home, seed=2)
    home.engine.dispose()
    return terminal.folder


@pytest.fixture
def terminal(served_folder: Path, tmp_path: Path) -> Terminal:
    """On a copy, to do with as one likes."""
    return Terminal(Path(shutil.copytree(served_folder, tmp_path / "home")))


@pytest.fixture
def asked(terminal: Terminal, tmp_path: Path) -> list[str]:
    """Ids of predictions for the units m1, m2 and m3 of `press`, by unit."""
    file = tmp_path / "now.csv"
    table(30, "m1", "m2", "m3").to_csv(file, index=False)
    return [row["id"] for row in terminal.reads("predict", PRESS, str(file))]
