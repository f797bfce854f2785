"""States of versions that are not in charge."""

import json

import pytest
import sqlalchemy as sa

from rul_platform.errors import ChampionChangedError, UnknownVersionError, VersionStateError
from rul_platform.storage.ledger import LedgerStore
from rul_platform.storage.models import ModelRegistry
from rul_platform.storage.tables import STATES
from rul_platform_tests.storage.at_once import in_threads
from rul_platform_tests.storage.versions import LATER, NOW, PRESS, deploy, register, sha


@pytest.fixture
def served(registry: ModelRegistry) -> ModelRegistry:
    """Version 1 is retired, 2 in charge, 3 and 4 are candidates."""
    register(registry, 4)
    deploy(registry, 1, over=None)
    deploy(registry, 2, over=1)
    return registry


def shadow(registry: ModelRegistry, number: int, over: int = 2):
    return registry.shadow(PRESS, number, expected_champion=over, evidence={}, now=LATER)


def test_a_challenger_makes_room_for_the_next(served: ModelRegistry, engine: sa.Engine):
    assert served.challenger(PRESS) is None

    assert shadow(served, 3).state == "shadow"
    assert shadow(served, 3) == served.challenger(PRESS)
    fourth = shadow(served, 4)

    assert served.challenger(PRESS) == fourth
    third = served.version(PRESS, 3)
    assert (third.state, third.note) == ("rejected", "version 4 took its place")
    rows = LedgerStore(engine).of_plant(PRESS, ["shadow"])
    assert [json.loads(row.body)["number"] for row in rows] == [3, 4]


def test_a_challenger_that_is_deployed_is_one_no_more(served: ModelRegistry):
    shadow(served, 3)

    deploy(served, 3, over=2, now=LATER)

    assert served.challenger(PRESS) is None
    assert [each.state for each in served.versions(PRESS)] == [
        "retired", "retired", "champion", "candidate",
    ]  # fmt: skip


def test_who_cannot_answer_beside_the_champion(served: ModelRegistry):
    with pytest.raises(VersionStateError) as refused:
        shadow(served, 1)
    with pytest.raises(VersionStateError, match="version 2 is champion"):
        shadow(served, 2)
    with pytest.raises(ChampionChangedError, match="compared with champion 1, but 2 is in charge"):
        shadow(served, 3, over=1)

    assert str(refused.value) == (
        "press version 1 is retired; what answers beside the champion must be one of candidate, "
        "rejected. The champion stays in charge; choose another version."
    )
    assert served.challenger(PRESS) is None


def test_a_rejected_version_that_is_judged_again_is_a_candidate(served: ModelRegistry):
    served.reject(PRESS, 3, "worse")

    again = served.reconsider(PRESS, 3)

    assert (again.state, again.note or "") == ("candidate", "")
    for number in (1, 2, 4):
        before = served.version(PRESS, number)
        assert served.reconsider(PRESS, number) == before


def test_a_state_changes_only_from_the_expected_one(served: ModelRegistry):
    quarantined = served.transition(PRESS, 1, expected="retired", to="quarantined", note="hash")

    assert (quarantined.state, quarantined.note) == ("quarantined", "hash")
    with pytest.raises(VersionStateError) as refused:
        served.transition(PRESS, 3, expected="shadow", to="rejected")
    assert str(refused.value) == (
        "press version 3 is candidate; what becomes rejected here must be shadow. The champion stays "
        "in charge; choose another version."
    )
    with pytest.raises(UnknownVersionError):
        served.transition(PRESS, 9, expected="shadow", to="rejected")


@pytest.mark.parametrize("to", STATES)
@pytest.mark.parametrize("expected", ["champion", "quarantined"])
def test_nobody_is_put_in_charge_or_out_of_it_in_passing(
    served: ModelRegistry, expected: str, to: str
):
    with pytest.raises(VersionStateError, match=f"is {expected}; what becomes {to} must be"):
        served.transition(PRESS, 2, expected=expected, to=to)
    with pytest.raises(VersionStateError, match="what becomes champion must be"):
        served.transition(PRESS, 3, expected="candidate", to="champion")

    assert served.version(PRESS, 2).state == "champion"


def test_of_eight_that_change_a_state_at_once_one_does(served: ModelRegistry):
    made = in_threads(
        lambda each: served.transition(
            PRESS, 3, expected="candidate", to="rejected", note=f"by {each}"
        ),
        8,
    )

    assert sum(isinstance(each, VersionStateError) for each in made) == 7
    assert served.version(PRESS, 3).note.startswith("by ")


def test_files_that_were_removed_are_noted_until_they_are_made_again(served: ModelRegistry):
    served.mark_cleaned(PRESS, 1, now=LATER)

    assert served.version(PRESS, 1).cleaned_at == LATER
    assert served.predecessors(PRESS) == ()
    assert served.register(PRESS, sha(1), now=LATER).cleaned_at is None
    assert [each.number for each in served.predecessors(PRESS)] == [1]


@pytest.mark.parametrize(("number", "state"), [(2, "champion"), (3, "candidate"), (4, "shadow")])
def test_files_that_are_needed_stay(served: ModelRegistry, number: int, state: str):
    shadow(served, 4)

    with pytest.raises(
        VersionStateError, match=f"is {state}; what is tidied away must be one of reject"
    ):
        served.mark_cleaned(PRESS, number, now=NOW)


def test_the_very_model_that_was_rolled_back_is_known_again(registry: ModelRegistry):
    first, second = (registry.register("press", sha * 64, now=NOW) for sha in "ab")
    for version, before in ((first, None), (second, first.number)):
        registry.deploy("press", version.number, expected_champion=before, evidence={}, now=NOW)
    registry.rollback("press", actor="system", reason="answers jump", now=NOW)

    assert registry.barred("press", "b" * 64) == (
        "it is version 2 again, which is rolled back: answers jump"
    )
    assert registry.barred("press", "a" * 64) is None
    assert registry.barred("press", "c" * 64) is None
