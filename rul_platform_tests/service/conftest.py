"""A service on a home with one plant and its model."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform_tests.service.running import Running, serving, signed_champion
from rul_platform_tests.storage.conftest import postgres  # noqa: F401  pytest finds it by name


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One for a whole module: tests leave what they find."""
    folder: Path = tmp_path_factory.mktemp("service")
    home = Home(Settings.read({"RUL_HOME": str(folder)}))
    signed_champion(home)
    with serving(home) as running:
        yield running
    home.engine.dispose()
