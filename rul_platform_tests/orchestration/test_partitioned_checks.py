"""Checks of one asset in one step: what blocks, what only warns, and one of them by itself."""

from collections.abc import Callable, Iterator

import dagster as dg
import pytest

from rul_platform.orchestration.partitioned_checks import (
    Context,
    PartitionedCheck,
    partitioned_check,
    steps_of,
)
from rul_platform.storage.home import Home

LINES = dg.StaticPartitionsDefinition(["one", "two"])
PASSED, FAILED = dg.AssetCheckResult(passed=True), dg.AssetCheckResult(passed=False)


@dg.asset(partitions_def=LINES)
def readings() -> int:
    return 1


@dg.asset(partitions_def=LINES, deps=[readings])
def windows() -> int:
    return 2


def named(
    name: str, body: Callable[[], dg.AssetCheckResult], *, blocking: bool
) -> PartitionedCheck:
    """A check of the readings."""

    def look(_context: Context, _home: Home) -> dg.AssetCheckResult:
        return body()

    look.__name__ = name
    return partitioned_check("readings", LINES, blocking=blocking)(look)


def broken() -> dg.AssetCheckResult:
    """A body that cannot look."""
    msg = "no such column"
    raise KeyError(msg)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def run(
    instance: dg.DagsterInstance,
    checks: list[PartitionedCheck],
    selection: dg.AssetSelection | None = None,
) -> dg.ExecuteInProcessResult:
    """Both assets for one line, or what is selected."""
    job = dg.define_asset_job("all", selection or dg.AssetSelection.all())
    defs = dg.Definitions(
        assets=[readings, windows],
        asset_checks=steps_of(checks),
        jobs=[job],
        resources={"home": object()},
        executor=dg.in_process_executor,
    )
    ready = defs.resolve_job_def("all")
    line = {"dagster/partition": "one"}  # as the UI does, also where only checks are asked for
    return ready.execute_in_process(tags=line, instance=instance, raise_on_error=False)


def found(instance: dg.DagsterInstance, check: PartitionedCheck) -> dg.AssetCheckEvaluation | None:
    """What the check said last."""
    records = instance.event_log_storage.get_asset_check_execution_history(check.key, 1)
    if not records or not records[0].event:
        return None
    return records[0].event.dagster_event.asset_check_evaluation_data


def test_all_checks_of_an_asset_are_one_step_and_each_has_its_result(instance: dg.DagsterInstance):
    finite = named("finite", lambda: PASSED, blocking=True)
    even = named("even", lambda: FAILED, blocking=False)

    outcome = run(instance, [finite, even])

    assert outcome.success
    steps = [event.step_key for event in outcome.all_events if event.is_step_success]
    assert steps == ["readings", "readings_checks", "windows"]
    results = found(instance, finite), found(instance, even)
    assert [(each.passed, each.partition) for each in results] == [(True, "one"), (False, "one")]


def test_a_blocking_check_that_fails_stops_what_is_downstream(instance: dg.DagsterInstance):
    finite = named("finite", lambda: FAILED, blocking=True)
    even = named("even", lambda: PASSED, blocking=False)

    outcome = run(instance, [finite, even])

    assert not outcome.success
    assert not outcome.asset_materializations_for_node("windows")
    assert found(instance, even).passed, "the others have looked all the same"


def test_a_blocking_check_that_cannot_look_fails_the_run(instance: dg.DagsterInstance):
    outcome = run(instance, [named("finite", broken, blocking=True)])

    assert not outcome.success
    assert not outcome.asset_materializations_for_node("windows")


def test_one_that_cannot_look_hides_no_other_and_no_refusal(instance: dg.DagsterInstance):
    """What could not look may pass, and is tried again; what is refused stays refused."""
    finite = named("finite", broken, blocking=True)
    scaled = named("scaled", lambda: FAILED, blocking=True)

    outcome = run(instance, [finite, scaled])

    assert not found(instance, scaled).passed
    (failure,) = [event for event in outcome.all_events if event.is_step_failure]
    assert failure.step_failure_data.error.cls_name == "DagsterAssetCheckFailedError"


def test_a_warning_check_that_cannot_look_stops_nothing_and_says_why(instance: dg.DagsterInstance):
    even = named("even", broken, blocking=False)

    outcome = run(instance, [even])

    assert outcome.success
    assert outcome.asset_materializations_for_node("windows")
    said = found(instance, even)
    assert (said.passed, said.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert said.description == "Could not look: KeyError: 'no such column'"


def test_one_check_can_be_asked_for_alone(instance: dg.DagsterInstance):
    finite = named("finite", lambda: PASSED, blocking=True)
    even = named("even", lambda: PASSED, blocking=False)

    outcome = run(instance, [finite, even], dg.AssetSelection.checks(even.key))

    assert outcome.success
    assert found(instance, even).passed
    assert found(instance, finite) is None
