"""Going back: to whom, from whom, and that it really happened."""

import json
import random
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from rul_platform.core.ledger import chain_problems
from rul_platform.errors import (
    ChampionChangedError,
    FrozenError,
    NoChampionError,
    NoPredecessorError,
    RulPlatformError,
    UnknownVersionError,
    VersionStateError,
)
from rul_platform.storage.deployments import models_of, newest_of_one_model
from rul_platform.storage.freezes import FreezeStore
from rul_platform.storage.ledger import LedgerStore
from rul_platform.storage.models import Deployment, ModelRegistry
from rul_platform_tests.storage.at_once import in_threads
from rul_platform_tests.storage.versions import (
    LATER,
    NOW,
    PRESS,
    assert_one_history,
    deploy,
    register,
)

BACK: dict[str, Any] = {"actor": "a" * 64, "reason": "answers jump", "now": LATER}


def serve(registry: ModelRegistry, *numbers: int) -> None:
    """Register what is needed, and put versions in charge one after the other."""
    register(registry, max(numbers))
    for over, number in zip((None, *numbers), numbers, strict=False):
        deploy(registry, number, over=over)


def states(registry: ModelRegistry) -> dict[int, str]:
    return {version.number: version.state for version in registry.versions(PRESS)}


def test_the_version_before_is_in_charge_and_the_bad_one_is_barred(registry: ModelRegistry):
    serve(registry, 1, 2)

    back = registry.rollback(PRESS, **BACK)

    champion = registry.champion(PRESS)
    assert champion is not None
    assert (champion.number, back.number, back.since) == (1, 1, LATER)
    assert states(registry) == {1: "champion", 2: "rolled_back"}
    assert registry.version(PRESS, 2).note == "answers jump"
    assert back.kind == "rollback"
    assert back.evidence == {
        "kind": "rollback", "of": 2, "actor": "a" * 64, "reason": "answers jump",
    }  # fmt: skip
    assert_one_history(registry)
    with pytest.raises(VersionStateError, match="press version 2 is rolled_back"):
        deploy(registry, 2, over=1, now=LATER)
    with pytest.raises(VersionStateError, match="a rollback puts in charge must be retired"):
        registry.rollback(PRESS, to=2, **BACK)


def test_it_goes_by_who_has_served_not_by_numbers(registry: ModelRegistry):
    """Version 3 is newer than 1 and never served; 2 served first."""
    register(registry, 4)
    for number, over in ((2, None), (1, 2), (4, 1)):
        deploy(registry, number, over=over)

    assert [version.number for version in registry.predecessors(PRESS)] == [1, 2]
    assert registry.rollback(PRESS, **BACK).number == 1
    assert registry.rollback(PRESS, **BACK).number == 2
    with pytest.raises(NoPredecessorError) as refused:
        registry.rollback(PRESS, **BACK)

    assert str(refused.value) == (
        "press cannot go back from version 2: version 1 is rolled_back; version 4 is rolled_back. It "
        "stays in charge; train and deploy a better one."
    )
    assert states(registry) == {1: "rolled_back", 2: "champion", 3: "candidate", 4: "rolled_back"}
    assert_one_history(registry)


def test_to_a_version_that_served_once(registry: ModelRegistry):
    serve(registry, 1, 2, 3)

    assert registry.rollback(PRESS, to=1, **BACK).number == 1

    assert states(registry) == {1: "champion", 2: "retired", 3: "rolled_back"}


@pytest.mark.parametrize(("to", "state"), [(1, "candidate"), (3, "champion"), (4, "rejected")])
def test_not_to_one_that_never_served_nor_to_itself(registry: ModelRegistry, to: int, state: str):
    register(registry, 4)
    deploy(registry, 2, over=None)
    deploy(registry, 3, over=2)
    registry.reject(PRESS, 4, "worse")
    before = registry.versions(), registry.deployments(PRESS)

    with pytest.raises(VersionStateError) as refused:
        registry.rollback(PRESS, to=to, **BACK)

    assert str(refused.value) == (
        f"press version {to} is {state}; what a rollback puts in charge must be retired. The champion "
        "stays in charge; choose another version."
    )
    assert (registry.versions(), registry.deployments(PRESS)) == before


def test_nothing_to_go_back_to(registry: ModelRegistry):
    with pytest.raises(NoChampionError, match="'press' has no deployed model"):
        registry.rollback(PRESS, **BACK)
    serve(registry, 1)
    with pytest.raises(NoPredecessorError, match="from version 1: no other version has served"):
        registry.rollback(PRESS, **BACK)
    with pytest.raises(UnknownVersionError, match="has no version 7"):
        registry.rollback(PRESS, to=7, **BACK)

    assert states(registry) == {1: "champion"}
    assert len(registry.deployments(PRESS)) == 1


def test_a_version_without_files_is_passed_over(registry: ModelRegistry):
    serve(registry, 1, 2, 3)
    registry.mark_cleaned(PRESS, 2, now=NOW)

    with pytest.raises(VersionStateError, match="version 2 is retired, its files removed"):
        registry.rollback(PRESS, to=2, **BACK)
    with pytest.raises(VersionStateError, match="version 2 is retired, its files removed"):
        deploy(registry, 2, over=3, now=LATER)
    assert registry.rollback(PRESS, **BACK).number == 1


def recalibrate(registry: ModelRegistry, number: int, *, over: int) -> None:
    evidence = {"kind": "recalibration", "of": over}
    registry.deploy(PRESS, number, expected_champion=over, evidence=evidence, now=NOW)


def test_versions_that_are_one_model_go_together(registry: ModelRegistry):
    """Version 4 recalibrates 3, which recalibrates 2; 5 was never in charge."""
    register(registry, 5)
    serve(registry, 1, 2)
    recalibrate(registry, 3, over=2)
    recalibrate(registry, 4, over=3)

    back = registry.rollback(PRESS, same=[2, 3], details={"same_model": [2, 3]}, **BACK)

    assert (back.number, back.evidence["same_model"]) == (1, [2, 3])
    assert states(registry) == {
        1: "champion", 2: "rolled_back", 3: "rolled_back", 4: "rolled_back", 5: "candidate",
    }  # fmt: skip
    assert {registry.version(PRESS, each).note for each in (2, 3, 4)} == {"answers jump"}
    assert_one_history(registry)


def test_where_all_that_served_is_one_model_nothing_changes(registry: ModelRegistry):
    register(registry, 2)
    deploy(registry, 1, over=None)
    recalibrate(registry, 2, over=1)

    with pytest.raises(NoPredecessorError, match="version 1 is the same model"):
        registry.rollback(PRESS, same=[1], **BACK)

    assert states(registry) == {1: "retired", 2: "champion"}
    assert registry.rollback(PRESS, **BACK).number == 1


def test_which_versions_are_one_model_is_read_from_the_deployments(registry: ModelRegistry):
    register(registry, 5)
    serve(registry, 1, 2)
    recalibrate(registry, 3, over=2)
    assert registry.rollback(PRESS, **BACK).number == 2
    recalibrate(registry, 4, over=2)
    deployed = registry.deployments(PRESS)

    assert models_of(deployed) == {1: 1, 2: 2, 3: 2, 4: 2}
    assert [each.number for each in newest_of_one_model(deployed)] == [2, 3, 2, 4]
    deploy(registry, 5, over=4, now=LATER)
    assert [each.number for each in newest_of_one_model(registry.deployments(PRESS))] == [5]
    assert registry.rollback(PRESS, **BACK).number == 4
    assert [each.number for each in newest_of_one_model(registry.deployments(PRESS))] == [4]


def test_another_champion_than_the_bad_one_stays(registry: ModelRegistry):
    serve(registry, 1, 2, 3)

    with pytest.raises(ChampionChangedError) as refused:
        registry.rollback(PRESS, expected_champion=2, **BACK)

    assert str(refused.value) == (
        "press: the rollback was to be from champion 2, but 3 is in charge now. Nothing was changed; "
        "look at the new champion first."
    )
    assert states(registry)[3] == "champion"


def test_of_eight_that_roll_back_at_once_one_does(registry: ModelRegistry):
    serve(registry, 1, 2, 3, 4)

    made = in_threads(lambda _: registry.rollback(PRESS, expected_champion=4, **BACK), 8)

    assert [each.number for each in made if isinstance(each, Deployment)] == [3]
    assert sum(isinstance(each, ChampionChangedError) for each in made) == 7
    assert [each.number for each in registry.deployments(PRESS)] == [1, 2, 3, 4, 3]
    assert_one_history(registry)


def test_each_change_has_its_row_in_the_ledger(registry: ModelRegistry, engine: sa.Engine):
    serve(registry, 1, 2)
    registry.rollback(PRESS, **BACK)
    register(registry, 3)
    evidence = {"kind": "forced", "actor": "b" * 64, "reason": "a test of the alarm"}
    registry.deploy(PRESS, 3, expected_champion=1, evidence=evidence, now=LATER)

    rows = LedgerStore(engine).rows()
    assert chain_problems(rows) == ()
    assert [row.kind for row in rows] == ["deployment", "deployment", "rollback", "forced"]
    back, forced = (json.loads(row.body) for row in rows[2:])
    assert (back["number"], back["over"], back["reason"]) == (1, 2, "answers jump")
    assert (forced["over"], forced["actor"], forced["reason"]) == (
        1, "b" * 64, "a test of the alarm",
    )  # fmt: skip


def test_after_any_sequence_of_decisions_the_books_agree(
    registry: ModelRegistry, engine: sa.Engine
):
    """Seeded; what is refused changes nothing, what is done is what the registry says afterwards."""
    chance = random.Random(23)  # noqa: S311  no secret
    freezes = FreezeStore(engine)
    register(registry, 12)
    deploy(registry, 1, over=None)
    done, refused = 0, 0

    for hour in range(1, 61):
        now, number = NOW + timedelta(hours=hour), chance.randint(1, 12)
        champion = registry.champion(PRESS)
        assert champion is not None
        before = registry.versions(), registry.deployments(PRESS)
        barred = {n for n, state in states(registry).items() if state in BARRED}
        try:
            match chance.choice(["deploy", "deploy", "rollback", "back to", "reject", "freeze"]):
                case "deploy":
                    made = deploy(registry, number, over=champion.number, now=now)
                    assert made.number == number
                case "rollback" | "back to" as kind:
                    to = number if kind == "back to" else None
                    made = registry.rollback(PRESS, to=to, **{**BACK, "now": now})
                    assert registry.champion(PRESS) == registry.version(PRESS, made.number)
                    assert made.number != champion.number
                    assert states(registry)[champion.number] == "rolled_back"
                case "reject":
                    registry.reject(PRESS, number, "worse")
                case _ if freezes.current(PRESS):
                    freezes.lift(PRESS, "a", now)
                case _:
                    freezes.freeze(PRESS, "a", "audit", now)
            done += 1
        except RulPlatformError:
            assert (registry.versions(), registry.deployments(PRESS)) == before
            refused += 1
        assert barred <= {n for n, state in states(registry).items() if state in BARRED}
        assert_one_history(registry)

    rows = LedgerStore(engine).rows()
    assert chain_problems(rows) == ()
    told = [row for row in rows if row.kind in ("deployment", "rollback")]
    assert len(told) == len(registry.deployments(PRESS))
    assert min(done, refused) > 10


BARRED = ("rolled_back", "quarantined")


def test_a_frozen_plant_can_go_back_but_not_on(registry: ModelRegistry, engine: sa.Engine):
    serve(registry, 1, 2)
    register(registry, 4)
    FreezeStore(engine).freeze(PRESS, "a" * 64, "overhaul until Friday", NOW)

    for refused in (
        lambda: deploy(registry, 3, over=2, now=LATER),
        lambda: registry.shadow(PRESS, 3, expected_champion=2, evidence={}, now=LATER),
    ):
        with pytest.raises(FrozenError) as error:
            refused()
        assert str(error.value) == (
            "press has been frozen since 2026-03-01T00:00:00+00:00: overhaul until Friday. Its model "
            "stays as it is until `rul freeze press --lift`; only a rollback is possible meanwhile."
        )
    assert registry.rollback(PRESS, **BACK).number == 1
    assert states(registry) == {1: "champion", 2: "rolled_back", 3: "candidate", 4: "candidate"}
