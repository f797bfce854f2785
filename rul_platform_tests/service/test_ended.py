"""Which sessions are over, also while the database does not answer."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from rul_platform.service import ended
from rul_platform.service.ended import Ended
from rul_platform.service.problems import Problem
from rul_platform.settings import Settings
from rul_platform.storage.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(Settings.read({"RUL_HOME": str(tmp_path / "home")}))
    yield home
    home.engine.dispose()


def take_the_table_away(home: Home) -> None:
    with home.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE ended_session RENAME TO away")


def test_a_session_is_looked_up_once_a_second_at_most(home: Home):
    looks = list[str]()

    def count(*told: object) -> None:
        looks.append(str(told[2]))

    async def ask_often() -> None:
        sessions = Ended(home, remembered_seconds=60)
        for _ in range(5):
            assert not await sessions.has_ended("mine")

    sa.event.listen(home.engine, "before_cursor_execute", count)
    asyncio.run(ask_often())
    assert len([each for each in looks if "ended_session" in each]) == 1


def test_ending_twice_is_ending_once(home: Home):
    async def end() -> bool:
        for _ in range(2):
            await Ended(home).end("mine")
        return await Ended(home).has_ended("mine")

    assert asyncio.run(end())


def test_a_session_goes_on_without_the_database_where_it_was_seen_and_no_other(home: Home):
    async def ask() -> None:
        sessions = Ended(home, remembered_seconds=0)
        assert not await sessions.has_ended("seen")
        take_the_table_away(home)
        assert not await sessions.has_ended("seen")
        with pytest.raises(Problem) as told:
            await sessions.has_ended("never seen")
        assert told.value.status == 503

    asyncio.run(ask())


def test_a_session_that_was_seen_too_long_ago_waits_for_the_database(
    home: Home, monkeypatch: pytest.MonkeyPatch
):
    async def ask() -> None:
        sessions = Ended(home, remembered_seconds=0)
        assert not await sessions.has_ended("seen")
        take_the_table_away(home)
        monkeypatch.setattr(ended, "WITHOUT_DATABASE_SECONDS", 0.0)
        with pytest.raises(Problem):
            await sessions.has_ended("seen")

    asyncio.run(ask())


def test_signing_out_without_the_database_says_so_and_ends_it_here(home: Home):
    async def end() -> None:
        sessions = Ended(home)
        take_the_table_away(home)
        with pytest.raises(sa.exc.SQLAlchemyError):
            await sessions.end("mine")
        assert sessions.is_known("mine")
        assert await sessions.has_ended("mine")

    asyncio.run(end())


def test_signing_out_is_written_once_the_database_answers(home: Home):
    """Whoever was told that it failed comes again; the cookie's copies elsewhere end then."""

    async def end() -> None:
        sessions = Ended(home)
        take_the_table_away(home)
        with pytest.raises(sa.exc.SQLAlchemyError):
            await sessions.end("mine")
        with home.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE away RENAME TO ended_session")
        assert await sessions.has_ended("mine")
        assert await Ended(home).has_ended("mine")

    asyncio.run(end())


def test_a_session_that_ends_while_it_is_looked_up_stays_ended(home: Home):
    async def ask() -> bool:
        sessions, loop = Ended(home), asyncio.get_running_loop()

        def end_meanwhile(*told: object) -> None:
            if str(told[2]).startswith("SELECT ended_session"):
                asyncio.run_coroutine_threadsafe(sessions.end("mine"), loop).result()

        sa.event.listen(home.engine, "after_cursor_execute", end_meanwhile)
        await sessions.has_ended("mine")
        return sessions.is_known("mine")

    assert asyncio.run(ask())


def test_why_nobody_can_tell_stands_in_the_log(home: Home, caplog: pytest.LogCaptureFixture):
    """As on PostgreSQL where the roles' script was not run again after an upgrade."""
    take_the_table_away(home)

    with pytest.raises(Problem):
        asyncio.run(Ended(home).has_ended("mine"))

    assert "no such table: ended_session" in caplog.text


def test_so_many_are_remembered(home: Home, monkeypatch: pytest.MonkeyPatch):
    async def ask() -> int:
        sessions = Ended(home, remembered_seconds=60)
        for number in range(5):
            await sessions.has_ended(f"session {number}")
        return len(sessions._looked_up)

    monkeypatch.setattr(ended, "SESSIONS_KNOWN", 3)
    assert asyncio.run(ask()) == 3
