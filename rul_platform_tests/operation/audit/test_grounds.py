"""Approvals and confirmed shadows, altered behind the platform's back, against what the ledger says."""

import json
from collections.abc import Callable

import pytest

from rul_platform.operation import deploying
from rul_platform.operation.audit.decisions import Counted, decisions
from rul_platform.storage.home import Home
from rul_platform_tests.operation.served import PRESS, add_version, serve
from rul_platform_tests.operation.test_deploying import BY_ANN, LATER, challenge, judge, log_both
from rul_platform_tests.storage.rows import execute

Attack = Callable[[Home], None]


@pytest.fixture
def served(home: Home) -> Home:
    """Version 2 was approved by a person, and 3 confirmed as a shadow."""
    serve(home)
    for seed in (1, 2):
        add_version(home, seed)
    judge(home, 2, "HOLD", over=1)
    deploying.approve(home, PRESS, 2, **BY_ANN)
    challenge(home)
    log_both(home, 10, champion=9.0, challenger=3.0)
    settled = deploying.settle_shadow(home, PRESS, LATER)
    assert settled is not None
    assert settled.verdict == "confirm"
    return home


def unguarded(home: Home, *tables: str) -> None:
    """Without the triggers that refuse changes, as the database's owner can."""
    for table in tables:
        for operation in ("update", "delete"):
            on = f" ON {table}" if home.engine.dialect.name == "postgresql" else ""
            execute(home.engine, f"DROP TRIGGER IF EXISTS {table}_{operation}{on}")


def sql(table: str, statement: str) -> Attack:
    def run(home: Home) -> None:
        unguarded(home, table)
        execute(home.engine, statement)

    return run


def noted(kind: str, **body: object) -> Attack:
    """A row of the ledger like the last one of its kind, with another content."""

    def run(home: Home) -> None:
        last = json.loads(home.ledger.of_kind(kind)[-1].body)
        home.ledger.append(kind, plant=PRESS, body=last | body, now=LATER)

    return run


def comparison_made_better(home: Home) -> None:
    """The numbers that confirmed it, in the table of deployments."""
    evidence = home.registry.deployments(PRESS)[-1].evidence
    evidence["shadow"]["numbers"]["units"] = 99
    text = json.dumps(evidence).replace("'", "''").replace("%", "%%")
    sql("deployment", f"UPDATE deployment SET evidence = '{text}' WHERE number = 3")(home)  # noqa: S608


def problems(home: Home) -> list[str]:
    """Of approvals and shadows alone: deployments of these tests carry no full evidence."""
    found = [each.sentence for each in decisions(home, Counted())]
    return [each for each in found if "approv" in each or "confirmed" in each]


ATTACKS: dict[str, tuple[Attack, str]] = {
    "approval taken away": (
        sql("approval", "DELETE FROM approval"),
        "approval of gate 1: it stands in the ledger, and in no table",
    ),
    "approval of nobody's asking": (
        sql("approval", "INSERT INTO approval SELECT 2, actor, reason, created_at FROM approval"),
        "approval of gate 2: the ledger knows nothing of it",
    ),
    "actor": (
        sql("approval", "UPDATE approval SET actor = 'bob'"),
        "approval of gate 1: who approved, why or when is not what the ledger's hash was made of",
    ),
    "actor, against the deployment": (
        sql("approval", "UPDATE approval SET actor = 'bob'"),
        "approval of gate 1: another person or reason put version 2 in charge upon it",
    ),
    "reason": (
        sql("approval", "UPDATE approval SET reason = 'told to'"),
        "who approved, why or when is not what the ledger's hash was made of",
    ),
    "moment": (
        sql("approval", "UPDATE approval SET created_at = '2020-01-01 00:00:00.000000'"),
        "who approved, why or when is not what the ledger's hash was made of",
    ),
    "verdict": (
        sql("gate", "UPDATE gate SET verdict = 'REJECT' WHERE id = 1"),
        "approval of gate 1: the gate said REJECT, which nobody can approve",
    ),
    "another answer": (
        sql("approval", "UPDATE approval SET gate_id = 2"),
        "approval of gate 2: the ledger knows nothing of it",
    ),
    "ledger: a second approval": (
        noted("approval"),
        "approval of gate 1: it stands in the ledger, and in no table",
    ),
    "ledger: an approval that nobody gave": (
        noted("approval", gate=2),
        "approval of gate 2: it stands in the ledger, and in no table",
    ),
    "ledger: of another version": (
        sql(
            "ledger",
            "UPDATE ledger SET body = replace(body, '\"number\":2', '\"number\":9') "
            "WHERE kind = 'approval'",
        ),
        "approval of gate 1: the ledger says that it was of press version 9",
    ),
    "comparison made better": (
        comparison_made_better,
        "the ledger knows nothing of the comparison that confirmed it",
    ),
    "ledger: comparison gone": (
        sql("ledger", "DELETE FROM ledger WHERE kind = 'shadow'"),
        "the ledger knows nothing of the comparison that confirmed it",
    ),
    "ledger: comparison with another champion": (
        sql(
            "ledger",
            "UPDATE ledger SET body = replace(body, '\"champion\":2', '\"champion\":1') "
            "WHERE kind = 'shadow'",
        ),
        "the ledger knows nothing of the comparison that confirmed it",
    ),
    "confirmed deployment taken away": (
        sql("deployment", "DELETE FROM deployment WHERE number = 3"),
        "press: the ledger says that version 3 was confirmed; the table does not",
    ),
    "ledger: a second comparison": (
        noted("shadow", number=1),
        "press: the ledger says that version 1 was confirmed; the table does not",
    ),
}


def test_untouched_they_hold(served: Home):
    assert problems(served) == []


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_was_altered_is_found(served: Home, attack: str):
    change, expected = ATTACKS[attack]
    change(served)
    assert expected in "\n".join(problems(served))


def test_an_approval_from_before_its_hash_was_kept_is_held_against_its_deployment(served: Home):
    unguarded(served, "ledger", "approval")
    for row in served.ledger.of_kind("approval"):
        body = json.loads(row.body)
        del body["approval"]
        text = json.dumps(body, separators=(",", ":"))
        execute(served.engine, f"UPDATE ledger SET body = '{text}' WHERE seq = {row.seq}")  # noqa: S608
    assert problems(served) == []

    execute(served.engine, "UPDATE approval SET actor = 'bob'")

    (problem,) = problems(served)
    assert "another person or reason put version 2 in charge upon it" in problem
