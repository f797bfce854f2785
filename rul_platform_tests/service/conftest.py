"""A service on a home with one plant and its model."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from rul_platform.settings import Settings
from rul_platform.storage.database import connect
from rul_platform.storage.home import Home
from rul_platform_tests.service.running import Running, serving, signed_champion

_NUMBERS = count(1)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One for a whole module: tests leave what they find."""
    folder: Path = tmp_path_factory.mktemp("service")
    home = Home(Settings.read({"RUL_HOME": str(folder)}))
    signed_champion(home)
    with serving(home) as running:
        yield running
    home.engine.dispose()


@pytest.fixture
def postgres_database(postgres: str) -> Iterator[str]:
    """URL of an empty database on a real PostgreSQL, gone after the test."""
    name = f"rul_service_{next(_NUMBERS)}"
    execute(postgres, f"CREATE DATABASE {name}")
    yield sa.make_url(postgres).set(database=name).render_as_string(hide_password=False)
    execute(postgres, f"DROP DATABASE {name} WITH (FORCE)")


def execute(url: str, statement: str) -> None:
    """One statement, outside of a transaction."""
    engine = connect(url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()
