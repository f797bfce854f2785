"""Every test that asks for ``engine`` runs on SQLite and on a real PostgreSQL."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from rul_platform.storage.database import connect
from rul_platform.storage.models import ModelRegistry
from rul_platform_tests.storage.rows import ROWS, execute, insert


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    """A database with all tables."""
    engine = connect(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def registry(engine: sa.Engine) -> ModelRegistry:
    """Without any version."""
    return ModelRegistry(engine)


@pytest.fixture
def filled(engine: sa.Engine) -> sa.Engine:
    """One row in every table."""
    execute(engine, *(insert(table) for table in ROWS))
    return engine
