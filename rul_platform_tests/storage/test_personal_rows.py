"""Wherever a table names a person, the row is found; nobody else's is."""

from datetime import UTC, datetime

import sqlalchemy as sa

from rul_platform.storage.ledger import LedgerStore
from rul_platform.storage.personal_rows import Action, PersonalRows
from rul_platform_tests.storage.rows import execute, insert

ANN, BEN = "a1" * 32, "b1" * 32
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def test_every_table_that_names_a_person_is_looked_at(engine: sa.Engine):
    execute(
        engine,
        insert("model_version"),
        insert("deployment", ("'{}'", f"""'{{"actor":"{ANN}","reason":"late"}}'""")),
        insert("config_snapshot"),
        insert("retrain", ("'system'", f"'{ANN}'")),
        insert("gate"),
        insert("approval", ("'ann'", f"'{ANN}'")),
        insert("plant_freeze", ("'ann'", f"'{ANN}'")),
        insert("imported_checkpoint", ("'ann'", f"'{ANN}'")),
        insert("selected_parent", ("'ann'", f"'{ANN}'")),
    )
    for actor in (ANN, BEN):
        body = {"actor": actor, "reason": "audit"}
        LedgerStore(engine).append("unfreeze", plant="press", body=body, now=NOW)

    found = PersonalRows(engine).actions([ANN])

    assert [(each.table, each.what, each.reason) for each in found] == [
        ("approval", "approval", "seen"),
        ("deployment", "deployment", "late"),
        ("imported_checkpoint", "checkpoint", ""),
        ("plant_freeze", "freeze", "overhaul"),
        ("retrain", "feedback", ""),
        ("selected_parent", "parent", "better"),
        ("ledger", "unfreeze", "audit"),
    ]
    of_no_plant = ("imported_checkpoint", "selected_parent")
    assert {(each.plant, each.id) for each in found if each.table not in of_no_plant} == {
        ("press", 1)
    }
    assert {(each.plant, each.id) for each in found if each.table in of_no_plant} == {("", 1)}
    assert found[0].at == BEGIN
    assert found[-1] == Action(
        table="ledger", id=1, plant="press", what="unfreeze", reason="audit", at=NOW
    )


def test_under_no_pseudonym_nobody_did_anything(filled: sa.Engine):
    assert PersonalRows(filled).actions([]) == ()
    assert PersonalRows(filled).actions([BEN]) == ()


def test_ratings_from_before_a_moment_are_counted_while_someone_stands_behind_them(
    filled: sa.Engine,
):
    rows = PersonalRows(filled)

    assert (rows.named_before(BEGIN), rows.named_before(NOW)) == (0, 1)
    execute(filled, "UPDATE feedback SET person = NULL, salt = NULL")
    assert rows.named_before(NOW) == 0
