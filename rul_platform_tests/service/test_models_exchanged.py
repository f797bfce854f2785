"""Models change while callers ask: nobody gets an error, and a bad file changes nothing."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from rul_platform.operation.provenance import ensure_signed
from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform_tests.operation.served import PRESS, add_version
from rul_platform_tests.service.running import Running, question, serving, signed_champion

PREDICT = "/api/v1/rul/predict"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """With version 1 in charge; it looks at the registry only when a test says so."""
    home = Home(Settings.read({"RUL_HOME": str(tmp_path)}))
    signed_champion(home)
    with serving(home, refresh_seconds=3600) as running:
        yield running
    home.engine.dispose()


def version_that_answers(running: Running) -> int:
    with running.client("predict") as client:
        return client.post(PREDICT, json=question()).json()["predictions"][0]["model"]["version"]


def test_a_new_champion_answers_and_no_request_fails_meanwhile(running: Running):
    over, statuses, versions = threading.Event(), list[int](), list[int]()

    def ask() -> None:
        with running.client("predict") as client:
            while not over.is_set():
                answer = client.post(PREDICT, json=question())
                statuses.append(answer.status_code)
                versions.append(answer.json()["predictions"][0]["model"]["version"])

    caller = threading.Thread(target=ask)
    caller.start()
    for seed in (1, 2, 3):
        signed_champion(running.home, seed)
        running.parts.slots.refresh()
        assert version_that_answers(running) == seed + 1
    over.set()
    caller.join()
    assert set(statuses) == {200}
    assert versions == sorted(versions)  # never back to a former one


def test_a_bad_file_leaves_the_last_good_model_and_tells_people_once(running: Running):
    bad = add_version(running.home, 1)
    ensure_signed(running.home, bad, now=running.home.now())
    artifact = running.home.store.artifact(bad.sha256)
    path = running.home.store.path(artifact, "model.onnx")
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    running.home.registry.deploy(
        PRESS, bad.number, expected_champion=1, evidence={}, now=running.home.now()
    )
    running.parts.slots.refresh()
    running.parts.slots.refresh()
    assert version_that_answers(running) == 1
    with running.client("read") as client:
        (plant,) = client.get("/api/v1/rul/plants").json()["plants"]
    assert (plant["wanted_version"], plant["served_version"]) == (2, 1)
    assert plant["problem"] == "a file of it is missing or was changed."
    (alert,) = [a for a in running.home.alerts.recent(100) if a.kind == "service"]
    assert (alert.severity, alert.repeats) == ("critical", 0)
    assert alert.title == "press: the service cannot load version 2"


def test_a_version_that_nobody_signed_does_not_answer(running: Running):
    unsigned = add_version(running.home, 1)
    running.home.registry.deploy(
        PRESS, unsigned.number, expected_champion=1, evidence={}, now=running.home.now()
    )
    running.parts.slots.refresh()
    assert version_that_answers(running) == 1
    assert "nobody known signed" in str(running.parts.slots.all()[PRESS].problem)


def test_questions_come_while_any_plant_can_be_answered(running: Running, tmp_path: Path):
    deploy_unsigned(running.home, "mill")
    running.parts.slots.refresh()
    problems = ["mill: no model could be loaded"]
    ready, serves = running.asks("GET", "/ready"), running.asks("GET", "/serving")
    assert (ready.status, ready.json()) == (503, {"ready": False, "problems": problems})
    assert (serves.status, serves.json()) == (200, {"ready": True, "problems": problems})

    home = Home(Settings.read({"RUL_HOME": str(tmp_path / "other")}))
    with serving(home, refresh_seconds=3600) as other:
        assert other.asks("GET", "/serving").status == 200  # new: there is nothing to answer yet
        deploy_unsigned(home, "mill")
        other.parts.slots.refresh()
        assert other.asks("GET", "/serving").status == 503
    home.engine.dispose()


def deploy_unsigned(home: Home, name: str) -> None:
    """A version in charge that the service does not load."""
    number = add_version(home, 0, name=name).number
    home.registry.deploy(name, number, expected_champion=None, evidence={}, now=home.now())


def test_a_shadow_is_asked_beside_and_only_logged(running: Running):
    challenger = add_version(running.home, 1)
    ensure_signed(running.home, challenger, now=running.home.now())
    running.home.registry.shadow(
        PRESS, challenger.number, expected_champion=1, evidence={}, now=running.home.now()
    )
    running.parts.slots.refresh()
    with running.client("predict") as client:
        told = client.post(PREDICT, json=question("m1", "m2")).json()["predictions"]
    assert {each["model"]["role"] for each in told} == {"champion"}
    assert running.parts.log.flush(10)
    logged = running.home.predictions.recent(PRESS, 10)
    shadows = {each.beside: each for each in logged if each.role == "shadow"}
    assert set(shadows) == {each["id"] for each in told}
    assert {each.number for each in shadows.values()} == {2}


def test_an_ab_test_gives_some_units_to_the_challenger(tmp_path: Path):
    environ = {"RUL_HOME": str(tmp_path), "RETRAIN_AB_SHARE": "0.5", "RETRAIN_SHADOW": "true"}
    home = Home(Settings.read(environ))
    signed_champion(home)
    challenger = add_version(home, 1)
    ensure_signed(home, challenger, now=home.now())
    home.registry.shadow(PRESS, challenger.number, expected_champion=1, evidence={}, now=home.now())
    units = [f"m{number}" for number in range(20)]
    with serving(home, refresh_seconds=3600) as running, running.client("predict") as client:
        first, again = (
            client.post(PREDICT, json=question(*units)).json()["predictions"] for _ in range(2)
        )
    roles = {each["unit"]: each["model"]["role"] for each in first}
    assert set(roles.values()) == {"champion", "challenger"}
    assert roles == {each["unit"]: each["model"]["role"] for each in again}
    home.engine.dispose()


def test_the_last_model_is_let_go_with_its_plant_only(running: Running):
    signed_champion(running.home, 1, name="mill")
    running.parts.slots.refresh()
    assert set(running.parts.slots.all()) == {PRESS, "mill"}
    with running.client("predict") as client:
        unknown = client.post(PREDICT, json=question(plant="lathe"))
    assert unknown.status_code == 409
    assert unknown.json()["code"] == "no_champion"
