"""One champion per plant, whoever deploys at the same moment."""

import random
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from rul_platform.errors import (
    ChampionChangedError,
    DeploymentTimeError,
    RecordError,
    UnknownVersionError,
    VersionStateError,
)
from rul_platform.storage.database import connect, writing
from rul_platform.storage.models import Deployment, ModelRegistry, ModelVersion
from rul_platform.storage.tables import STATES
from rul_platform_tests.storage import killing
from rul_platform_tests.storage.at_once import in_processes, in_threads

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
PRESS = "press"


def sha(number: int) -> str:
    return f"{number:064x}"


@pytest.fixture
def registry(engine: sa.Engine) -> ModelRegistry:
    return ModelRegistry(engine)


def register(registry: ModelRegistry, count: int) -> None:
    for number in range(1, count + 1):
        registry.register(PRESS, sha(number), now=NOW)


def deploy(
    registry: ModelRegistry, number: int, *, over: int | None, now: datetime = NOW
) -> Deployment:
    return registry.deploy(PRESS, number, expected_champion=over, evidence={"gain": 0.1}, now=now)


def set_state(registry: ModelRegistry, engine: sa.Engine, number: int, state: str) -> None:
    """States that no method gives yet."""
    with writing(engine) as connection:
        connection.execute(
            sa.text("UPDATE model_version SET state = :state WHERE number = :number"),
            {"state": state, "number": number},
        )
    assert registry.version(PRESS, number).state == state


def assert_one_history(registry: ModelRegistry) -> None:
    """One champion, and intervals that follow each other, of which the last alone is open."""
    deployments = registry.deployments(PRESS)
    champions = [each for each in registry.versions(PRESS) if each.state == "champion"]
    assert [each.number for each in champions] == [deployments[-1].number]
    assert registry.champion(PRESS) == champions[0]
    assert deployments[-1].until is None
    assert all(former.until == latter.since for former, latter in pairwise(deployments))
    assert all(each.until is None or each.since <= each.until for each in deployments)


def test_a_new_artifact_is_a_candidate_with_the_next_number(registry: ModelRegistry):
    first = registry.register(PRESS, sha(1), now=NOW)
    second = registry.register(PRESS, sha(2), now=LATER)
    other = registry.register("mill", sha(1), now=NOW)

    assert first == ModelVersion(
        plant=PRESS, number=1, sha256=sha(1), state="candidate", created_at=NOW, note=""
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
        plant=PRESS, number=1, sha256=sha(1), since=NOW, until=None, evidence={"gain": 0.1}
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
        f"press version 1 is {state}; what goes into service must be candidate, shadow, rejected, "
        "retired. The champion stays in charge; choose another version."
    )
    assert registry.reject(PRESS, 1, "worse").state == state


def test_there_is_room_for_all_states(registry: ModelRegistry, engine: sa.Engine):
    register(registry, len(STATES))
    for number, state in enumerate(STATES, start=1):
        set_state(registry, engine, number, state)


def test_a_clock_that_runs_behind_cannot_rewrite_history(registry: ModelRegistry):
    register(registry, 2)
    deploy(registry, 1, over=None, now=LATER)

    with pytest.raises(DeploymentTimeError) as refused:
        deploy(registry, 2, over=1, now=NOW)

    assert str(refused.value) == (
        "press: a deployment at 2026-03-01T00:00:00+00:00 would begin before the last change at "
        "2026-03-02T00:00:00+00:00. Nothing was deployed; set this machine's clock and deploy again."
    )
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


def test_eight_registrations_at_once_get_eight_numbers(registry: ModelRegistry):
    made = in_threads(lambda number: registry.register(PRESS, sha(number), now=NOW), 8)

    assert sorted(version.number for version in made) == list(range(1, 9))


def test_eight_registrations_of_one_artifact_are_one_version(registry: ModelRegistry):
    made = in_threads(lambda _: registry.register(PRESS, sha(1), now=NOW), 8)

    assert made == [registry.version(PRESS, 1)] * 8


def test_of_eight_deployments_at_once_one_wins(registry: ModelRegistry):
    register(registry, 9)
    deploy(registry, 9, over=None)

    made = in_threads(lambda number: deploy(registry, number + 1, over=9, now=LATER), 8)

    (won,) = [each for each in made if isinstance(each, Deployment)]
    lost = [each for each in made if isinstance(each, ChampionChangedError)]
    assert len(lost) == 7
    assert {(each.compared, each.found) for each in lost} == {(9, won.number)}
    assert [each.number for each in registry.deployments(PRESS)] == [9, won.number]
    assert_one_history(registry)


def test_eight_deployments_of_one_version_at_once_are_one(registry: ModelRegistry):
    register(registry, 1)

    made = in_threads(lambda _: deploy(registry, 1, over=None), 8)

    assert made == [registry.deployments(PRESS)[0]] * 8
    assert_one_history(registry)


@pytest.mark.parametrize("new_database", ["postgresql"], indirect=True)
def test_decisions_wait_for_their_turn(
    registry: ModelRegistry, engine: sa.Engine, database_url: str
):
    """PostgreSQL would let two read the same versions and then both write; SQLite has one writer."""
    register(registry, 1)
    impatient = connect(f"{database_url}&options=-clock_timeout%3D20")  # milliseconds
    with writing(engine) as connection:
        connection.execute(
            sa.text("LOCK TABLE model_version IN ROW EXCLUSIVE MODE")
        )  # as any writer
        for decide in (
            lambda: ModelRegistry(impatient).register(PRESS, sha(2), now=NOW),
            lambda: deploy(ModelRegistry(impatient), 1, over=None),
            lambda: ModelRegistry(impatient).reject(PRESS, 1, "worse"),
        ):
            with pytest.raises(OperationalError, match="lock timeout"):
                decide()
    impatient.dispose()


def register_and_deploy(number: int, url: str) -> tuple[int, int | None]:
    """What a process of its own does: register three, and try to put the last in charge."""
    engine = connect(url)
    registry = ModelRegistry(engine)
    made = [registry.register(PRESS, sha(100 * number + each), now=NOW) for each in range(3)]
    try:
        deployed = deploy(registry, made[-1].number, over=None).number
    except ChampionChangedError:
        deployed = None
    engine.dispose()
    return made[-1].number, deployed


def test_four_processes_at_once(registry: ModelRegistry, database_url: str):
    made = in_processes(register_and_deploy, 4, [database_url])

    assert [each.number for each in registry.versions(PRESS)] == list(range(1, 13))
    assert len([deployed for _, deployed in made if deployed]) == 1
    assert_one_history(registry)


def test_a_deployment_that_is_killed_happened_or_did_not(
    registry: ModelRegistry, database_url: str
):
    """Killed at seeded lines; nothing is mended by hand, and the next attempt succeeds."""
    for plant in ("press", "mill"):
        for number in (1, 2):
            registry.register(plant, sha(number), now=NOW)
        registry.deploy(plant, 1, expected_champion=None, evidence={}, now=NOW)
    before = registry.versions(PRESS), registry.deployments(PRESS)
    lines = len(killing.executed_lines("deploy_second", f"mill {database_url}"))
    refused = 0

    for line in sorted(random.Random(11).sample(range(1, lines + 1), 7)):  # noqa: S311  no secret
        killed = killing.run("deploy_second", f"press {database_url}", line=line)
        assert killed.returncode == -9, killed.stderr
        refused += (registry.versions(PRESS), registry.deployments(PRESS)) == before
        assert_one_history(registry)

    assert refused >= 5  # else the kills came at harmless moments only
    killing.executed_lines("deploy_second", f"press {database_url}")
    assert [each.number for each in registry.deployments(PRESS)] == [1, 2]
    assert_one_history(registry)
