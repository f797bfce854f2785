"""A whole home on both databases, for procedures that join several stores."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rul_platform.settings import Settings
from rul_platform.storage.home import Home


@pytest.fixture
def home(database_url: str, tmp_path: Path) -> Iterator[Home]:
    """An empty one."""
    settings = Settings.read({"RUL_HOME": str(tmp_path), "RUL_DATABASE_URL": database_url})
    home = Home(settings)
    yield home
    home.engine.dispose()
