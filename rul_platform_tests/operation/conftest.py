"""A whole home on both databases, for procedures that join several stores."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform_tests.storage.conftest import (  # noqa: F401  pytest finds fixtures by name
    database_url,
    new_database,
    postgres,
)


@pytest.fixture
def home(database_url: str, tmp_path: Path) -> Iterator[Home]:  # noqa: F811  pytest passes it by name
    """An empty one."""
    settings = Settings.read({"RUL_HOME": str(tmp_path), "RUL_DATABASE_URL": database_url})
    home = Home(settings)
    yield home
    home.engine.dispose()
