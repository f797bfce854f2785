"""What the gate said and what a person approved, each with its row in the ledger."""

import json
from typing import Any

import pytest
import sqlalchemy as sa

from rul_platform.core.ledger import chain_problems
from rul_platform.errors import RecordError, UnapprovableError
from rul_platform.storage.database import writing
from rul_platform.storage.gates import Approval, Gate, GateStore
from rul_platform.storage.ledger import LedgerStore
from rul_platform.storage.models import ModelRegistry
from rul_platform.storage.operation_tables import APPROVAL
from rul_platform_tests.storage.at_once import in_threads
from rul_platform_tests.storage.versions import LATER, NOW, PRESS, sha

ANN, BOB = "a" * 64, "b" * 64
NUMBERS = {"evidence": {"candidate_rmse": 9.5}, "reasons": ["better"]}


@pytest.fixture
def gates(engine: sa.Engine) -> GateStore:
    """With two versions of one plant's model, and no answer yet."""
    registry = ModelRegistry(engine)
    for number in (1, 2):
        registry.register(PRESS, sha(number), now=NOW)
    return GateStore(engine)


def said(verdict: str = "HOLD", number: int = 1, **other: Any) -> dict[str, Any]:
    values = {"plant": PRESS, "number": number, "sha256": sha(number), "verdict": verdict}
    return values | {"record": NUMBERS, "report": sha(9), "retrain_id": None, "now": NOW} | other


def test_an_answer_is_read_back(gates: GateStore):
    key = gates.record(**said())

    assert gates.latest(PRESS, 1) == Gate(
        id=key,
        plant=PRESS,
        number=1,
        sha256=sha(1),
        verdict="HOLD",
        record=NUMBERS,
        report=sha(9),
        retrain_id=None,
        created_at=NOW,
    )
    assert gates.latest(PRESS, 2) is None
    assert gates.approval(key) is None


def test_the_newest_answer_about_a_version_counts_and_all_are_kept(gates: GateStore):
    gates.record(**said())
    gates.record(**said("PROMOTE", 2))
    gates.record(**said("REJECT", now=LATER))

    latest = gates.latest(PRESS, 1)
    assert latest is not None
    assert (latest.verdict, latest.created_at) == ("REJECT", LATER)
    assert [gate.verdict for gate in gates.history(PRESS)] == ["HOLD", "PROMOTE", "REJECT"]
    assert gates.history("mill") == ()


def test_every_answer_and_approval_stands_in_the_ledger(gates: GateStore, engine: sa.Engine):
    key = gates.record(**said())
    given = gates.approve(key, actor=ANN, reason="seen on the test bench", now=LATER)

    rows = LedgerStore(engine).of_plant(PRESS)
    assert [row.kind for row in rows] == ["gate", "approval"]
    assert json.loads(rows[0].body) == {
        "gate": key,
        "number": 1,
        "sha256": sha(1),
        "verdict": "HOLD",
        "record": NUMBERS,
        "report": sha(9),
        "retrain_id": None,
    }
    assert json.loads(rows[1].body) == {
        "gate": key,
        "number": 1,
        "sha256": sha(1),
        "approval": given.sha256,
    }
    assert gates.approvals() == (given,)
    assert gates.approvals()[0].sha256 == given.sha256
    assert chain_problems(rows) == ()


def test_no_row_of_the_ledger_names_a_person(gates: GateStore, engine: sa.Engine):
    """The ledger is for ever, and a person may ask to be forgotten."""
    gates.approve(gates.record(**said()), actor=ANN, reason="Ann has seen it", now=LATER)

    bodies = "".join(row.body for row in LedgerStore(engine).rows())
    assert ANN not in bodies
    assert "Ann" not in bodies


@pytest.mark.parametrize("verdict", ["HOLD", "PROMOTE"])
def test_an_approval_says_who_when_and_why_and_the_first_one_stays(
    gates: GateStore, engine: sa.Engine, verdict: str
):
    key = gates.record(**said(verdict))
    given = gates.approve(key, actor=ANN, reason="seen", now=NOW)

    assert given == Approval(gate_id=key, actor=ANN, reason="seen", created_at=NOW)
    assert gates.approve(key, actor=BOB, reason="me too", now=LATER) == given
    assert gates.approval(key) == given
    assert len(LedgerStore(engine).of_plant(PRESS, ["approval"])) == 1


def test_two_persons_who_approve_at_once_leave_one_approval(gates: GateStore, engine: sa.Engine):
    key = gates.record(**said())
    persons = (ANN, BOB)
    given = in_threads(
        lambda which: gates.approve(key, actor=persons[which], reason="seen", now=NOW), 2
    )

    assert given[0] == given[1] == gates.approval(key)
    assert len(LedgerStore(engine).of_plant(PRESS, ["approval"])) == 1


@pytest.mark.parametrize("verdict", ["REJECT", "IN_CHARGE"])
def test_a_refusal_is_not_approved(gates: GateStore, verdict: str):
    key = gates.record(**said(verdict))

    with pytest.raises(
        UnapprovableError, match=f"Answer {key} of the gate is {verdict}; only the newest"
    ):
        gates.approve(key, actor=ANN, reason="seen", now=NOW)
    assert gates.approval(key) is None


def test_an_older_answer_is_not_approved(gates: GateStore):
    old, new = gates.record(**said()), gates.record(**said())

    with pytest.raises(
        UnapprovableError, match=f"is older than answer {new} about the same version"
    ):
        gates.approve(old, actor=ANN, reason="seen", now=NOW)
    gates.approve(new, actor=ANN, reason="seen", now=NOW)


def test_an_answer_that_was_never_given_is_not_approved(gates: GateStore):
    with pytest.raises(UnapprovableError, match="Answer 7 of the gate is no answer of the gate"):
        gates.approve(7, actor=ANN, reason="seen", now=NOW)


@pytest.mark.parametrize(
    "odd", [{"sha256": sha(2)}, {"number": 3}, {"verdict": "MAYBE"}, {"retrain_id": 5}]
)
def test_an_answer_about_nothing_that_is_known_is_refused(
    gates: GateStore, engine: sa.Engine, odd: dict
):
    with pytest.raises(RecordError, match=r"An answer of the gate is .* on press version"):
        gates.record(**said(**odd))
    assert gates.history(PRESS) == ()
    assert LedgerStore(engine).rows() == ()


def test_without_the_rest_of_the_transaction_there_is_neither_answer_nor_row(
    gates: GateStore, engine: sa.Engine
):
    def record_and_fail() -> None:
        with writing(engine):
            gates.record(**said())
            raise KeyError

    with pytest.raises(KeyError):
        record_and_fail()
    assert gates.history(PRESS) == ()
    assert LedgerStore(engine).rows() == ()


def test_an_approval_without_a_time_zone_is_refused(gates: GateStore, engine: sa.Engine):
    key = gates.record(**said())
    with pytest.raises(RecordError, match="without a time zone"):
        gates.approve(key, actor=ANN, reason="seen", now=NOW.replace(tzinfo=None))
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(APPROVAL)) == 0
