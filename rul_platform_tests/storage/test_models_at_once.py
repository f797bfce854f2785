"""Registrations and deployments at the same moment, and killed half way."""

import random

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from rul_platform.errors import ChampionChangedError
from rul_platform.storage.database import connect, writing
from rul_platform.storage.models import Deployment, ModelRegistry
from rul_platform_tests.storage import killing
from rul_platform_tests.storage.at_once import in_processes, in_threads
from rul_platform_tests.storage.versions import (
    LATER,
    NOW,
    PRESS,
    assert_one_history,
    deploy,
    register,
    sha,
)


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
