"""Names of imported checkpoints, and which one was selected."""

import json
from typing import Any

import pytest
import sqlalchemy as sa

from rul_platform.errors import CheckpointNameError, RecordError
from rul_platform.storage.ledger import LedgerStore
from rul_platform.storage.parents import Imported, ParentStore
from rul_platform_tests.storage.at_once import in_threads
from rul_platform_tests.storage.versions import LATER, NOW

ANN = "a" * 64
NAME = "models/pretrained/lstm_cmapss.pt"


@pytest.fixture
def parents(engine: sa.Engine) -> ParentStore:
    return ParentStore(engine)


def register(parents: ParentStore, **changes: Any) -> Imported:
    given: dict[str, Any] = {"architecture": "lstm", "sha256": "b" * 64, "file_sha256": "c" * 64}
    given |= {"seen": ("FD001",), "actor": ANN, "now": NOW, "name": NAME} | changes
    return parents.register(given.pop("name"), **given)


def select(parents: ParentStore, sha256: str, architecture: str = "lstm") -> int:
    return parents.select(
        architecture, sha256=sha256, origin="imported_checkpoint", name=NAME, over=None,
        actor=ANN, reason="better", now=NOW,
    ).id  # fmt: skip


def test_a_name_is_given_once_and_the_ledger_says_so(parents: ParentStore, engine: sa.Engine):
    made = register(parents)
    assert register(parents, now=LATER, actor="e" * 64) == made
    assert register(parents, sha256="d" * 64, seen=None) == made
    assert parents.imported() == (made,)
    (row,) = LedgerStore(engine).of_kind("checkpoint")
    assert json.loads(row.body) == {
        "name": NAME, "architecture": "lstm", "sha256": "b" * 64, "file_sha256": "c" * 64,
        "seen": ["FD001"], "actor": ANN,
    }  # fmt: skip


def test_a_name_never_stands_for_something_else(parents: ParentStore, engine: sa.Engine):
    register(parents)
    with pytest.raises(CheckpointNameError, match=r"another file \(sha256 cccc.*this one has eeee"):
        register(parents, sha256="d" * 64, file_sha256="e" * 64)
    with pytest.raises(CheckpointNameError, match="this file, of which something else was said"):
        register(parents, sha256="d" * 64, seen=())
    assert len(parents.imported()) == len(LedgerStore(engine).rows()) == 1
    assert register(parents, name="other", sha256="d" * 64, seen=()).name == "other"


def test_of_eight_that_give_a_name_at_once_one_does(parents: ParentStore):
    made = in_threads(
        lambda each: register(parents, sha256=f"{each}" * 64, file_sha256=f"{each}" * 64), 8
    )
    assert sum(isinstance(each, Imported) for each in made) == 1
    assert sum(isinstance(each, CheckpointNameError) for each in made) == 7
    assert len(parents.imported()) == 1


def test_of_selections_the_newest_counts_and_all_are_kept(parents: ParentStore, engine: sa.Engine):
    assert parents.newest("lstm") is None
    first, second = select(parents, "b" * 64), select(parents, "c" * 64)
    select(parents, "d" * 64, "gru")
    newest = parents.newest("lstm")
    assert newest is not None
    assert (newest.id, newest.sha256, newest.reason, newest.created_at) == (
        second, "c" * 64, "better", NOW,
    )  # fmt: skip
    assert [each.id for each in parents.history()][:2] == [first, second]
    bodies = [json.loads(row.body) for row in LedgerStore(engine).of_kind("parent")]
    assert [body["sha256"][0] for body in bodies] == ["b", "c", "d"]
    assert bodies[0].keys() >= {"name", "actor", "reason", "over", "origin"}


def test_what_is_no_hash_is_not_kept(parents: ParentStore):
    with pytest.raises(RecordError, match="A sha256 is"):
        register(parents, sha256="../../etc/passwd")
    with pytest.raises(RecordError, match="A sha256 is"):
        select(parents, "latest")
    assert parents.imported() == parents.history() == ()
