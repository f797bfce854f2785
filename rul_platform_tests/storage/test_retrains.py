"""Retrains: one open for each plant, evidence used once, one run at a time."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from rul_platform.core.policy import Configured, Policy
from rul_platform.errors import (
    EvidenceUsedError,
    OpenRetrainError,
    RecordError,
    RetrainStateError,
    UnknownRetrainError,
)
from rul_platform.storage.database import writing
from rul_platform.storage.ledger import LedgerStore
from rul_platform.storage.retrains import Endings, Retrain, RetrainStore
from rul_platform.storage.snapshots import SnapshotStore
from rul_platform_tests.storage.at_once import in_threads
from rul_platform_tests.storage.rows import execute

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=2)
CONFIGURED = Configured(Policy(min_feedback=7), {"min_feedback": "file"})


@pytest.fixture
def retrains(engine: sa.Engine) -> RetrainStore:
    SnapshotStore(engine).keep(CONFIGURED, NOW)
    return RetrainStore(engine)


def ask(retrains: RetrainStore, plant: str = "press", **changed) -> Retrain:
    asked = {
        "plant": plant, "trigger": "feedback", "watermark": 7, "snapshot": CONFIGURED.sha256,
        "cause": {"negative": 30}, "now": NOW,
    }  # fmt: skip
    return retrains.open(**asked | changed)


def test_a_retrain_is_asked_for_begun_and_ended(engine, retrains):
    asked = ask(retrains)
    assert (asked.state, asked.attempt, asked.run_id, asked.is_open) == ("requested", 1, None, True)
    assert (asked.actor, asked.reason, asked.cause) == ("system", "", {"negative": 30})
    assert retrains.current("press") == asked
    assert retrains.last_finished("press") is None

    begun = retrains.start(asked.id, attempt=1, run_id="run-a", now=LATER)
    assert (begun.state, begun.run_id, begun.started_at) == ("running", "run-a", LATER)
    assert retrains.open_requests() == (begun,)

    ended = retrains.close(asked.id, "deployed", verdict="PROMOTE", now=LATER)
    assert (ended.state, ended.verdict, ended.finished_at) == ("deployed", "PROMOTE", LATER)
    assert retrains.open_requests() == ()
    assert retrains.current("press") is None
    assert retrains.last_finished("press") == retrains.get(asked.id) == ended

    [row] = LedgerStore(engine).of_kind("retrain_closed")
    assert (row.kind, row.plant) == ("retrain_closed", "press")
    assert json.loads(row.body) == {
        "retrain": asked.id, "state": "deployed", "verdict": "PROMOTE", "attempt": 1, "run_id": "run-a",
    }  # fmt: skip


def test_one_retrain_of_a_plant_is_open_at_a_time(retrains):
    asked = ask(retrains)
    ask(retrains, "mill")

    with pytest.raises(
        OpenRetrainError,
        match=rf"retrain {asked.id} is not over.*`rul retrain run press` goes on with it",
    ):
        ask(retrains, watermark=8)


def test_the_same_evidence_asks_once(retrains):
    retrains.close(ask(retrains).id, "held", now=NOW)

    with pytest.raises(EvidenceUsedError, match=r"same evidence \(feedback up to 7\)"):
        ask(retrains)
    ask(retrains, trigger="outcomes")


def test_the_same_evidence_is_told_in_a_transaction_too_which_goes_on(engine, retrains):
    """As whoever asks does: PostgreSQL would answer nothing more after a row that it refused."""
    used = retrains.close(ask(retrains).id, "held", now=NOW)

    with writing(engine):
        with pytest.raises(EvidenceUsedError, match="same evidence"):
            ask(retrains)
        other = ask(retrains, watermark=8)
    assert retrains.history("press") == (other, used)


def test_of_many_that_ask_at_once_in_transactions_one_is_let_through(engine, retrains):
    def work(number: int) -> Retrain:
        with writing(engine):
            return ask(retrains, watermark=number)

    outcomes = in_threads(work, 8)
    assert {type(each) for each in outcomes} == {Retrain, OpenRetrainError}
    assert len(retrains.history("press")) == 1


def test_persons_may_ask_again_and_again(retrains):
    for _ in range(2):
        forced = ask(retrains, trigger="forced", watermark=None, actor="a" * 64, reason="new pumps")
        retrains.close(forced.id, "cancelled", now=NOW)

    assert [each.reason for each in retrains.history("press")] == ["new pumps"] * 2


def test_of_many_that_ask_at_once_one_is_let_through(retrains):
    outcomes = in_threads(lambda number: ask(retrains, watermark=number), 8)

    made = [each for each in outcomes if isinstance(each, Retrain)]
    assert len(made) == 1
    refused = [each for each in outcomes if each not in made]
    assert {type(each) for each in refused} == {OpenRetrainError}
    assert {each.number for each in refused} == {made[0].id}


def test_one_run_does_it(retrains):
    asked = ask(retrains)
    begun = retrains.start(asked.id, attempt=1, run_id="run-a", now=LATER)

    assert retrains.start(asked.id, attempt=1, run_id="run-a", now=LATER) == begun
    with pytest.raises(RetrainStateError, match="running, attempt 1 by run run-a; it would have"):
        retrains.start(asked.id, attempt=1, run_id="run-b", now=LATER)
    with pytest.raises(RetrainStateError, match="so that run run-b can begin it"):
        retrains.start(asked.id, attempt=2, run_id="run-b", now=LATER)


def test_a_dead_run_is_replaced_and_comes_too_late(retrains):
    asked = ask(retrains)
    retrains.start(asked.id, attempt=1, run_id="run-a", now=NOW)

    again = retrains.ask_again(asked.id, attempt=1)
    assert (again.state, again.attempt, again.run_id) == ("requested", 2, None)
    assert retrains.ask_again(asked.id, attempt=1) == again  # another one noticed it too

    with pytest.raises(RetrainStateError, match="requested, attempt 2"):
        retrains.start(asked.id, attempt=1, run_id="run-a", now=LATER)
    assert retrains.start(asked.id, attempt=2, run_id="run-b", now=LATER).run_id == "run-b"


def test_an_end_is_an_end(engine, retrains):
    asked = ask(retrains)
    ended = retrains.close(asked.id, "failed", error="the disk is full", now=LATER)

    assert retrains.close(asked.id, "failed", error="again", now=LATER + timedelta(1)) == ended
    assert len(LedgerStore(engine).of_kind("retrain_closed")) == 1
    with pytest.raises(RetrainStateError, match="is failed, attempt 1; it would have to be open"):
        retrains.close(asked.id, "deployed", now=LATER)
    with pytest.raises(RetrainStateError, match="would have to be not over"):
        retrains.ask_again(asked.id, attempt=1)
    with pytest.raises(RetrainStateError):
        retrains.start(asked.id, attempt=1, run_id="run-a", now=LATER)
    with pytest.raises(RetrainStateError, match=r"asked to end as deployed, .*, not as 'done'"):
        retrains.close(asked.id, "done", now=LATER)
    with pytest.raises(DBAPIError, match="refused: retrain is a record"):
        execute(engine, "UPDATE retrain SET finished_at = NULL, state = 'requested'")


def test_the_history_is_the_newest_first(retrains):
    first = retrains.close(ask(retrains).id, "held", now=NOW)
    second = ask(retrains, watermark=9)
    elsewhere = ask(retrains, "mill")

    assert retrains.history("press") == (second, first)
    assert retrains.history(limit=2) == (elsewhere, second)
    assert retrains.last_finished("press") == first


def test_an_unknown_retrain_is_told(retrains):
    for work in (
        lambda: retrains.get(7),
        lambda: retrains.start(7, attempt=1, run_id="r", now=NOW),
        lambda: retrains.ask_again(7, attempt=1),
        lambda: retrains.close(7, "held", now=NOW),
    ):
        with pytest.raises(UnknownRetrainError, match="There is no retrain 7"):
            work()


def test_settings_are_kept_once_under_their_hash(engine):
    snapshots = SnapshotStore(engine)
    snapshots.keep(CONFIGURED, NOW)

    assert snapshots.keep(CONFIGURED, LATER) == CONFIGURED.sha256
    assert snapshots.get(CONFIGURED.sha256) == CONFIGURED.settings()
    assert snapshots.get(CONFIGURED.sha256)["min_feedback"] == 7
    with pytest.raises(RecordError, match="must be one that was kept"):
        snapshots.get("0" * 64)


def test_how_retrains_ended_is_told_by_plant_and_state(retrains: RetrainStore):
    assert retrains.endings() == ()
    for n, plant in enumerate(("press", "press", "mill")):
        asked = ask(retrains, plant, watermark=10 + n)

        retrains.close(asked.id, state="cancelled", now=NOW + n * timedelta(hours=1))
    ask(retrains, "lathe")

    assert retrains.endings() == (
        Endings("mill", "cancelled", 1, LATER),
        Endings("press", "cancelled", 2, NOW + timedelta(hours=1)),
    )
