"""What happens by the clock, each job run once."""

from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from rul_platform.errors import ConfigError
from rul_platform.operation.fire_drill import rehearse
from rul_platform.orchestration.code_location import build_defs
from rul_platform.orchestration.schedules import SCHEDULES
from rul_platform.storage.alerts import Alert
from rul_platform_tests.orchestration.conftest import PUMPS, Works
from rul_platform_tests.orchestration.sensors.conftest import (
    EASY,
    NOW,
    PLANT,
    at_work,
    rate,
    set_policy,
)
from rul_platform_tests.storage.rows import execute

__all__ = ["at_work"]


def run(works: Works, job: str) -> None:
    definitions = build_defs(works.home, executor=dg.in_process_executor)
    result = definitions.resolve_job_def(job).execute_in_process(instance=works.instance)
    assert result.success


def alerts(works: Works, kind: str) -> list[Alert]:
    return [alert for alert in works.home.alerts.recent(20) if alert.kind == kind]


def deploy_another(works: Works) -> None:
    """So that the first version is what a rollback would take."""
    now, registry = works.home.now(), works.home.registry
    number = registry.register(PUMPS, "e" * 64, now=now).number
    registry.deploy(PUMPS, number, expected_champion=1, evidence={"kind": "forced"}, now=now)


def damage(works: Works, number: int) -> Path:
    version = works.home.registry.version(PUMPS, number)
    path = works.home.store.path(works.home.store.artifact(version.sha256), "model.onnx")
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    return path


def test_the_schedules_run_by_night_in_utc():
    told = {each.job_name: (each.cron_schedule, each.execution_timezone) for each in SCHEDULES}
    assert told == {
        "nightly_audit": ("15 1 * * *", "UTC"),
        "nightly_check": ("15 2 * * *", "UTC"),
        "retention": ("15 3 * * *", "UTC"),
        "fallback_fire_drill": ("15 4 * * 1", "UTC"),
    }
    assert {each.default_status for each in SCHEDULES} == {dg.DefaultScheduleStatus.RUNNING}


def test_the_nightly_audit_holds_or_alerts_and_is_red(finished: Works):
    run(finished, "nightly_audit")
    assert not alerts(finished, "audit")
    execute(
        finished.home.engine,
        "DROP TRIGGER ledger_update",
        "UPDATE ledger SET plant = 'x' WHERE seq = 1",
    )
    with pytest.raises(dg.Failure, match=r"The records do not hold: \d+ problems\. The first: "):
        run(finished, "nightly_audit")
    (alert,) = alerts(finished, "audit")
    assert alert.severity == "critical"


def test_the_nightly_check_asks_for_retrains_and_writes_the_figures(at_work: Works):
    rate(at_work.home, PLANT, negative=4)
    run(at_work, "nightly_check")
    assert len(at_work.home.retrains.open_requests()) == 1
    lines = (at_work.home.folder / "metrics" / "retrain_executions.jsonl").read_text()
    assert f'"{PLANT}"' in lines


def test_the_nightly_check_of_wrong_settings_alerts(at_work: Works):
    set_policy(at_work.home, EASY | {"gate": "none"})
    with pytest.raises(ConfigError, match="gate is 'none'"):  # the figures need the settings too
        run(at_work, "nightly_check")
    (alert,) = alerts(at_work, "sensor_failed")
    assert "nightly check" in alert.title


def test_retention_forgets_who_said_what_after_its_time(at_work: Works):
    rate(at_work.home, PLANT, negative=1)
    run(at_work, "retention")
    assert at_work.home.feedback.recent(PLANT, 1)[0].person is not None
    at_work.home.now = lambda: NOW + timedelta(days=400)
    run(at_work, "retention")
    assert at_work.home.feedback.recent(PLANT, 1)[0].person is None


def test_the_fire_drill_says_where_nothing_could_take_over(finished: Works):
    run(finished, "fallback_fire_drill")
    (alert,) = alerts(finished, "fire_drill")
    assert alert.severity == "warning"
    assert "no version that a rollback could take" in alert.text


def test_the_fire_drill_asks_the_version_that_a_rollback_would_take(finished: Works):
    deploy_another(finished)
    drill = rehearse(finished.home, PUMPS)
    assert (drill.number, drill.problem) == (1, None)
    assert drill.rul is not None
    assert drill.rul >= 0
    run(finished, "fallback_fire_drill")
    assert alerts(finished, "fire_drill") == []
    damage(finished, 1)
    run(finished, "fallback_fire_drill")
    (alert,) = alerts(finished, "fire_drill")
    assert alert.severity == "critical"
    assert "model.onnx" in alert.text
