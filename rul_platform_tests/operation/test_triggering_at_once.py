"""Exactly once: many processes ask, and some die before they commit."""

import os
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest

from rul_platform.operation import triggering
from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform.storage.retrains import Retrain
from rul_platform_tests.operation.rated_plant import FEW, NOW, PRESS, put_in_charge, rate
from rul_platform_tests.storage.at_once import in_processes, in_threads

MINUTE = timedelta(minutes=1)


@pytest.fixture
def at_work(home: Home) -> Home:
    put_in_charge(home)
    return home


def again(folder: str, url: str) -> Home:
    return Home(Settings.read({"RUL_HOME": folder, "RUL_DATABASE_URL": url}))


def evaluate_some(_: int, folder: str, url: str, at: str) -> list[int]:
    """Ids of the retrains that these five evaluations opened."""
    home, now = again(folder, url), datetime.fromisoformat(at)
    found = [triggering.evaluate(home, PRESS, now + n * MINUTE, flags=FEW) for n in range(5)]
    home.engine.dispose()
    return [each.id for each in found if each is not None]


def test_processes_that_ask_at_once_open_one_retrain(
    at_work: Home, tmp_path: Path, database_url: str
):
    given = rate(at_work, 4, 6)

    arguments = [str(tmp_path), database_url, NOW.isoformat()]
    opened = in_processes(evaluate_some, 3, arguments)

    [retrain] = at_work.retrains.history()
    assert sorted(opened) == [[], [], [retrain.id]]
    assert len(at_work.feedback.claimed(retrain.id)) == len(given)
    assert len(at_work.ledger.of_plant(PRESS, ["trigger"])) == 1
    assert len(at_work.alerts.recent(9)) == 1


def test_feedback_that_comes_while_many_ask_is_used_once(at_work: Home):
    """Each thread rates, asks, and closes what it opened, with a clock of its own."""

    def work(number: int) -> list[Retrain]:
        opened = list[Retrain]()
        for turn in range(3):
            rate(at_work, 4, 6, tag=f"{number}-{turn}-")
            now = datetime(2026, 3, 20 + turn, number, tzinfo=UTC)  # clocks jump to and fro
            retrain = triggering.evaluate(at_work, PRESS, now, flags=FEW | {"cooldown_hours": 0})
            if retrain is not None:
                at_work.retrains.close(retrain.id, "held", now=now)
                opened.append(retrain)
        return opened

    opened = [retrain for some in in_threads(work, 4) for retrain in some]

    assert {each.id for each in opened} == {each.id for each in at_work.retrains.history()}
    used = [row.id for each in opened for row in at_work.feedback.claimed(each.id)]
    assert len(used) == len(set(used))
    at_work.feedback.roll_up()
    left = at_work.feedback.counts(PRESS, NOW - 30 * 24 * 60 * MINUTE)
    assert len(used) + left.total == 120


def die_before_the_commit(folder: str, url: str) -> None:
    """Everything is written but for the commit, and the process is gone."""
    home = again(folder, url)
    with home.feedback.deciding():
        assert triggering.evaluate(home, PRESS, NOW, flags=FEW) is not None
        os._exit(9)


def test_an_evaluation_that_dies_before_its_commit_has_not_been(
    at_work: Home, tmp_path: Path, database_url: str
):
    given = rate(at_work, 4, 6)
    at_work.feedback.roll_up()
    rows = len(at_work.ledger.rows())

    arguments = (str(tmp_path), database_url)
    process = get_context("spawn").Process(target=die_before_the_commit, args=arguments)
    process.start()
    process.join(60)

    assert process.exitcode == 9
    assert at_work.retrains.history() == ()
    assert len(at_work.ledger.rows()) == rows
    assert at_work.alerts.recent(5) == ()
    retrain = triggering.evaluate(at_work, PRESS, NOW, flags=FEW)
    assert retrain is not None
    assert len(at_work.feedback.claimed(retrain.id)) == len(given)
