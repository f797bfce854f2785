"""Champions are watched, drift is told, alerts are sent, the ledger is signed: one tick of each."""

from dataclasses import replace
from datetime import timedelta

import dagster as dg

from rul_platform.orchestration.sensors.alerts import send_alerts
from rul_platform.orchestration.sensors.drift import watch_data_drift
from rul_platform.orchestration.sensors.guard import guard_champions
from rul_platform.orchestration.sensors.outcomes import retrain_on_outcomes
from rul_platform.orchestration.sensors.signatures import sign_ledger
from rul_platform.storage.alerts import NewAlert
from rul_platform.storage.home import Home
from rul_platform_tests.orchestration.conftest import PUMPS, Works
from rul_platform_tests.orchestration.sensors.conftest import NOW, PLANT, set_policy, tick, words


def fail(works: Works, *, times: int) -> None:
    for _ in range(times):
        works.home.predictions.failed(PLANT, 2, "InferenceError", NOW + timedelta(minutes=1))


def deploy_another(works: Works) -> None:
    home = works.home
    made = home.store.write({"card.json": b'{"preparation": {"cap": 100.0}}', "b": b"2"})
    number = home.registry.register(PLANT, made.sha256, now=NOW).number
    evidence = {"kind": "promotion"}
    home.registry.deploy(PLANT, number, expected_champion=1, evidence=evidence, now=NOW)


def test_a_healthy_champion_stays(at_work: Works):
    assert words(tick(guard_champions, at_work)) == f"{PLANT}: healthy"


def test_a_champion_that_fails_is_told_of_where_the_policy_forbids_a_rollback(at_work: Works):
    set_policy(at_work.home, {"guard": False})
    deploy_another(at_work)
    fail(at_work, times=40)
    assert "40" in words(tick(guard_champions, at_work))
    champion = at_work.home.registry.champion(PLANT)
    assert champion is not None
    assert champion.number == 2


def test_drift_and_outcomes_are_looked_at_plant_by_plant(finished: Works):
    for sensor in (watch_data_drift, retrain_on_outcomes):
        said = words(tick(sensor, finished))
        assert said.startswith(f"{PUMPS}: ")
        assert "Error" not in said


def test_alerts_that_are_due_are_sent(at_work: Works):
    alert = NewAlert(key="k", plant="", kind="test", severity="info", title="t", text="x")
    at_work.home.alerts.put(alert, ["log"], NOW)
    assert words(tick(send_alerts, at_work)) == "1 sent, 0 failed"
    assert words(tick(send_alerts, at_work)) == "0 sent, 0 failed"


def test_what_is_not_signed_is_signed(at_work: Works):
    home = at_work.home
    tick(sign_ledger, at_work)
    assert words(tick(sign_ledger, at_work)) == "nothing to sign"
    keyless = Home(replace(home.settings, is_signer=False), clock=home.now)
    row = keyless.ledger.append("freeze", plant=PLANT, body={}, now=NOW)
    keyless.engine.dispose()
    assert words(tick(sign_ledger, at_work)) == f"signed up to row {row}"
    assert home.anchors.newest().seq == row


def test_a_champion_that_no_asset_put_in_charge_is_observed_once(at_work: Works):
    deploy_another(at_work)
    first = tick(guard_champions, at_work)
    assert isinstance(first, dg.SensorResult)
    assert first.asset_events == []  # what the asset made, its own page tells

    at_work.home.registry.rollback(PLANT, actor="system", reason="answers jump", now=NOW)
    second = tick(guard_champions, at_work, first.cursor)
    assert isinstance(second, dg.SensorResult)
    (seen,) = second.asset_events
    assert (seen.asset_key.to_user_string(), seen.partition) == ("deployed_model", PLANT)
    assert seen.metadata["version_in_charge"].value == 1
    assert seen.description == "Version 1 is in charge (rollback)."

    third = tick(guard_champions, at_work, second.cursor)
    assert isinstance(third, dg.SensorResult)
    assert third.asset_events == []
