"""One champion per plant, whoever deploys at the same moment."""

import random
from datetime import timedelta, timezone

import pytest
import sqlalchemy as sa

from rul_platform.errors import (
    ChampionChangedError,
    RecordError,
    UnknownVersionError,
    VersionStateError,
)
from rul_platform.storage.database import writing
from rul_platform.storage.models import Deployment, ModelRegistry, ModelVersion
from rul_platform.storage.tables import STATES
from rul_platform_tests.storage.versions import (
    LATER,
    NOW,
    PRESS,
    assert_one_history,
    deploy,
    register,
    sha,
)


def set_state(registry: ModelRegistry, engine: sa.Engine, number: int, state: str) -> None:
    """States that no method gives yet."""
    with writing(engine) as connection:
        connection.execute(
            sa.text("UPDATE model_version SET state = :state WHERE number = :number"),
            {"state": state, "number": number},
        )
    assert registry.version(PRESS, number).state == state


def test_a_new_artifact_is_a_candidate_with_the_next_number(registry: ModelRegistry):
    first = registry.register(PRESS, sha(1), now=NOW)
    second = registry.register(PRESS, sha(2), now=LATER)
    other = registry.register("mill", sha(1), now=NOW)

    assert first == ModelVersion(
        plant=PRESS,
        number=1,
        sha256=sha(1),
        state="candidate",
        created_at=NOW,
        note="",
        cleaned_at=None,
    )
    assert (second.number, second.created_at, other.number) == (2, LATER, 1)
    assert registry.versions() == (other, first, second)
    assert registry.versions(PRESS) == (first, second)
    assert registry.version(PRESS, 2) == second
    assert registry.versions("unknown") == ()


def test_the_same_artifact_is_the_same_version(registry: ModelRegistry):
    first = registry.register(PRESS, sha(1), now=NOW)
    registry.register(PRESS, sha(2), now=NOW)

    assert registry.register(PRESS, sha(1), now=LATER) == first


def test_the_first_deployment(registry: ModelRegistry):
    register(registry, 1)
    assert registry.champion(PRESS) is None

    deployment = deploy(registry, 1, over=None)

    assert deployment == Deployment(
        plant=PRESS,
        number=1,
        sha256=sha(1),
        since=NOW,
        until=None,
        evidence={"gain": 0.1, "kind": "promotion"},
    )
    assert registry.deployments(PRESS) == (deployment,)
    assert_one_history(registry)


def test_the_next_champion_ends_the_former_ones_time_where_its_own_begins(registry: ModelRegistry):
    register(registry, 2)
    deploy(registry, 1, over=None)

    second = deploy(registry, 2, over=1, now=LATER.astimezone(timezone(timedelta(hours=-8))))

    first, last = registry.deployments(PRESS)
    assert (first.since, first.until, last) == (NOW, LATER, second)
    assert [each.state for each in registry.versions(PRESS)] == ["retired", "champion"]
    assert_one_history(registry)


def test_going_back_to_a_retired_version_is_a_new_deployment(registry: ModelRegistry):
    register(registry, 2)
    deploy(registry, 1, over=None)
    deploy(registry, 2, over=1)

    deploy(registry, 1, over=2, now=LATER)

    assert [each.number for each in registry.deployments(PRESS)] == [1, 2, 1]
    assert_one_history(registry)


@pytest.mark.parametrize("over", [None, 1, 7])
def test_deploying_the_champion_again_changes_nothing(registry: ModelRegistry, over: int | None):
    register(registry, 1)
    deployment = deploy(registry, 1, over=None)

    assert deploy(registry, 1, over=over, now=LATER) == deployment
    assert registry.deployments(PRESS) == (deployment,)


@pytest.mark.parametrize(("over", "said"), [(None, "none"), (3, "3")])
def test_another_champion_than_the_one_compared_with(
    registry: ModelRegistry, over: int | None, said: str
):
    register(registry, 3)
    deploy(registry, 1, over=None)

    with pytest.raises(ChampionChangedError) as refused:
        deploy(registry, 2, over=over)

    assert str(refused.value) == (
        f"press: the gate compared with champion {said}, but 1 is in charge now. Materialise "
        "evaluation_report[press] again."
    )
    assert_one_history(registry)


def test_a_champion_that_was_expected_but_never_was(registry: ModelRegistry):
    register(registry, 2)

    with pytest.raises(ChampionChangedError, match="champion 1, but none is in charge now"):
        deploy(registry, 2, over=1)

    assert registry.deployments(PRESS) == ()
    assert registry.version(PRESS, 2).state == "candidate"


def test_an_unknown_version_is_named_with_those_that_there_are(registry: ModelRegistry):
    expected = (
        "Plant 'press' has no version 3; it has versions 1, 2. Choose one of these, or materialise "
        "finetuned_model[press]."
    )
    register(registry, 2)

    for refused in (
        lambda: registry.version(PRESS, 3),
        lambda: deploy(registry, 3, over=None),
        lambda: registry.reject(PRESS, 3, "worse"),
    ):
        with pytest.raises(UnknownVersionError) as error:
            refused()
        assert str(error.value) == expected
    with pytest.raises(UnknownVersionError, match="'mill' has no version 1; it has no version yet"):
        registry.version("mill", 1)


def test_a_rejected_version_says_why_and_a_later_verdict_may_still_promote_it(
    registry: ModelRegistry,
):
    register(registry, 1)

    rejected = registry.reject(PRESS, 1, "12 units, 30 needed")

    assert (rejected.state, rejected.note) == ("rejected", "12 units, 30 needed")
    assert registry.reject(PRESS, 1, "again").note == "again"
    deploy(registry, 1, over=None)
    assert registry.version(PRESS, 1).note == ""


def test_rejecting_what_serves_or_has_served_takes_nothing_out_of_service(registry: ModelRegistry):
    register(registry, 2)
    deploy(registry, 1, over=None)
    deploy(registry, 2, over=1)
    before = registry.versions()

    assert registry.reject(PRESS, 1, "the same bytes again") == before[0]
    assert registry.reject(PRESS, 2, "the same bytes again") == before[1]

    assert registry.versions() == before
    assert_one_history(registry)


@pytest.mark.parametrize("state", ["rolled_back", "quarantined"])
def test_a_version_that_did_harm_does_not_come_back(
    registry: ModelRegistry, engine: sa.Engine, state: str
):
    register(registry, 1)
    set_state(registry, engine, 1, state)

    with pytest.raises(VersionStateError) as refused:
        deploy(registry, 1, over=None)

    assert str(refused.value) == (
        f"press version 1 is {state}; what goes into service must be one of candidate, shadow, "
        "rejected, retired. The champion stays in charge; choose another version."
    )
    assert registry.reject(PRESS, 1, "worse").state == state


def test_there_is_room_for_all_states(registry: ModelRegistry, engine: sa.Engine):
    register(registry, len(STATES))
    for number, state in enumerate(STATES, start=1):
        set_state(registry, engine, number, state)


def test_a_clock_that_once_ran_ahead_neither_rewrites_history_nor_blocks_the_way_out(
    registry: ModelRegistry,
):
    register(registry, 2)
    deploy(registry, 1, over=None, now=NOW)
    ahead = deploy(registry, 2, over=1, now=LATER)

    back = registry.rollback(PRESS, actor="a", reason="bad", now=NOW)

    assert (back.number, back.since, back.decided_at) == (1, LATER, NOW)
    assert back.evidence["clock"] == NOW.isoformat()
    assert (ahead.decided_at, "clock" in ahead.evidence) == (LATER, False)
    assert_one_history(registry)


@pytest.mark.parametrize("number", [1, 2])
def test_what_cannot_be_recorded_deploys_nothing(registry: ModelRegistry, number: int):
    register(registry, 2)
    if number == 2:
        deploy(registry, 1, over=None)
    before = registry.versions(), registry.deployments(PRESS)
    over = number - 1 or None

    with pytest.raises(RecordError, match="not JSON"):
        registry.deploy(
            PRESS, number, expected_champion=over, evidence={"p": float("nan")}, now=NOW
        )
    with pytest.raises(RecordError, match="without a time zone"):
        deploy(registry, number, over=over, now=NOW.replace(tzinfo=None))

    assert (registry.versions(), registry.deployments(PRESS)) == before


def test_a_registration_that_cannot_be_recorded(registry: ModelRegistry):
    with pytest.raises(RecordError, match="A sha256 is 'latest'"):
        registry.register(PRESS, "latest", now=NOW)

    assert registry.versions() == ()


def test_plants_have_their_own_champions(registry: ModelRegistry):
    for plant in ("press", "mill"):
        registry.register(plant, sha(1), now=NOW)
        registry.deploy(plant, 1, expected_champion=None, evidence={}, now=NOW)

    assert {registry.deployments(plant)[0].plant for plant in ("press", "mill")} == {
        "press",
        "mill",
    }


def test_after_any_sequence_of_decisions_there_is_one_history(registry: ModelRegistry):
    chance = random.Random(7)  # noqa: S311  no secret
    register(registry, 5)
    deploy(registry, 1, over=None)

    for hour in range(1, 41):
        now, number = NOW + timedelta(hours=hour), chance.randint(1, 5)
        champion = registry.champion(PRESS)
        assert champion is not None
        if chance.random() < 0.7:
            deploy(registry, number, over=champion.number, now=now)
        else:
            registry.reject(PRESS, number, f"hour {hour}")
        assert_one_history(registry)

    assert len(registry.deployments(PRESS)) > 10
