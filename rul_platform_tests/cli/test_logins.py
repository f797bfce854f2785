"""Commands that come by another login of PostgreSQL than theirs, and the login for tokens alone."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError

from rul_platform.cli.logins import MOST, NO_RIGHT, OTHERS, wrong_login
from rul_platform.storage.database import connect
from rul_platform_tests.cli.terminal import Terminal
from rul_platform_tests.databases import postgres_databases
from rul_platform_tests.storage.roles import ROLES, SQL, as_login, run_script, with_roles

TOKENS = SQL.with_name("postgres_tokens_role.sql")


@pytest.fixture
def url(postgres: str) -> Iterator[str]:
    """A database with the roles and the tables."""
    with postgres_databases(postgres, "template1") as create:
        made = create()
        with_roles(made)
        yield made


def test_the_wrong_login_is_told_the_right_one(url: str, tmp_path: Path):
    typed = Terminal(tmp_path / "home").types(
        "token", "create", "--for", "line 2", RUL_DATABASE_URL=as_login(url, "rul_api")
    )
    assert typed.code == 1
    assert "permission denied for table access_token" in typed.err
    assert "`rul token create` is for rul_worker" in typed.err
    assert "INSERT" not in typed.err


def test_tokens_can_have_a_login_that_can_do_nothing_else(url: str, tmp_path: Path):
    for _ in range(2):
        run_script(url, TOKENS)
    by_tokens, home = as_login(url, "rul_tokens"), Terminal(tmp_path / "home")
    made = home.types("token", "create", "--for", "line 2", RUL_DATABASE_URL=by_tokens)
    assert (made.code, made.out[:4]) == (0, "rul_"), made.err
    number = made.out.split("_")[1]
    words = ("token", "revoke", number, "--reason", "lost")
    assert home.types(*words, RUL_DATABASE_URL=by_tokens).code == 0
    assert "revoked" in home.types("token", "list", RUL_DATABASE_URL=by_tokens).out
    checked = home.types("audit", "verify", RUL_DATABASE_URL=as_login(url, "rul_read"))
    assert checked.code == 0, checked.out + checked.err
    engine = connect(by_tokens)
    for statement in ("SELECT * FROM prediction", "SELECT drop_month('2020-01-01')"):
        with engine.connect() as connection, pytest.raises(ProgrammingError, match="permission"):
            connection.execute(sa.text(statement))
    engine.dispose()
    run_script(url)  # an upgrade takes none of it away
    assert home.types("token", "list", RUL_DATABASE_URL=by_tokens).code == 0


@pytest.mark.parametrize(
    ("words", "login"),
    [
        (["audit", "verify"], "rul_read"),
        (["audit", "sign"], "rul_worker"),
        (["--verbose", "database", "migrate"], "rul_owner"),
        (["retrain", "run", "pumps"], "rul_worker"),
    ],
)
def test_the_longer_beginning_of_a_command_counts(words: list[str], login: str):
    told = wrong_login(SimpleNamespace(pgcode=NO_RIGHT), words)
    assert told is not None
    assert f" is for {login}. " in told
    assert wrong_login(SimpleNamespace(pgcode="42P01"), words) is None


def test_every_command_is_a_known_login_s():
    assert {MOST, *OTHERS.values()} == set(ROLES)
