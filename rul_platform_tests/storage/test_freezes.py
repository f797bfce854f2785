"""A plant whose model stays as it is for a while."""

import json

import pytest
import sqlalchemy as sa

from rul_platform.errors import FreezeStateError
from rul_platform.storage.freezes import Freeze, FreezeStore
from rul_platform.storage.ledger import LedgerStore
from rul_platform_tests.storage.at_once import in_threads
from rul_platform_tests.storage.versions import LATER, NOW, PRESS

ANN = "a" * 64


@pytest.fixture
def freezes(engine: sa.Engine) -> FreezeStore:
    return FreezeStore(engine)


def test_a_freeze_holds_until_it_is_lifted(freezes: FreezeStore, engine: sa.Engine):
    frozen = freezes.freeze(PRESS, ANN, "audit", NOW)

    assert frozen == Freeze(plant=PRESS, actor=ANN, reason="audit", since=NOW, until=None)
    assert freezes.current(PRESS) == frozen
    assert freezes.current("mill") is None

    lifted = freezes.lift(PRESS, ANN, LATER)

    assert lifted.until == LATER
    assert freezes.current(PRESS) is None
    assert freezes.history(PRESS) == (lifted,)
    rows = LedgerStore(engine).of_plant(PRESS)
    assert [row.kind for row in rows] == ["freeze", "unfreeze"]
    assert json.loads(rows[0].body) == {"actor": ANN, "reason": "audit"}


def test_what_is_frozen_is_not_frozen_again_and_what_is_not_cannot_be_lifted(
    freezes: FreezeStore, engine: sa.Engine
):
    with pytest.raises(FreezeStateError, match=r"press is not frozen\. Nothing was changed\."):
        freezes.lift(PRESS, ANN, NOW)
    freezes.freeze(PRESS, ANN, "audit", LATER)
    with pytest.raises(FreezeStateError) as refused:
        freezes.freeze(PRESS, ANN, "again", LATER)

    assert str(refused.value) == (
        "press is frozen already, since 2026-03-02T00:00:00+00:00: audit. Nothing was changed."
    )
    assert len(LedgerStore(engine).rows()) == 1


def test_a_freeze_by_a_clock_that_ran_ahead_can_be_lifted(freezes: FreezeStore, engine: sa.Engine):
    freezes.freeze(PRESS, ANN, "audit", LATER)

    lifted = freezes.lift(PRESS, ANN, NOW)

    assert (lifted.since, lifted.until) == (LATER, LATER)
    assert freezes.current(PRESS) is None
    assert LedgerStore(engine).rows()[-1].created_at.startswith(NOW.isoformat()[:19])


def test_of_eight_that_freeze_at_once_one_does(freezes: FreezeStore):
    made = in_threads(lambda each: freezes.freeze(PRESS, ANN, f"reason {each}", NOW), 8)

    assert sum(isinstance(each, Freeze) for each in made) == 1
    assert sum(isinstance(each, FreezeStateError) for each in made) == 7
    assert len(freezes.history(PRESS)) == 1


def test_frozen_plants_are_told_at_once(freezes: FreezeStore):
    freezes.freeze(PRESS, ANN, "audit", NOW)
    freezes.freeze("mill", ANN, "audit", NOW)
    freezes.lift("mill", ANN, LATER)

    assert freezes.plants() == {PRESS}
